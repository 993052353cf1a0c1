"""The public names of the tools for allocations."""

from __future__ import annotations

import subprocess
import sys

from perfbench.profiling import allocations

PROGRAM = """
import sys, tracemalloc
import perfbench.profiling.allocations
assert not tracemalloc.is_tracing()
print(*sorted({"numpy", "pytest", "rich", "msgspec"} & set(sys.modules)))
"""


def test_importing_them_traces_nothing_and_loads_no_other_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_there() -> None:
    assert all(hasattr(allocations, name) for name in allocations.__all__)
