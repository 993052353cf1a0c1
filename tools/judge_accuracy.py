"""How often `perfbench.judge` is wrong on simulated machines, and how fast it is.

    python tools/judge_accuracy.py [--trials N] [--pairs N]

A machine gives every process a speed of its own (2 % apart) and every value a little more (0.5 %); whatever
takes values for processes finds changes there that are none. The speeds come in four shapes. Beside ours
stands pyperf's rule, where pyperf is installed: Student's t-test on all values. Random numbers are seeded by
the case, so that every run prints the same. Exits 1 where false alarms lie above 5 %, the level of the interval.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import perfbench
from perfbench.model import Outcome

BETWEEN, WITHIN = 0.02, 0.005
VALUES = 3
PROCESSES = (5, 10, 20)
LEVEL = 0.05

Side = list[list[float]]
Rule = Callable[[Side, Side], str]

SHAPES: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda generator: generator.gauss(0, 1),
    "skewed": lambda generator: generator.expovariate(1.0),
    "two modes": lambda generator: 2.5 * (generator.random() < 0.3) + generator.gauss(0, 0.2),
    "heavy tails": lambda generator: generator.gauss(0, 1) / max(0.1, generator.random()),
}
"""The speed of a process, in units of `BETWEEN`."""


def main() -> int:
    """Print both tables; 1 where ours is wrong too often."""
    options = _options()
    rules: dict[str, Rule] = {"perfbench": _ours}
    if find_spec("pyperf") is not None:
        rules["pyperf"] = _pyperf
    print("speeds       processes  rule       false alarms  interval off 1  +2 %   +5 %   +10 %")
    worst = 0.0
    for shape in SHAPES:
        for processes in PROCESSES:
            for name, rule in rules.items():
                figures = _case(shape, processes, rule, options.trials)
                if name == "perfbench":
                    off_one = _off_one(shape, processes, options.trials)
                    worst = max(worst, figures[0], off_one)
                shown = f"{off_one:.1%}" if name == "perfbench" else "–"
                shares = "  ".join(f"{share:5.1%}" for share in figures[1:])
                print(
                    f"{shape:12} {processes:9}  {name:9}  {figures[0]:12.1%}  {shown:>14}  {shares}",
                    flush=True,
                )
    _speed(options.pairs)
    return int(worst > LEVEL + 4 * (LEVEL * (1 - LEVEL) / options.trials) ** 0.5)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=1000, help="pairs of sides for each figure")
    parser.add_argument("--pairs", type=int, default=10_000, help="comparisons for the speed")
    return parser.parse_args()


def _case(shape: str, processes: int, rule: Rule, trials: int) -> list[float]:
    """The share called changed of identical sides, then that called regressed after +2, +5 and +10 %."""
    shares = [sum(rule(*pair) != "same" for pair in _pairs(shape, processes, trials)) / trials]
    for factor in (1.02, 1.05, 1.1):
        found = sum(rule(*pair) == "regressed" for pair in _pairs(shape, processes, trials, factor))
        shares.append(found / trials)
    return shares


def _off_one(shape: str, processes: int, trials: int) -> float:
    """The share of identical sides whose interval of the ratio does not hold 1, whatever the threshold."""
    judged = (perfbench.judge(*pair) for pair in _pairs(shape, processes, trials))
    return sum(not found.low <= 1 <= found.high for found in judged) / trials


def _pairs(shape: str, processes: int, trials: int, factor: float = 1.0) -> Iterator[tuple[Side, Side]]:
    generator = random.Random(f"{shape} {processes}")  # noqa: S311
    for _ in range(trials):
        yield _side(generator, shape, processes), _side(generator, shape, processes, factor)


def _side(generator: random.Random, shape: str, processes: int, factor: float = 1.0) -> Side:
    speeds = (1 + BETWEEN * SHAPES[shape](generator) for _ in range(processes))
    return [
        [factor * max(speed, 0.1) * (1 + WITHIN * generator.gauss(0, 1)) for _ in range(VALUES)]
        for speed in speeds
    ]


def _ours(base: Side, head: Side) -> str:
    verdict = perfbench.judge(base, head).verdict
    return verdict.value if verdict in (Outcome.REGRESSED, Outcome.IMPROVED) else "same"


def _pyperf(base: Side, head: Side) -> str:
    from pyperf._utils import is_significant  # noqa: PLC0415

    left, right = ([value for run in side for value in run] for side in (base, head))
    if not is_significant(left, right)[0]:
        return "same"
    return "regressed" if statistics.fmean(right) > statistics.fmean(left) else "improved"


def _speed(pairs: int) -> None:
    """Judge sides of 20 and of 40 processes with 3 values each."""
    sides = {count: list(_pairs("normal", count, 50)) for count in (20, 40)}
    begin = time.process_time()
    for number in range(pairs):
        perfbench.judge(*sides[40 if number % 2 else 20][number % 50])
    print(f"{pairs} comparisons of 20 and of 40 processes took {time.process_time() - begin:.1f} s of CPU")


if __name__ == "__main__":
    raise SystemExit(main())
