"""Two folders that stand for base and head, and harnesses that are small Python scripts in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from rich.console import Console

from perfbench.commands.harness_job import HarnessJob, Plan
from perfbench.commands.harness_rows import RowKey, Series
from perfbench.commands.harness_verdicts import Bench
from perfbench.config import Thresholds
from perfbench.environment import current
from perfbench.measure.side import Side
from perfbench.model import Harness, Verdict
from perfbench.reports.progress import Progress
from perfbench.results.result_file import Header, SideHeader
from perfbench.results.writer import ResultWriter

SCRIPT = """
import json, os, sys

round = int(os.environ["PYTHONHASHSEED"])  # the same on both sides, and of each round another
wobble = 1 + 0.001 * (round % 3)

def bench(name, *seconds, unit="second"):
    return {"metadata": {"name": name, "unit": unit}, "runs": [{"values": [s * wobble for s in seconds]}]}

benchmarks = []
exec(open("rows.py").read())
print("round", round)
json.dump({"version": "1.0", "benchmarks": benchmarks}, open(sys.argv[1], "w"))
"""

ROWS = 'benchmarks += [bench("parse", 0.010, 0.011, 0.012), bench("format", 0.5)]\n'


def harness(name: str = "api", **changes: object) -> Harness:
    """A harness that writes pyperf JSON with the rows that `rows.py` of its side adds."""
    return Harness(name, (sys.executable, "bench.py", "{out}"), **changes)  # type: ignore[arg-type]


@dataclass
class Sides:
    """The folders of base and head below `root`, and what a job did there."""

    root: Path
    labels: tuple[str, ...] = ("base", "head")
    heard: list[RowKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        for label in self.labels:
            folder = self.root / label
            folder.mkdir()
            (folder / "bench.py").write_text(SCRIPT)
            (folder / "rows.py").write_text(ROWS)

    def write(self, label: str, text: str, name: str = "rows.py") -> None:
        (self.root / label / name).write_text(text)

    @property
    def file(self) -> Path:
        return self.root / "results.jsonl"

    @property
    def log(self) -> str:
        path = self.root / "results.log"
        return path.read_text() if path.exists() else ""

    @contextmanager
    def job(
        self, *harnesses: Harness, thresholds: Thresholds | None = None, expressions: tuple[str, ...] = ()
    ) -> Iterator[HarnessJob]:
        environments = {label: current() for label in self.labels}
        headers = {label: SideHeader(label, label, False, environments[label]) for label in self.labels}
        variables = {"PATH": os.environ["PATH"]}
        sides = [
            Side(label, label, label, False, self.root / label, Path(sys.executable), variables, {})
            for label in self.labels
        ]
        with ResultWriter(self.file, Header("check", 0.0, headers)) as writer:
            yield HarnessJob(
                series=[Series(one) for one in harnesses],
                sides=sides,
                bench=Bench(environments, thresholds or Thresholds()),
                writer=writer,
                log=self.root / "results.log",
                progress=Progress(Console(file=StringIO()), quiet=True),
                expressions=expressions,
            )

    def verdicts(
        self,
        *harnesses: Harness,
        rounds: int = 6,
        seconds: float = 20.0,
        strict: bool = False,
        thresholds: Thresholds | None = None,
        expressions: tuple[str, ...] = (),
    ) -> dict[str, Verdict]:
        """Run a job to its end; its verdicts by full id and metric, `api.parse time`."""
        self.heard = []
        with self.job(*harnesses, thresholds=thresholds, expressions=expressions) as job:
            plan = Plan({one.name: rounds for one in harnesses}, seconds, strict)
            job.run(plan, self.heard.extend)
            found = job.conclude(0.0)
        names = [f"{one.benchmark} {one.metric.name if one.metric else ''}".strip() for one in found]
        return dict(zip(names, found, strict=True))
