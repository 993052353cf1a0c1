"""Which rows a command measures: the gate's tier, everything, or what the user names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches

from perfbench.analysis.patterns import fits, nearest
from perfbench.commands.areas import area_of, is_wanted
from perfbench.config import PROJECT_FILE
from perfbench.errors import ConfigError, UsageError
from perfbench.measure.discovery import Row
from perfbench.model import BenchmarkId


def _wrong_tier(message: str, remedy: str) -> ConfigError:
    return ConfigError(message, remedy, path=PROJECT_FILE)


def select(
    rows: Sequence[Row],
    *,
    expressions: Sequence[str],
    runtimes: Sequence[str],
    everything: bool,
    tier: Sequence[str],
    short: bool,
    runs_here: Callable[[str], bool],
    only: Collection[str] = (),
    switched_off: Collection[str] = (),
    wrong_tier: Callable[[str, str], ConfigError] = _wrong_tier,
) -> tuple[Row, ...]:
    """The rows to measure, in the order of discovery.

    `only` keeps the rows of these areas; without it those of areas that are `switched_off` go. `expressions`
    search all rows; else `everything`, `only` or the `tier` decides. `runtimes` keeps the rows of
    these, and finds them also where the tier lists its benchmarks with other runtimes. `short` keeps one
    row of each benchmark, on the first runtime that `runs_here`. Raises UsageError for what fits no row, and
    what `wrong_tier` makes of a sentence and its remedy for a pattern of the tier that fits none.
    """
    wanted = tuple(row for row in rows if is_wanted(row.benchmark, only, switched_off))
    chosen = wanted
    if expressions:
        chosen = by_regex(wanted, expressions, others=rows)
    elif tier and not everything and not only:
        named = {row.benchmark for row in _in_tier(rows, tier, wrong_tier)}
        chosen = tuple(row for row in wanted if row.benchmark in named)
        if runtimes:
            names = {row.benchmark.name for row in chosen}
            chosen = tuple(row for row in wanted if row.benchmark.name in names)
    if runtimes:
        chosen = by_runtime(chosen, runtimes)
    return _one_of_each(chosen, runs_here) if short else chosen


def concerns(
    benchmark: BenchmarkId,
    *,
    expressions: Sequence[str],
    runtimes: Sequence[str],
    everything: bool,
    tier: Sequence[str],
    only: Collection[str] = (),
    switched_off: Collection[str] = (),
) -> bool:
    """Whether a benchmark that head lacks would have been measured, so that its absence is a finding."""
    if runtimes and benchmark.param("runtime") not in runtimes:
        return False
    if not is_wanted(benchmark, only, switched_off):
        return False
    if expressions:
        return any(re.search(expression, str(benchmark)) for expression in expressions)
    return everything or bool(only) or not tier or any(fits(pattern, benchmark) for pattern in tier)


def by_regex(
    rows: Sequence[Row], expressions: Sequence[str], *, others: Sequence[Row] = ()
) -> tuple[Row, ...]:
    """The rows whose full id any of the regular expressions is found in.

    Raises UsageError for a broken expression and for one that finds nothing, naming the nearest id, or the
    area in which it finds some of the `others`.
    """
    kept: set[BenchmarkId] = set()
    for expression in expressions:
        try:
            compiled = re.compile(expression)
        except re.error as error:
            raise UsageError(
                f"--bench {expression!r} is not a regular expression: {error}",
                "escape its special characters",
            ) from error
        found = [row.benchmark for row in rows if compiled.search(str(row.benchmark))]
        if not found:
            area = next(
                (area_of(row.benchmark) for row in others if compiled.search(str(row.benchmark))), None
            )
            if area is not None:
                raise UsageError(
                    f"--bench {expression!r} fits benchmarks of the area {area} alone, which is left out",
                    f"add --only {area}",
                )
            raise UsageError(
                f"--bench {expression!r} fits no benchmark", did_you_mean(expression, _ids(rows))
            )
        kept.update(found)
    return tuple(row for row in rows if row.benchmark in kept)


def by_runtime(rows: Sequence[Row], runtimes: Sequence[str]) -> tuple[Row, ...]:
    """The rows of the named runtimes alone. Raises UsageError when no row has a runtime of that name."""
    known = {value for row in rows if (value := row.benchmark.param("runtime")) is not None}
    for name in runtimes:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            listed = ", ".join(sorted(known)) or "none"
            remedy = f"did you mean {near[0]}?" if near else f"there are: {listed}"
            raise UsageError(f"no benchmark has a runtime {name!r}", remedy)
    return tuple(row for row in rows if row.benchmark.param("runtime") in runtimes)


def one_row(rows: Sequence[Row], pattern: str, *, where: str = "") -> Row:
    """The one row that `pattern` means: its full id, or what it fits shell-style, or else finds as a regex.

    Raises UsageError where there is none (`where` says in what), or where there are several.
    """
    found = [row for row in rows if str(row.benchmark) == pattern] or [
        row for row in rows if fits(pattern, row.benchmark)
    ]
    if not found:
        with suppress(re.error):
            found = [row for row in rows if re.search(pattern, str(row.benchmark))]
    if not found:
        raise UsageError(f"no benchmark{where} fits {pattern!r}", did_you_mean(pattern, _ids(rows)))
    if len(found) > 1:
        names = f"{found[0].benchmark}, {found[1].benchmark}{', …' if len(found) > 2 else ''}"
        raise UsageError(f"{pattern!r} fits {len(found)} rows", f"name one: {names}")
    return found[0]


def did_you_mean(word: str, benchmarks: Iterable[BenchmarkId]) -> str:
    """The remedy for a word that fits no benchmark: the nearest one, or where they are listed."""
    near = nearest(word, benchmarks)
    return f"did you mean {near}?" if near else "see: perfbench list"


def _ids(rows: Sequence[Row]) -> list[BenchmarkId]:
    return [row.benchmark for row in rows]


def _in_tier(
    rows: Sequence[Row], tier: Sequence[str], wrong: Callable[[str, str], ConfigError]
) -> tuple[Row, ...]:
    for pattern in tier:
        if not any(fits(pattern, row.benchmark) for row in rows):
            message = f"the gate's pattern {pattern!r} fits no benchmark"
            raise wrong(message, did_you_mean(pattern, _ids(rows)))
    return tuple(row for row in rows if any(fits(pattern, row.benchmark) for pattern in tier))


def _one_of_each(rows: Sequence[Row], runs_here: Callable[[str], bool]) -> tuple[Row, ...]:
    kept: dict[str, Row] = {}
    for row in rows:
        runtime = row.benchmark.param("runtime")
        if runtime is None or runs_here(runtime):
            kept.setdefault(row.benchmark.name, row)
    for row in rows:
        kept.setdefault(row.benchmark.name, row)
    return tuple(row for row in rows if kept[row.benchmark.name] is row)
