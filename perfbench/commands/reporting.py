"""From verdicts to a report on the terminal and in files."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfbench import __version__
from perfbench.commands.options import writable
from perfbench.errors import PerfbenchError
from perfbench.model import Environment, Report, RuntimeStatus, SideSummary, Verdict


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the report goes beside the terminal. Raises UsageError when a folder is missing."""

    markdown: Path | None = None
    json: Path | None = None

    def __post_init__(self) -> None:
        writable(self.markdown)
        writable(self.json)


@dataclass(slots=True)
class Draft:
    """What is known about a report before its verdicts are."""

    title: str
    base: SideSummary | None
    head: SideSummary
    environment: Environment
    runtimes: tuple[RuntimeStatus, ...] = ()
    warnings: tuple[str, ...] = ()
    result_file: str = ""
    started: float = 0.0

    def finish(self, verdicts: Sequence[Verdict], *, exit_code: int, noise_floor: float | None) -> Report:
        """The finished report."""
        return Report(
            title=self.title,
            base=self.base,
            head=self.head,
            verdicts=tuple(verdicts),
            environment=self.environment,
            exit_code=exit_code,
            noise_floor=noise_floor,
            seconds=time.time() - self.started,
            started=self.started,
            runtimes=self.runtimes,
            warnings=self.warnings,
            result_file=self.result_file,
            version=__version__,
        )


def publish(report: Report, outputs: Outputs) -> None:
    """Show the report, then write its files; a file that cannot be written costs nothing that was shown.

    Raises PerfbenchError for such a file, after the others.
    """
    from perfbench.reports import json_report, markdown, terminal  # noqa: PLC0415
    from perfbench.reports.sheets import sheet  # noqa: PLC0415

    terminal.render(report, sheet(sys.stdout))
    failures = []
    for path, render in ((outputs.markdown, markdown.render), (outputs.json, json_report.render)):
        if path is None:
            continue
        try:
            path.write_text(render(report), encoding="utf-8")
        except OSError as error:
            failures.append(f"cannot write {path}: {error.strerror or error}")
    if failures:
        raise PerfbenchError("; ".join(failures), "name another file; the samples are kept")
