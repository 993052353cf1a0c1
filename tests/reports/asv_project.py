"""A git repository with asv's configuration and results in it, as large as one asks for."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEED = 20261
BENCHMARKS = 48
START = 1_600_000_000
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]
"""What a result file of asv holds of each benchmark, as far as publishing reads it."""


@dataclass(frozen=True, slots=True)
class Project:
    """A git repository with asv's configuration and results in it."""

    folder: Path

    @property
    def results(self) -> Path:
        """The tree of asv's results."""
        return self.folder / "results"

    @property
    def config(self) -> Path:
        """asv.conf.json."""
        return self.folder / "asv.conf.json"


def make_project(folder: Path, dates: Sequence[int]) -> tuple[Project, list[str]]:
    """A repository with a commit on `main` at each date, and the commits' hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    lines = []
    for number, date in enumerate(dates):
        lines += [
            "commit refs/heads/main",
            f"mark :{number + 1}",
            f"committer perfbench <perfbench@example.org> {date} +0000",
            f"data {len(str(number))}",
            str(number),
            "",
        ]
    stream = "\n".join([*lines, "done", ""]).encode()
    _git(folder, "fast-import", "--quiet", "--done", "--export-marks=marks", stdin=stream)
    marks = dict(line.split() for line in (folder / "marks").read_text().splitlines())
    config = {"version": 1, "project": "made", "repo": ".", "branches": ["main"], "results_dir": "results",
              "html_dir": "html", "benchmark_dir": "benchmarks", "show_commit_url": "#"}  # fmt: skip
    project = Project(folder)
    project.config.write_text(json.dumps(config), encoding="utf-8")
    (folder / "benchmarks").mkdir()
    return project, [marks[f":{number + 1}"] for number in range(len(dates))]


def made_results(project: Project, hashes: Sequence[str], dates: Sequence[int], *, machines: int = 1) -> None:
    """Results of every commit: plain benchmarks and some with params, of which some regress and some fail."""
    draw = random.Random(SEED)
    described = {f"suite.Group{n % 6}.time_row_{n}": _described(n) for n in range(BENCHMARKS)}
    for name, entry in described.items():
        entry["name"] = name
    _write(project.results / "benchmarks.json", {**described, "version": 2})
    for machine in range(machines):
        facts = {
            "machine": f"machine{machine}",
            "arch": "x86_64",
            "cpu": "any",
            "num_cpu": "2",
            "os": "Linux",
            "ram": "8GB",
        }
        _write(project.results / facts["machine"] / "machine.json", {**facts, "version": 1})
        for number, (commit, date) in enumerate(zip(hashes, dates, strict=True)):
            content = {
                "commit_hash": commit,
                "env_name": "virtualenv-py3.11",
                "date": date * 1000,
                "params": {**facts, "python": "3.11", "numpy": ""},
                "python": "3.11",
                "requirements": {"numpy": ""},
                "env_vars": {},
                "result_columns": COLUMNS,
                "results": {
                    name: _result(entry, number / len(hashes), draw) for name, entry in described.items()
                },
                "durations": {},
                "version": 2,
            }
            _write(project.results / facts["machine"] / f"{commit[:8]}-virtualenv-py3.11.json", content)


def replaced_results(project: Project, archive: Path, hashes: Sequence[str]) -> None:
    """The results of a real tree, its commits replaced by those of the project in order of their dates."""
    with tempfile.TemporaryDirectory(prefix="perfbench-publish-tree-") as work:
        with tarfile.open(archive) as tar:
            tar.extractall(work, filter="data")
        shutil.copytree(next(Path(work).rglob("benchmarks.json")).parent, project.results)
    files = [path for path in project.results.glob("*/*.json") if path.name != "machine.json"]
    contents = {path: json.loads(path.read_text(encoding="utf-8")) for path in files}
    dates = sorted({(content["date"], content["commit_hash"]) for content in contents.values()})
    names = {commit: new for (_, commit), new in zip(dates, hashes, strict=True)}
    for path, content in contents.items():
        content["commit_hash"] = names[content["commit_hash"]]
        path.unlink()
        _write(path.with_name(f"{content['commit_hash'][:8]}-{path.name.partition('-')[2]}"), content)


def asv_publish(project: Project, target: Path) -> list[str]:
    """The command of asv's publishing."""
    return [
        sys.executable,
        "-m",
        "asv",
        "publish",
        "--config",
        str(project.config),
        "--html-dir",
        str(target),
    ]


def _described(number: int) -> dict[str, Any]:
    params = [["1", "10"], ["'fast'", "'safe'"]] if number % 8 == 7 else []
    return {"param_names": ["n", "mode"][: len(params)], "params": params, "type": "time", "unit": "seconds",
            "version": f"v{number}", "code": "def time_row(self): pass"}  # fmt: skip


def _result(entry: dict[str, Any], age: float, draw: random.Random) -> list[Any]:
    number = int(entry["version"][1:])
    level = 1e-4 * (1 + number) * (1.3 if number % 5 == 0 and age > 0.6 else 1.0)
    count = 4 if entry["params"] else 1
    values: list[float | None] = [level * (1 + 0.02 * draw.gauss(0, 1)) for _ in range(count)]
    if draw.random() < 0.01:
        values[0] = None
    low = [value and value * 0.98 for value in values]
    high = [value and value * 1.02 for value in values]
    return [values, entry["params"], entry["version"], 0, 0.1, low, high]


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    subprocess.run(["git", *arguments], cwd=folder, input=stdin, check=True, capture_output=True)
