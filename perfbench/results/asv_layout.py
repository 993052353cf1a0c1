"""The two layouts of asv's result files, brought to the columns of the newer one.

Layout 2 (asv 0.5 and later) holds a list of columns for each benchmark, and drops those that are empty at
its end; layout 1 holds a value, or an object, and the rest in objects beside. Every column runs over the
combinations of the params, in the order of `itertools.product`, the last one fastest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from perfbench.results.gathering import UnusableError

LAYOUTS = (1, 2)

_Column = list[float | None] | None

_OLD_STATISTICS = {
    "q_25": "stats_q_25",
    "q_75": "stats_q_75",
    "number": "stats_number",
    "repeat": "stats_repeat",
    "mean": "stats_mean",
    "std": "stats_std",
    "min": "stats_min",
    "max": "stats_max",
}


class Columns(msgspec.Struct, frozen=True):
    """What a file holds of one benchmark; None for a column that it does not have.

    `result` holds a number, NaN (skipped) or None (failed) for each combination; None alone where all
    failed. `started_at` is in milliseconds since the epoch. `stats_number` is how many calls a sample
    holds, `stats_repeat` how many samples there were. Times are in seconds.
    """

    result: list[Any] | None = None
    params: list[list[str]] | None = None
    version: str | None = None
    started_at: float | None = None
    stats_ci_99_a: _Column = None
    stats_ci_99_b: _Column = None
    stats_q_25: _Column = None
    stats_q_75: _Column = None
    stats_number: _Column = None
    stats_repeat: _Column = None
    stats_mean: _Column = None
    stats_std: _Column = None
    stats_min: _Column = None
    stats_max: _Column = None
    samples: list[list[float] | None] | None = None


def layout_of(content: Mapping[str, Any]) -> object:
    """The number of the file's layout; what it claims to be where that is none that is known."""
    return content.get("version", 2 if "result_columns" in content else 1)


def benchmarks(content: Mapping[str, Any], layout: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name and the named columns of each benchmark, not yet looked at."""
    results = content["results"]
    if layout == 1:
        for name, value in results.items():
            yield name, _old_columns(name, value, content)
        return
    names = content.get("result_columns")
    named = [str(word) for word in names] if isinstance(names, list) else []
    for name, row in results.items():
        yield name, dict(zip(named, row, strict=False)) if isinstance(row, list) else {"result": row}


def columns(raw: Mapping[str, Any]) -> Columns:
    """The columns, typed. Raises UnusableError."""
    try:
        return msgspec.convert(raw, Columns)
    except msgspec.ValidationError as error:
        raise UnusableError(str(error)) from error


def _old_columns(name: str, value: object, content: Mapping[str, Any]) -> dict[str, Any]:
    entry = value if isinstance(value, dict) else {"result": value}
    found = {
        "result": _listed(entry.get("result")),
        "params": entry.get("params"),
        "samples": _listed_samples(entry.get("samples")),
        "version": _of(content, "benchmark_version", name),
        "started_at": _of(content, "started_at", name),
    }
    statistics = _listed(entry.get("stats"))
    if statistics:
        found |= _old_statistics([one if isinstance(one, dict) else {} for one in statistics])
    return found


def _old_statistics(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found = {new: [row.get(old) for row in rows] for old, new in _OLD_STATISTICS.items()}
    bounds = [row.get("ci_99") for row in rows]
    pairs = [pair if isinstance(pair, list) and len(pair) == 2 else (None, None) for pair in bounds]
    return found | {"stats_ci_99_a": [low for low, _ in pairs], "stats_ci_99_b": [high for _, high in pairs]}


def _listed(value: object) -> list[Any] | None:
    """A benchmark without params stood there bare."""
    return value if value is None or isinstance(value, list) else [value]


def _listed_samples(value: object) -> object:
    if isinstance(value, list) and value and not any(isinstance(one, list) or one is None for one in value):
        return [value]
    return value


def _of(content: Mapping[str, Any], part: str, name: str) -> object:
    values = content.get(part)
    return values.get(name) if isinstance(values, dict) else None
