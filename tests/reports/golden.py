"""Golden files: what a report looked like when somebody last looked at it.

PERFBENCH_UPDATE_GOLDEN=1 writes them anew; the difference is then read like any other change.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """The text is, byte for byte, what the golden file `name` holds."""
    path = FOLDER / name
    if os.environ.get("PERFBENCH_UPDATE_GOLDEN"):
        path.write_bytes(text.encode())
    assert path.is_file(), f"{path} is missing; write it with PERFBENCH_UPDATE_GOLDEN=1"
    assert text == path.read_bytes().decode()
