"""`perfbench check` of this repository, run on another one."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_attempt import Attempt, Judged, run_to_end

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Gate:
    """Compares the working tree of `project` with `base`. `arguments` go to every check but the first."""

    project: Path
    base: str
    first: str
    arguments: Sequence[str] = ()

    def build(self) -> Attempt:
        """One round of the row that `first` finds, for the environments to be there."""
        return self._check("--rounds", "1", "--bench", self.first)

    def attempt(self) -> Attempt:
        """One check as a user runs it."""
        return self._check(*self.arguments)

    def _check(self, *arguments: str) -> Attempt:
        with tempfile.TemporaryDirectory(prefix="perfbench-live-report-") as folder:
            report = Path(folder) / "report.json"
            command = (sys.executable, "-P", "-m", "perfbench", "check", "--base", self.base)
            argv = (*command, "--quiet", "--json", str(report), *arguments)
            ended = run_to_end(argv, self.project, {"PYTHONPATH": str(ROOT)})
            if not report.exists():
                return Attempt(ended.code, ended.seconds, (), ended.complaint)
            return Attempt(ended.code, ended.seconds, judged(json.loads(report.read_text())))


def judged(report: dict[str, Any]) -> tuple[Judged, ...]:
    """The rows of perfbench's JSON report."""
    rows = []
    for verdict in report["verdicts"]:
        found = verdict["comparison"] or {}
        numbers = (found.get(name) for name in ("ratio", "low", "high"))
        rows.append(Judged(verdict["benchmark"]["id"], verdict["outcome"], *numbers))
    return tuple(rows)
