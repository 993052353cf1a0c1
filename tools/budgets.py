#!/usr/bin/env python3
"""Budgets for the rows that nobody has set one for, from a run on this machine.

    perfbench run --all --rounds 3 -o run.jsonl
    python tools/budgets.py run.jsonl --write

A budget is there to catch what has become several times as slow or large, on slower machines than this one too:
it is FACTOR times the largest of the medians of a row's processes, rounded up to 1, 2 or 5 and so many zeros;
for what is better when it is higher, that part of the smallest one. Rows of one benchmark share an entry where
their budgets lie close together. The entries stand between two marks in thresholds.toml, before those that were
set by hand, which therefore win. A row that is exactly 0 (what is left over) has the budget 0.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from perfbench.model import Better, Measurement
from perfbench.results.reading import read_any

FACTOR = 4.0
CLOSE = 10.0
"""Budgets that differ by less than this share an entry, at the largest of them."""

FILE = Path(__file__).parents[1] / "baselines/thresholds.toml"
BEGIN = "# --- measured: python tools/budgets.py RUN --write"
END = "# --- set by hand"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a row may reach, in its metric's unit."""

    value: float
    metric: str
    unit: str
    lowest: bool


def main() -> int:
    """Print the entries, or put them into thresholds.toml."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, nargs="+", help="result files of perfbench; later ones win")
    parser.add_argument("--write", action="store_true", help=f"put the entries into {FILE.name}")
    options = parser.parse_args()
    rows: dict[str, dict[tuple[str, ...], Limit]] = defaultdict(dict)
    for path in options.run:
        for measurement in read_any(path).side("head"):
            if not measurement.benchmark.name.startswith("perfbench."):
                params = tuple(value for _, value in measurement.benchmark.params)
                rows[measurement.benchmark.name][params] = limit_of(measurement)
    text = "\n".join(entry for name in sorted(rows) for entry in entries(name, rows[name]))
    if not options.write:
        sys.stdout.write(text)
        return 0
    before, _, rest = FILE.read_text(encoding="utf-8").partition(BEGIN)
    FILE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


def limit_of(measurement: Measurement) -> Limit:
    """What this row may reach, by the medians of its processes."""
    medians = [statistics.median(run.values) for run in measurement.runs]
    lowest = measurement.metric.better is Better.HIGHER
    value = rounded(min(medians) / FACTOR, up=False) if lowest else rounded(max(medians) * FACTOR, up=True)
    return Limit(value, measurement.metric.name, measurement.metric.unit, lowest)


def rounded(value: float, *, up: bool) -> float:
    """The next 1, 2 or 5 with zeros, above or below."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = [step * power for step in (1.0, 2.0, 5.0, 10.0)]
    # A little slack, so that 0.3 / 3 is 0.1.
    if up:
        return next(step for step in steps if step >= value * (1 - 1e-9))
    return next(step for step in reversed(steps) if step <= value * (1 + 1e-9))


def entries(name: str, rows: Mapping[tuple[str, ...], Limit]) -> Iterator[str]:
    """The entries of one benchmark: one for all of its rows, for those of one first param, or for each row."""
    if together := common(rows.values()):
        yield entry(f"{name}(*)" if () not in rows else name, together)
        return
    groups: dict[str, dict[tuple[str, ...], Limit]] = defaultdict(dict)
    for params, limit in rows.items():
        groups[params[0]][params] = limit
    for first, group in groups.items():
        shared = common(group.values())
        if shared is not None:
            yield entry(f"{name}({first}, *)" if len(next(iter(group))) > 1 else f"{name}({first})", shared)
        else:
            for params, limit in group.items():
                yield entry(f"{name}({', '.join(params)})", limit)


def common(limits: Iterable[Limit]) -> Limit | None:
    """One limit for all of them, where they lie close together."""
    found = list(limits)
    least, most = min(limit.value for limit in found), max(limit.value for limit in found)
    if most > CLOSE * least:
        return None
    return (
        min(found, key=lambda limit: limit.value)
        if found[0].lowest
        else max(found, key=lambda limit: limit.value)
    )


def entry(pattern: str, limit: Limit) -> str:
    """One `[[budget]]`. Brackets in a param would be a set of characters for a pattern."""
    shown = pattern.replace("[", "[[]")
    return f'[[budget]]\npattern = "{shown}"\nmetric = "{limit.metric}"\nlimit = {quantity(limit)}\n'


def quantity(limit: Limit) -> str:
    """As people write it: seconds and bytes with their unit."""
    if limit.unit == "seconds":
        for name, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
            if limit.value >= scale:
                return f'"{limit.value / scale:g} {name}"'
        return f'"{limit.value / 1e-9:g} ns"'
    if limit.unit == "bytes":
        for name, scale in (("MB", 1e6), ("kB", 1e3)):
            if limit.value >= scale:
                return f'"{limit.value / scale:g} {name}"'
        return f'"{limit.value:g} B"'
    return f"{limit.value:g}"


if __name__ == "__main__":
    sys.exit(main())
