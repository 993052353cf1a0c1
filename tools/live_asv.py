"""`asv continuous` on the same repository, as its users run it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from live_attempt import Attempt, Judged, run_to_end

_MARKS = {"+": "regressed", "-": "improved", "!": "failed"}


@dataclass(frozen=True, slots=True)
class Asv:
    """Compares HEAD of `project` with HEAD~1. asv's own file of machines is kept in `home`."""

    project: Path
    home: Path
    first: str
    arguments: Sequence[str] = ()

    def build(self) -> Attempt:
        """Describe the machine, and run the row that `first` finds once, for the environments to be there."""
        self.home.mkdir(exist_ok=True)
        described = self._asv("machine", "--yes")
        if described.code:
            return described
        return self._asv("continuous", "--quick", "--bench", self.first, "HEAD~1", "HEAD")

    def attempt(self) -> Attempt:
        """One comparison as a user runs it."""
        return self._asv("continuous", *self.arguments, "HEAD~1", "HEAD")

    def _asv(self, *arguments: str) -> Attempt:
        argv = (sys.executable, "-m", "asv", *arguments)
        ended = run_to_end(argv, self.project, {"HOME": str(self.home)})
        rows = changed(ended.output)
        # asv's own errors end with 1 as well, but name no row.
        complaint = "" if ended.code == 0 or (ended.code == 1 and rows) else ended.complaint
        return Attempt(ended.code, ended.seconds, rows, complaint)


def changed(output: str) -> tuple[Judged, ...]:
    """The rows that `asv continuous` names: its table holds those that changed, with their mark and ratio."""
    rows = []
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[0] in _MARKS:
            rows.append(Judged(cells[4], _MARKS[cells[0]], _number(cells[3])))
    return tuple(rows)


def _number(text: str) -> float | None:
    try:
        return float(text.lstrip("~"))
    except ValueError:
        return None
