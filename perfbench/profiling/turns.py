"""Processes that run one benchmark in turn, some of them watched by a profiler: neighbours in time are compared."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from perfbench.model_profile import Overhead
from perfbench.profiling.recorder import Subject

SLICE = 0.25
"""Seconds that a process runs before it is the next one's turn."""

CONFIDENCE = 0.95
LEAST_PAIRS = 6
"""Fewer pairs have no interval at this level: the chance that all lie on one side of the median is 2/2⁶."""


@dataclass(slots=True)
class Lane:
    """One process, how it calls its benchmark, and what came of it.

    `loops` and `repeats` make a sample. `plain` says that no profiler watches it; it then stops once the overhead is
    known. `costs` are the seconds per call of each slice.
    """

    subject: Subject
    loops: int
    repeats: int
    plain: bool = False
    calls: int = 0
    seconds: float = 0.0
    costs: list[float] = field(default_factory=list)

    def run(self, seconds: float, timeout: float) -> None:
        """One slice."""
        request = {"do": "run", "seconds": seconds, "loops": self.loops, "repeats": self.repeats}
        done = self.subject.ask(request, timeout)
        self.calls += int(done["calls"])
        self.seconds += float(done["seconds"])
        self.costs.append(float(done["seconds"]) / int(done["calls"]))


def take_turns(
    lanes: Sequence[Lane],
    seconds: float,
    *,
    plain_turns: int,
    timeout: float,
    told: Callable[[float], None] = lambda _: None,
    enough: Callable[[], bool] = lambda: False,
) -> None:
    """Run the lanes in turn until each watched one has run for `seconds`, or `enough` says so.

    Plain lanes leave after `plain_turns`. Every other turn goes backwards, so that nobody is always first. `told`
    hears of the share that is done. Raises what a lane's subject raises.
    """
    turn = 0
    watched = [lane for lane in lanes if not lane.plain]
    while not turn or (any(lane.seconds < seconds for lane in watched) and not enough()):
        taking = [lane for lane in lanes if not lane.plain or turn < plain_turns]
        for lane in taking if turn % 2 == 0 else reversed(taking):
            lane.run(min(SLICE, seconds), timeout)
        turn += 1
        told(min(1.0, min(lane.seconds for lane in watched) / seconds))


def overhead(plain: Sequence[float], watched: Sequence[float]) -> Overhead | None:
    """How much slower the watched process was, from the costs of neighbouring slices; None without any.

    The interval is that of the median by its order statistics (exact, by the binomial distribution).
    """
    ratios = sorted(slow / fast for fast, slow in zip(plain, watched, strict=False) if fast > 0)
    if not ratios:
        return None
    low = high = math.nan
    if len(ratios) >= LEAST_PAIRS:
        rank = _rank(len(ratios))
        low, high = ratios[rank], ratios[-1 - rank]
    return Overhead(statistics.median(ratios), low, high, len(ratios))


def _rank(pairs: int) -> int:
    """How many of the lowest, and of the highest, lie outside of the median's interval."""
    outside, rank = 0, 0
    while True:
        outside += math.comb(pairs, rank)
        if 2 * outside / 2**pairs > 1 - CONFIDENCE:
            return max(0, rank - 1) if rank else 0
        rank += 1
