"""`python -m perfbench`: the same as the `perfbench` command."""

from __future__ import annotations

import sys

from perfbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
