"""How often would a whole job name a row wrongly, and how often would it find a change? Simulated, no clock involved.

    python tools/job_accuracy.py [--jobs 2000] [--rows 20] [--spread 1.0] [--odd 0.05]

Each job has rows whose rounds scatter by `spread` percent around their true change; one round in 1/`odd` is off
by ten times that. Looks, the family's error and the patience for undecided rows are the gate's own
(`perfbench.analysis.sequential`, `judge`); time is counted in rounds of one row. In all series but the first one row
is slower by the percentage shown.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from dataclasses import dataclass, field

from perfbench.analysis.comparison import compare
from perfbench.analysis.judge import judge
from perfbench.analysis.sequential import next_look, share, undecided
from perfbench.model import BenchmarkId, Environment, Measurement, Metric, Outcome, Run, Verdict

TIME = Metric("time", "seconds")
NOWHERE = Environment("simulated", "", 0, 0, "", "", "")
FIRST, MOST_ROUNDS, BUDGET = 10, 120, 8.0
"""First rounds; most rounds of a row; the whole job's budget, as a multiple of what the first rounds took."""


@dataclass
class Row:
    """A simulated row: its true log-ratio, and what its rounds have shown so far."""

    name: BenchmarkId
    change: float
    figures: list[float] = field(default_factory=list)

    def measure(self, generator: random.Random, rounds: int, spread: float, odd: float) -> None:
        for _ in range(rounds):
            wide = spread * (10.0 if generator.random() < odd else 1.0)
            self.figures.append(self.change + generator.gauss(0.0, wide))

    def verdict_input(self) -> tuple[Measurement, Measurement]:
        base = tuple(Run((1.0,), number, 1.0 + number) for number in range(len(self.figures)))
        head = tuple(
            Run((math.exp(figure),), number, 1.0 + number) for number, figure in enumerate(self.figures)
        )
        return tuple(Measurement(self.name, TIME, runs, NOWHERE, "") for runs in (base, head))  # type: ignore[return-value]


def job(
    generator: random.Random, rows: list[Row], spread: float, odd: float
) -> tuple[tuple[Verdict, ...], float]:
    """The verdicts of one job, and the rounds it took as a multiple of the first ones."""
    for row in rows:
        row.measure(generator, FIRST, spread, odd)
    done, taken, first = FIRST, FIRST * len(rows), FIRST * len(rows)
    by_name = {row.name: row for row in rows}
    while True:
        compared = [compare(*row.verdict_input(), paired=True) for row in rows]
        shares = {row.name: share(len(row.figures), FIRST) for row in rows}
        verdicts = judge(compared, (), (), noise_floor=0.0, control=None, shares=shares)
        due = undecided(verdicts, (taken - first) / first)
        if not due or done >= MOST_ROUNDS or taken >= BUDGET * first:
            return verdicts, taken / first
        more = next_look(done) - done
        for name in due:
            by_name[name].measure(generator, more, spread, odd)
        taken += more * len(due)
        done += more


def series(options: argparse.Namespace, percent: float) -> str:
    """A line of the table: jobs in which one row is slower by `percent`, or none where that is 0."""
    generator = random.Random(percent)  # noqa: S311
    found = wrong_jobs = open_rows = 0
    cost = []
    for _ in range(options.jobs):
        rows = [Row(BenchmarkId("", f"time_{place}"), 0.0) for place in range(options.rows)]
        rows[0].change = math.log1p(percent / 100)
        verdicts, rounds = job(generator, rows, options.spread / 100, options.odd)
        named = [verdict.outcome in (Outcome.REGRESSED, Outcome.IMPROVED) for verdict in verdicts]
        found += verdicts[0].outcome is Outcome.REGRESSED
        wrong_jobs += any(named[1:] if percent else named)
        open_rows += sum(verdict.outcome is Outcome.INCONCLUSIVE for verdict in verdicts)
        cost.append(rounds)
    words = (
        f"{percent:+4g} %",
        f"found {found / options.jobs:.1%}" if percent else "nothing to find",
        f"{wrong_jobs / options.jobs:.2%} of jobs named a wrong row",
        f"{open_rows / options.jobs / options.rows:.1%} of rows open",
        f"{sum(cost) / len(cost):.2f} × the first rounds",
    )
    return "  ".join(words)


def main() -> int:
    """Print a line for each change."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--spread", type=float, default=1.0, help="of a row's rounds, in percent")
    parser.add_argument(
        "--odd", type=float, default=0.05, help="share of rounds that scatter ten times as wide"
    )
    options = parser.parse_args()
    for percent in (0, 2, 5, 10):
        print(series(options, percent), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
