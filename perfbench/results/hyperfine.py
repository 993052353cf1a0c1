"""Reads what `hyperfine --export-json` writes: whole commands, one process a run."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec

from perfbench.model import BenchmarkId, Measurement, Metric, Outcome, Run, Summary
from perfbench.results.document import Document
from perfbench.results.gathering import UNKNOWN, Gathering, UnusableError
from perfbench.results.result_file import ResultFile

NAME = "hyperfine JSON"

_TIME = Metric("time", "seconds")
_MEMORY = Metric("peakmem", "bytes")


class _Command(msgspec.Struct, frozen=True, rename={"minimum": "min", "maximum": "max"}):
    """One command. Old versions have neither `times` nor `exit_codes`; a code is null after a signal."""

    command: str
    mean: float | None = None
    stddev: float | None = None
    median: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    times: tuple[float, ...] | None = None
    memory_usage_byte: tuple[float, ...] | None = None
    exit_codes: tuple[int | None, ...] | None = None
    parameters: dict[str, Any] = {}


def recognises(document: Document) -> bool:
    """Whether the file is hyperfine's: results with a command and its mean."""
    match document.json_value:
        case {"results": [{"command": str(), "mean": _}, *_]}:
            return True
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`; commands that cannot be used are problems.

    hyperfine starts the command anew for each time, so each is a run of its own. A command that ended with
    another code than 0, be it once, has failed: its times may be those of an early way out.
    """
    suite: Any = document.json.value
    gathering = Gathering(document.path)
    gathering.note_repeated(document.json.repeated)
    for number, entry in enumerate(suite["results"]):
        try:
            command = msgspec.convert(entry, _Command)
            benchmark = _benchmark(command)
            if failure := _failure(command):
                gathering.take_outcome(benchmark, Outcome.FAILED, failure)
                continue
            runs, summary = _values(command)
            sizes = _runs(command.memory_usage_byte or ())
        except (msgspec.ValidationError, UnusableError) as error:
            gathering.note(f"results[{number}]: {error}")
            continue
        gathering.take(Measurement(benchmark, _TIME, runs, UNKNOWN, document.path, summary))
        if sizes:
            gathering.take(Measurement(benchmark, _MEMORY, sizes, UNKNOWN, document.path))
    return gathering.result()


def _benchmark(command: _Command) -> BenchmarkId:
    """The command line (or the name given with `-n`) and hyperfine's own parameters."""
    if not command.command.strip():
        raise UnusableError("has no command")
    return BenchmarkId("", command.command, tuple((name, str(v)) for name, v in command.parameters.items()))


def _failure(command: _Command) -> str:
    """How it ended otherwise than with 0; empty where it never did."""
    codes = command.exit_codes or ()
    wrong = Counter(code for code in codes if code != 0)
    if not wrong:
        return ""
    ends = ["by a signal" if code is None else f"with exit code {code}" for code in wrong]
    return f"{wrong.total()} of {len(codes)} runs ended {' or '.join(ends[:3])}"


def _values(command: _Command) -> tuple[tuple[Run, ...], Summary | None]:
    """The runs, or the summary that stands for them. Raises UnusableError where there is neither."""
    if command.times:
        return _runs(command.times), None
    summary = Summary(
        median=_finite(command.median),
        mean=_finite(command.mean),
        stddev=_finite(command.stddev),
        minimum=_finite(command.minimum),
        maximum=_finite(command.maximum),
    )
    if summary.median is None and summary.mean is None:
        raise UnusableError("has neither times nor a median or mean of them")
    return (), summary


def _runs(values: tuple[float, ...]) -> tuple[Run, ...]:
    if not all(map(math.isfinite, values)):
        raise UnusableError("has a value that is not a finite number")
    return tuple(Run((value,), number, 0.0) for number, value in enumerate(values))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
