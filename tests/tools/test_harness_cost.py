from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyperf", reason="pyperf is not installed: pip install pyperf")

SCRIPT = Path(__file__).parents[2] / "tools" / "harness_cost.py"


@pytest.mark.slow
def test_the_tool_puts_the_worker_beside_timeit_pyperf_and_asv() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--rounds", "1"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr  # one round on a shared machine proves no figure
    assert len(re.findall(r"(worker|pyperf|asv) / (timeit|pyperf)\S*( CPU)? +\d", done.stdout)) == 10
    assert len(re.findall(r"(worker|asv|pyperf) +\d+\.\d+ µs", done.stdout)) == 3
