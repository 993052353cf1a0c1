"""From verdicts to a report on the terminal and in files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from perfbench import __version__
from perfbench.commands import step_output
from perfbench.commands.outputs import Outputs
from perfbench.errors import PerfbenchError
from perfbench.model import Environment, Explanation, Finding, Report, RuntimeStatus, SideSummary, Verdict

MODULES = {
    "html": "html_report",
    "markdown": "markdown",
    "json": "json_report",
    "junit": "junit",
    "sarif": "sarif",
}
"""The module in `perfbench.reports` of each form that is a file."""


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
    findings: tuple[Finding, ...] = ()
    rules_folder: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    explanations: tuple[Explanation, ...] = ()

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
            findings=self.findings,
            rules_folder=self.rules_folder,
            sources=self.sources,
            explanations=self.explanations,
        )


def publish(report: Report, outputs: Outputs) -> None:
    """Show the report, then write its files; a file that cannot be written costs nothing that was shown.

    Raises PerfbenchError for such a file, after the others.
    """
    from perfbench.reports import terminal  # noqa: PLC0415
    from perfbench.reports.sheets import sheet  # noqa: PLC0415

    with step_output.no_commands(sys.stdout) if outputs.github else nullcontext():
        terminal.render(report, sheet(sys.stdout))
    failures = []
    for form, path in outputs.files.items():
        try:
            path.write_text(_rendered(report, form, path), encoding="utf-8")
        except OSError as error:
            failures.append(f"cannot write {path}: {error.strerror or error}")
    if outputs.github:
        failures += step_output.tell(report, sys.stdout)
    if failures:
        raise PerfbenchError("; ".join(failures), "name another file; the samples are kept")


def _rendered(report: Report, form: str, path: Path) -> str:
    """The report in a form, by what is imported when it is asked for; pages link what lies beside their folder."""
    render: Callable[..., str] = import_module(f"perfbench.reports.{MODULES[form]}").render
    return render(report, path.parent) if form == "html" else render(report)
