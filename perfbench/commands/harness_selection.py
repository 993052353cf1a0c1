"""Which harnesses a command executes: their rows are known only once they have run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perfbench.commands.harness_rows import RowKey
from perfbench.commands.request import Request
from perfbench.commands.selection import did_you_mean
from perfbench.errors import UsageError
from perfbench.measure.discovery import Row
from perfbench.model import BenchmarkId, Harness


def chosen(
    harnesses: Sequence[Harness], request: Request, rows: Sequence[Row]
) -> tuple[tuple[Harness, ...], tuple[str, ...]]:
    """The harnesses to execute, and the expressions of `--bench` that are left to choose among `rows`.

    A harness runs if an expression is found in its name, or in none of the suite's rows, so that it may
    mean one of the harness's. None runs where rows of a runtime or an area are asked for, which only suites have.
    """
    if request.runtimes or request.areas or not harnesses:
        return (), request.expressions
    own = tuple(one for one in request.expressions if _is_broken(one) or _finds(one, rows))
    if not request.expressions or len(own) < len(request.expressions):
        return tuple(harnesses), own
    sound = [expression for expression in own if not _is_broken(expression)]
    named = [one for one in harnesses if any(re.search(expression, one.name) for expression in sound)]
    return tuple(named), own


def wants(expressions: Sequence[str], benchmark: BenchmarkId) -> bool:
    """Whether a harness's row is measured: one of the expressions is found in its full id, or there is none."""
    return not expressions or any(re.search(expression, str(benchmark)) for expression in expressions)


def check_expressions(
    expressions: Sequence[str], suite: Sequence[Row], harness_rows: Sequence[RowKey]
) -> None:
    """Raise UsageError for an expression of `--bench` that is found in no row of either."""
    rows: list[BenchmarkId] = [
        *(row.benchmark for row in suite),
        *(benchmark for benchmark, _ in harness_rows),
    ]
    for expression in expressions:
        if not any(re.search(expression, str(benchmark)) for benchmark in rows):
            raise UsageError(f"--bench {expression!r} fits no benchmark", did_you_mean(expression, rows))


def _is_broken(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return True
    return False


def _finds(expression: str, rows: Sequence[Row]) -> bool:
    return any(re.search(expression, str(row.benchmark)) for row in rows)
