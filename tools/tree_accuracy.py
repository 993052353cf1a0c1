"""How often is a whole stored run on shared runners judged wrongly? Over the neighbouring runs of asv's results.

    python tools/tree_accuracy.py RESULTS [--steps 400]

RESULTS is a folder of asv's result files. Each run is judged against the one before it, as `perfbench compare`
does, over the rows that did not lastingly change between them: the five runs before and the five after agree
to 1 % in their medians. Then one such row, chosen at random, is slowed by 10 and by 20 percent, and the run is
judged again. Prints the share of rows called changed that had not, and of the slowed ones that were found.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perfbench.analysis.comparison import compare, own_median
from perfbench.analysis.intervals import median
from perfbench.analysis.judge import judge
from perfbench.analysis.whole_run import beside_the_rest
from perfbench.model import BenchmarkId, Measurement, Outcome, Verdict
from perfbench.results.asv_tree import survey

AROUND = 5
SAME = 0.01
Rows = Mapping[BenchmarkId, Measurement]


@dataclass
class Count:
    """How many of how many."""

    found: int = 0
    tried: int = 0

    def add(self, found: int, tried: int = 1) -> None:
        self.found += found
        self.tried += tried

    def __str__(self) -> str:
        return f"{self.found / self.tried:.2%} ({self.found} of {self.tried})" if self.tried else "–"


def histories(folder: Path) -> Iterator[list[Rows]]:
    """The times of each machine's and environment's runs, the oldest first."""
    runs: dict[tuple[str, str], list[tuple[float, Rows]]] = defaultdict(list)
    for stored, result in survey(folder).results():
        for measurements in result.sides.values():
            times = {row.benchmark: row for row in measurements if row.metric.name == "time"}
            runs[stored.machine, stored.environment].append((result.header.created, times))
    for history in runs.values():
        yield [rows for _, rows in sorted(history, key=lambda run: run[0])]


def steady(history: Sequence[Rows], place: int) -> list[BenchmarkId]:
    """The rows of run `place` and the next one that did not lastingly change between them."""
    found = []
    for benchmark in history[place].keys() & history[place + 1].keys():
        before = [own_median(run[benchmark]).estimate for run in history[: place + 1] if benchmark in run]
        after = [own_median(run[benchmark]).estimate for run in history[place + 1 :] if benchmark in run]
        if len(before) < AROUND or len(after) < AROUND:
            continue
        sides = median(before[-AROUND:]), median(after[:AROUND])
        if min(sides) > 0 and abs(sides[0] / sides[1] - 1) <= SAME:
            found.append(benchmark)
    return sorted(found, key=str)


def judged(base: Rows, head: Rows) -> dict[BenchmarkId, Verdict]:
    """What `perfbench compare` would say of the rows of two runs."""
    rows = [
        compare(base[benchmark], head[benchmark]) for benchmark in sorted(base.keys() & head.keys(), key=str)
    ]
    verdicts = judge(beside_the_rest(rows), (), (), noise_floor=0.0)
    return {verdict.benchmark: verdict for verdict in verdicts}


def slower(row: Measurement, factor: float) -> Measurement:
    """The same measurement of something that takes `factor` times as long."""
    summary = row.summary
    if summary is not None:
        scaled: dict[str, Any] = {}
        for name in ("median", "mean", "stddev", "low", "high", "q25", "q75", "minimum", "maximum"):
            value = getattr(summary, name)
            scaled[name] = None if value is None else value * factor
        summary = replace(summary, **scaled)
    runs = tuple(replace(run, values=tuple(value * factor for value in run.values)) for run in row.runs)
    return replace(row, runs=runs, summary=summary)


def main() -> int:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--steps", type=int, default=400, help="neighbouring runs to judge, at most")
    options = parser.parse_args()
    generator = random.Random(1)  # noqa: S311
    regressed, improved, found = Count(), Count(), {1.1: Count(), 1.2: Count()}
    for history in histories(options.results):
        for place in range(min(options.steps, len(history) - 1)):
            rows = steady(history, place)
            if not rows:
                continue
            base, head = history[place], history[place + 1]
            outcomes = [judged(base, head)[row].outcome for row in rows]
            regressed.add(outcomes.count(Outcome.REGRESSED), len(rows))
            improved.add(outcomes.count(Outcome.IMPROVED), len(rows))
            chosen = generator.choice(rows)
            for factor, count in found.items():
                slowed = {**head, chosen: slower(head[chosen], factor)}
                count.add(judged(base, slowed)[chosen].outcome is Outcome.REGRESSED)
    print(f"unchanged rows called regressed: {regressed}")
    print(f"unchanged rows called improved:  {improved}")
    for factor, count in found.items():
        print(f"slowed by {factor - 1:.0%} and found:       {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
