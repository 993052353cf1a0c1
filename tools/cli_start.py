"""How long the command line takes to start, beside another one: `perfbench --version` against `asv --help`.

    python tools/cli_start.py [--rounds N] [--limit RATIO] [-- PERFBENCH ASV]

Both are started in turn, ABBA, so that a machine that speeds up or slows down does so for both. A
round's figure is the median of the ratios of neighbours; the interval is that of the median of the
rounds, from order statistics (a binomial, no distribution assumed), at 99 %. Exits 1 when the whole
interval lies above the limit, 3 when a command cannot be started.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

PAIRS = 6


def main() -> int:
    """Measure, print one line, and compare it with the limit."""
    options = _options()
    commands = [options.perfbench, "--version"], [options.asv, "--help"]
    for command in commands:
        if shutil.which(command[0]) is None:
            print(f"cli_start: {command[0]} is not installed; install it or name its path", file=sys.stderr)
            return 3
        _start(command)  # writes byte code, fills the page cache
    rounds, seconds = [], ([], [])  # type: tuple[list[float], tuple[list[float], list[float]]]
    for _ in range(options.rounds):
        pairs = [_pair(commands, turned=bool(index % 2)) for index in range(PAIRS)]
        rounds.append(statistics.median(a / b for a, b in pairs))
        for side, values in zip(seconds, zip(*pairs, strict=True), strict=True):
            side.extend(values)
    low, high = _interval(rounds)
    ours, theirs = (statistics.median(side) * 1000 for side in seconds)
    print(f"perfbench --version {ours:.1f} ms, asv --help {theirs:.1f} ms")
    print(
        f"ratio {statistics.median(rounds):.3f} ({low:.3f} … {high:.3f} at 99 %, "
        f"{options.rounds} rounds of {PAIRS} pairs), limit {options.limit}"
    )
    return int(low > options.limit)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="at least 8, or 99 %% cannot be reached")
    parser.add_argument("--limit", type=float, default=0.4)
    parser.add_argument("perfbench", nargs="?", default="perfbench", help="the installed console script")
    parser.add_argument("asv", nargs="?", default="asv")
    options = parser.parse_args()
    if options.rounds < 8:
        parser.error("--rounds must be 8 or more, or an interval at 99 % does not exist")
    return options


def _pair(commands: tuple[Sequence[str], Sequence[str]], *, turned: bool) -> tuple[float, float]:
    first, second = reversed(commands) if turned else commands
    a, b = _start(first), _start(second)
    return (b, a) if turned else (a, b)


def _start(command: Sequence[str]) -> float:
    """Seconds from start to end of one process."""
    begin = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def _interval(values: Sequence[float], confidence: float = 0.99) -> tuple[float, float]:
    """The narrowest pair of order statistics that holds the median with this confidence."""
    ordered, n = sorted(values), len(values)
    outside, rank = 0.0, 0
    while True:
        outside += 2 * math.comb(n, rank) / 2**n
        if outside > 1 - confidence:
            break
        rank += 1
    return ordered[rank - 1], ordered[n - rank]


if __name__ == "__main__":
    sys.exit(main())
