"""Reads the result files of asv, one for each machine, commit and environment."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice, product
from pathlib import Path
from typing import Any

from perfbench.model import BenchmarkId, Environment, Measurement, Outcome, Run, Summary
from perfbench.params import plain
from perfbench.results.asv_benchmarks import Described, Suite, read_suite
from perfbench.results.asv_layout import LAYOUTS, Columns, benchmarks, columns, layout_of
from perfbench.results.document import Document
from perfbench.results.gathering import Gathering, UnusableError
from perfbench.results.json_text import MalformedError
from perfbench.results.result_file import HEAD, LATEST, Header, ResultFile, SideHeader, unreadable
from perfbench.units import SECONDS

NAME = "asv results"

MAX_ROWS = 100_000
"""So many combinations of one benchmark's params are read."""

_TOO_LARGE = 1e300

_SIZE = re.compile(r"\s*(\d{1,20}(?:\.\d{1,9})?)\s*([kKMGT]?)(?:i?B)?\s*")
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4}


def recognises(document: Document) -> bool:
    """Whether the file is one of asv's results: a commit, the params of its environment, and results."""
    match document.json_value:
        case {"commit_hash": str(), "params": dict(), "results": dict()}:
            return True
        case _:
            return False


def read(document: Document, suite: Suite | None = None) -> ResultFile:
    """The whole file as the side `head`, each combination of a benchmark's params a row.

    Units and names of params are those of `suite`; without one, those of the `benchmarks.json` of the
    results folder in which the file lies. Recorded samples are one run; where there are none, asv's median
    with its bounds (99 %) and quartiles is the summary. NaN is a skipped row and null a failed one. The
    header's `created` is the date of the commit, by which asv orders its results.
    """
    try:
        parsed = document.json
    except MalformedError as error:
        return unreadable(document.path, error.message, error.line)
    content: Any = parsed.value
    layout = layout_of(content)
    if layout not in LAYOUTS or isinstance(layout, bool):
        return unreadable(document.path, f"has asv layout {layout!r}; 1 and 2 are read: run asv update")
    gathering = Gathering(document.path)
    gathering.note_repeated(parsed.repeated)
    if suite is None:
        suite = read_suite(Path(document.path).absolute().parent.parent)
        for problem in suite.problems:
            gathering.note(f"{problem.path} {problem.message}")
    environment = environment_of(content)
    versions: dict[str, str] = {}
    for name, raw in benchmarks(content, layout):
        try:
            found = columns(raw)
            _take(gathering, name, found, suite.of(name), environment)
        except UnusableError as error:
            gathering.note(f"results[{name!r}]: {error}")
            continue
        if found.version is not None:
            versions[name] = found.version
    side = SideHeader("", environment.commit, False, environment)
    header = Header("", moment_of(content.get("date")), {HEAD: side})
    return replace(gathering.result(header), versions=versions)


def environment_of(content: Mapping[str, Any]) -> Environment:
    """Where and with what a file was measured, as far as asv knows; the operating system is the kernel."""
    params: Mapping[str, Any] = content["params"]
    requirements = content.get("requirements")
    dependencies = requirements if isinstance(requirements, dict) else {}
    return Environment(
        machine=_text(params, "machine"),
        cpu=_text(params, "cpu"),
        cores=_cores(_text(params, "num_cpu")),
        memory=_memory(_text(params, "ram")),
        kernel=_text(params, "os"),
        governor="",
        python=_text(content, "python"),
        dependencies={
            name: "" if version is None else str(version) for name, version in dependencies.items()
        },
        commit=content["commit_hash"],
        architecture=_text(params, "arch"),
    )


def moment_of(milliseconds: object) -> float:
    """Seconds since the epoch; 0 for what is no date."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return 0.0
    return milliseconds / 1000 if 0 <= milliseconds <= LATEST * 1000 else 0.0


def _take(
    gathering: Gathering, name: str, found: Columns, described: Described, environment: Environment
) -> None:
    """Every row of one benchmark. Raises UnusableError where the results do not fit the params."""
    benchmark_ids = rows_of(name, found.params or [], described.param_names)
    if found.result is None:
        for benchmark in islice(benchmark_ids, MAX_ROWS):
            gathering.take_outcome(benchmark, Outcome.FAILED, "failed when it was measured")
        return
    rows = list(islice(benchmark_ids, len(found.result) + 1))
    if len(rows) != len(found.result):
        raise UnusableError(f"{len(found.result)} results do not fit its params")
    for index, (benchmark, value) in enumerate(zip(rows, found.result, strict=True)):
        if value is None:
            gathering.take_outcome(benchmark, Outcome.FAILED, "failed when it was measured")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            gathering.note(f"results[{name!r}]: {str(value)[:100]!r} is not a number")
        elif abs(value) >= _TOO_LARGE:
            gathering.note(f"results[{name!r}]: a number is too large")
        elif math.isnan(value):
            gathering.take_outcome(benchmark, Outcome.SKIPPED, "skipped when it was measured")
        else:
            runs, summary = _figures(found, index, float(value), described)
            gathering.take(
                Measurement(benchmark, described.metric, runs, environment, gathering.path, summary)
            )


def rows_of(name: str, params: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[BenchmarkId]:
    """The rows of one benchmark in asv's order; params without a name are numbered as asv numbers them."""
    if len(names) != len(params):
        names = [f"param{number}" for number in range(1, len(params) + 1)]
    for values in product(*params):
        yield BenchmarkId("", name, tuple(zip(names, map(_plain, values), strict=True)))


def _figures(
    found: Columns, index: int, value: float, described: Described
) -> tuple[tuple[Run, ...], Summary | None]:
    """The samples of a row or, where they were not kept, what is told of them."""
    samples = found.samples[index] if found.samples and index < len(found.samples) else None
    if not samples and described.metric.unit != SECONDS:
        samples = [value]  # what is not timed is measured once
    if samples and all(map(math.isfinite, samples)):
        loops = _count(found.stats_number, index) or 1
        return (Run(tuple(samples), 0, moment_of(found.started_at), loops=loops),), None
    return (), Summary(
        median=value,
        mean=_at(found.stats_mean, index),
        stddev=_at(found.stats_std, index),
        count=_count(found.stats_repeat, index),
        low=_at(found.stats_ci_99_a, index),
        high=_at(found.stats_ci_99_b, index),
        q25=_at(found.stats_q_25, index),
        q75=_at(found.stats_q_75, index),
        minimum=_at(found.stats_min, index),
        maximum=_at(found.stats_max, index),
    )


def _at(column: Sequence[float | None] | None, index: int) -> float | None:
    """The figure, where there is a finite one: a few samples have no bounds, which asv writes as infinite."""
    if column is None or index >= len(column):
        return None
    value = column[index]
    return value if value is not None and math.isfinite(value) else None


def _count(column: Sequence[float | None] | None, index: int) -> int | None:
    value = _at(column, index)
    return int(value) if value is not None and 1 <= value < 2**53 else None


@lru_cache(maxsize=4096)
def _plain(value: str) -> str:
    return plain(value)


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _cores(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _memory(text: str) -> int:
    """Bytes: newer files hold them as a number, in older ones users wrote what they liked."""
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * 1024 ** _POWERS[match[2]]) if match else 0
