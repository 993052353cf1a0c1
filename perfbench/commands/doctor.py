"""`perfbench doctor`: what works here, what does not, and what that costs."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import click

from perfbench import __version__
from perfbench.errors import ExitCode
from perfbench.measure.client import layout_prefix
from perfbench.model import RuntimeStatus
from perfbench.project.doctor import Diagnosis, Finding, examine, require
from perfbench.quietness import quietness


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option(
    "--require",
    "required",
    multiple=True,
    metavar="NAME,…",
    help="End with 2 unless these are there: docker:runc, asv, pinning, … (the names that doctor prints).",
)
def command(as_json: bool, required: tuple[str, ...]) -> ExitCode:
    """Say what is installed, which runtimes run, how noisy the machine is, and what each gap costs.

    Exit code 2 when git or something named by --require is missing, else 0.
    """
    names = [name.strip() for option in required for name in option.split(",") if name.strip()]
    disturbances = quietness()  # before anything is started here that would disturb it
    diagnosis = require(examine(_runtimes(), disturbances, fixed_layout=bool(layout_prefix())), names)
    click.echo(_as_json(diagnosis) if as_json else _as_text(diagnosis))
    return diagnosis.exit_code


def _runtimes() -> list[RuntimeStatus]:
    """Every runtime that perfbench knows by name, here or not."""
    from perfbench.sandbox import runtimes  # noqa: PLC0415

    return [
        RuntimeStatus(name, one.available, one.version, one.reason, one.remedy)
        for name, one in runtimes.statuses().items()
    ]


def _as_json(diagnosis: Diagnosis) -> str:
    content = {
        "version": __version__,
        "exit_code": diagnosis.exit_code,
        "findings": [asdict(finding) for finding in diagnosis.findings],
        "noise": asdict(diagnosis.noise),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _as_text(diagnosis: Diagnosis) -> str:
    width = max(len(finding.name) for finding in diagnosis.findings)
    lines = [f"perfbench {__version__}"]
    for area in dict.fromkeys(finding.area for finding in diagnosis.findings):
        lines += ["", area]
        for finding in diagnosis.findings:
            if finding.area == area:
                lines += _lines(finding, width)
    return "\n".join([*lines, "", _summary(diagnosis.findings)])


def _lines(finding: Finding, width: int) -> Iterator[str]:
    mark = "✓" if finding.good else "✗" if finding.required else "–"
    first = f"  {mark} {finding.name:<{width}}  "
    yield from _wrapped(finding.detail, first)
    if finding.cost:
        yield from _wrapped(f"costs: {finding.cost}", " " * len(first))
    if finding.remedy:
        yield from _wrapped(f"to do: {finding.remedy}", " " * len(first))


def _wrapped(text: str, first: str) -> list[str]:
    """The text in the terminal's width, `first` before its first line; a command or path is never broken."""
    return textwrap.wrap(
        text,
        max(60, shutil.get_terminal_size().columns),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def _summary(findings: Iterable[Finding]) -> str:
    missing = [f for f in findings if not f.good]
    required = [f.name for f in missing if f.required]
    if required:
        return f"Required and not there: {', '.join(required)}."
    if missing:
        gaps = f"{len(missing)} gaps" if len(missing) > 1 else "One gap"
        return f"{gaps}, nothing that is required."
    return "Everything is there."
