"""A user's own rules: asked once the verdicts are there, each in a process of its own.

A process, since the rule is any code: it may hang, exit, crash or print, and must neither cost what was
measured nor reach into the report. The working tree's own module is asked, as its configuration is, whatever
revision is measured.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from perfbench.config_harness import Check
from perfbench.errors import ConfigError, UsageError
from perfbench.judged import JudgedRow, Results
from perfbench.measure.program import ProgramFailedError, ProgramMissingError, run_program
from perfbench.measure.scratch import ScratchFolder
from perfbench.model import BenchmarkId, Finding, Measurement, Metric, Verdict
from perfbench.results.result_file import shortened

SECONDS = 60.0
"""A rule that has not answered by then is no rule but a job of its own."""

MOST_ANSWER = 1024**2

CALL = Path(__file__).with_name("check_call.py")
PACKAGE_PARENT = Path(__file__).parents[2]

RowName = tuple[str, object, str]
"""What makes a verdict's row and a side's the same: name, params and metric. Suites differ by format."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What all rules said; `fault` is the first one that could not be asked."""

    findings: tuple[Finding, ...] = ()
    fault: UsageError | None = None


def check_functions(checks: Sequence[Check], root: Path) -> None:
    """Raise ConfigError for a rule whose function is not there, before anything is measured."""
    for check in checks:
        try:
            _call(check, root, None)
        except _NoAnswerError as error:
            raise ConfigError(
                f"check {check}: {error}", "mend it, or remove the entry", path=check.origin
            ) from None


def ask(checks: Sequence[Check], root: Path, results: Results) -> Answers:
    """Ask every rule; each sentence of one is a finding."""
    findings: list[Finding] = []
    fault: UsageError | None = None
    for check in checks:
        try:
            sentences = _call(check, root, results)
        except _NoAnswerError as error:
            fault = fault or UsageError(
                f"check {check} failed: {error}", "mend it; what was measured is kept"
            )
            continue
        start = f"{check.name}: " if check.name else ""
        findings += [Finding("check", shortened(start + sentence), str(check)) for sentence in sentences]
    return Answers(tuple(findings), fault)


def judged_rows(
    verdicts: Sequence[Verdict], base: Sequence[Measurement], head: Sequence[Measurement]
) -> tuple[JudgedRow, ...]:
    """Every verdict with the samples of its row."""
    left, right = _by_name(base), _by_name(head)
    names = [_row_name(verdict.benchmark, verdict.metric) for verdict in verdicts]
    return tuple(
        JudgedRow(verdict, left.get(name), right.get(name))
        for verdict, name in zip(verdicts, names, strict=True)
    )


class _NoAnswerError(Exception):
    """Why a rule gave no answer."""


def _call(check: Check, root: Path, results: Results | None) -> list[str]:
    with ScratchFolder() as folder:
        answer = folder.path / "answer.json"
        argv = [sys.executable, "-P", str(CALL), str(root), str(check), str(answer)]
        if results is not None:
            argv.append(str(folder.path / "results.pickle"))
            Path(argv[-1]).write_bytes(pickle.dumps(results))
        try:
            said = run_program(argv, cwd=root, environment=_environment(), timeout=SECONDS)
        except (ProgramFailedError, ProgramMissingError) as error:
            raise _NoAnswerError(f"its process {error.message}") from None
        if said:
            click.echo(said, err=True, nl=False)
        return _sentences(answer)


def _sentences(path: Path) -> list[str]:
    """What the child answered. Its rule may have ended it, or written there itself."""
    try:
        with path.open("rb") as file:
            answer = json.loads(file.read(MOST_ANSWER))
    except (OSError, ValueError, RecursionError):
        raise _NoAnswerError("its process ended without an answer") from None
    match answer:
        case {"fault": str(fault)}:
            raise _NoAnswerError(shortened(fault))
        case {"sentences": list(sentences)}:
            return [str(sentence) for sentence in sentences]
        case _:
            raise _NoAnswerError("its process ended without an answer")


def _environment() -> Mapping[str, str]:
    """Ours, with perfbench itself to be imported; no bytecode is left in the user's tree."""
    path = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _by_name(measurements: Sequence[Measurement]) -> dict[RowName, Measurement]:
    return {_row_name(found.benchmark, found.metric): found for found in measurements}


def _row_name(benchmark: BenchmarkId, metric: Metric | None) -> RowName:
    return benchmark.name, benchmark.params, metric.name if metric else ""
