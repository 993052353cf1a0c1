"""`perfbench check` of this repository, run on another one."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_attempt import Attempt, Judged, run_to_end

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Gate:
    """Compares the working tree of `project` with `base`.

    `tool` is the folder that perfbench is imported from and its report written to; `arguments` go to every
    check but the first.
    """

    tool: Path
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
        report = self.tool / "report.json"
        report.unlink(missing_ok=True)
        command = (sys.executable, "-P", "-m", "perfbench", "check", "--base", self.base)
        argv = (*command, "--quiet", "--json", str(report), *arguments)
        ended = run_to_end(argv, self.project, {"PYTHONPATH": str(self.tool)})
        if not report.exists():
            return Attempt(ended.code, ended.seconds, (), ended.complaint)
        content = json.loads(report.read_text())
        complaint = "" if ended.code in (0, 1) else _reason(content)
        return Attempt(ended.code, ended.seconds, judged(content), complaint)


def hold_still(folder: Path) -> Path:
    """Copy perfbench as it is now: one series tries one gate, whatever is edited meanwhile."""
    shutil.copytree(ROOT / "perfbench", folder / "perfbench", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def judged(report: dict[str, Any]) -> tuple[Judged, ...]:
    """The rows of perfbench's JSON report."""
    rows = []
    for verdict in report["verdicts"]:
        found = verdict["comparison"] or {}
        numbers = (found.get(name) for name in ("ratio", "low", "high"))
        rows.append(Judged(verdict["benchmark"]["id"], verdict["outcome"], *numbers))
    return tuple(rows)


def _reason(report: dict[str, Any]) -> str:
    """Why a report holds no judgement, in its own words and those of its first row."""
    rows = (verdict["reason"] for verdict in report["verdicts"])
    return ": ".join(part for part in (report["exit"]["reason"], next(rows, "")) if part)
