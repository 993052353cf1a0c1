from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "tools" / "leak_accuracy.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_both_leaks_are_found_and_a_clean_run_reports_none() -> None:
    done = run("--clean", "1", "--leaking", "1", "--seconds", "0.5", "memory")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"(clean|python|malloc) +1 +(\d)", done.stdout) == [
        ("clean", "0"),
        ("python", "1"),
        ("malloc", "1"),
    ]
    assert done.stdout.splitlines()[-1] == "3 runs, 0 of them wrong"


def test_a_part_that_is_none_is_refused() -> None:
    done = run("nonsense")
    assert done.returncode == 2
    assert "there is no part nonsense" in done.stderr
