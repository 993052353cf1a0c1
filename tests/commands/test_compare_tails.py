"""A threshold or budget on p95 or p99 adds the tail to what `compare` judges."""

from __future__ import annotations

import json
import math
from pathlib import Path

from perfbench.errors import ExitCode
from tests.analysis.samples import seeded
from tests.commands.command_line import perfbench, repository

THRESHOLDS = """\
[[threshold]]
pattern = "*"
metric = "*"
limit = "5 %"

[[threshold]]
pattern = "*"
metric = "p99"
limit = "10 %"
"""


def timed(path: Path, *, slow: float, seed: int, count: int = 1000) -> None:
    """A file of hyperfine whose times are alike but for the slowest 3 %."""
    generator = seeded(seed)
    times = [
        math.exp(generator.gauss(0, 0.01)) * (slow if generator.random() < 0.03 else 1.0)
        for _ in range(count)
    ]
    mean = sum(times) / count
    path.write_text(json.dumps({"results": [{"command": "serve", "mean": mean, "times": times}]}))


def test_a_slower_tail_is_found_where_the_median_stands(tmp_path: Path) -> None:
    folder = repository(tmp_path / "project")
    (folder / "baselines").mkdir()
    (folder / "baselines" / "thresholds.toml").write_text(THRESHOLDS)
    timed(folder / "base.json", slow=1.5, seed=1)
    timed(folder / "head.json", slow=3.0, seed=2)
    done = perfbench("compare", "base.json", "head.json", "--json", "report.json", cwd=folder)
    assert done.returncode == ExitCode.REGRESSED, done.stderr
    rows = json.loads((folder / "report.json").read_text())["verdicts"]
    assert {row["metric"]["name"]: row["outcome"] for row in rows} == {"time": "passed", "p99": "regressed"}
    (tail,) = (row for row in rows if row["metric"]["name"] == "p99")
    assert tail["rule"].startswith("limit 10 %, thresholds.toml:6")


def test_too_few_samples_leave_the_tail_open(tmp_path: Path) -> None:
    folder = repository(tmp_path / "project")
    (folder / "baselines").mkdir()
    (folder / "baselines" / "thresholds.toml").write_text(THRESHOLDS)
    for name, seed in (("base.json", 1), ("head.json", 2)):
        timed(folder / name, slow=1.5, seed=seed, count=100)
    done = perfbench("compare", "base.json", "head.json", "--strict", cwd=folder)
    assert done.returncode == ExitCode.UNDECIDED
    assert "p99 needs 299 samples on each side; there are 100" in " ".join(done.stdout.split())
