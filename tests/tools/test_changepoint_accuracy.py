from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tool_prints_every_table(tmp_path: Path) -> None:
    step = {"y": [1.0, 1.01, 1.02] * 8 + [1.2, 1.21, 1.22] * 8, "truth": [24], "sizes": [0.2]}
    steady = {"y": [1.0, 1.01, 1.02] * 16, "truth": [], "sizes": []}
    history = {"y": step["y"], "ci_lo": [None] * 48, "ci_hi": [None] * 48}
    for name, lines in (("cp-injected", [step, steady]), ("asv-kedro", [history])):
        (tmp_path / name).mkdir()
        with gzip.open(tmp_path / name / "series.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    script = ROOT / "tools" / "changepoint_accuracy.py"
    done = subprocess.run(
        [sys.executable, str(script), "--data", str(tmp_path), "--trials", "5", "--points", "2000"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "F1 1.000, steady series alarmed 0/1; found by size 20% 1/1" in done.stdout
    assert "found again within 30 revisions: 1/1" in done.stdout
    assert done.stdout.count("points:") == 4
    assert "one point appended to 200 series" in done.stdout
