from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tool_prints_a_row_for_every_case_and_the_speed() -> None:
    script = ROOT / "tools" / "judge_accuracy.py"
    done = subprocess.run(
        [sys.executable, str(script), "--trials", "20", "--pairs", "20"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"perfbench +\d+\.\d%", done.stdout)) == 12
    assert done.stdout.splitlines()[-1].startswith("20 comparisons of 20 and of 40 processes took")
