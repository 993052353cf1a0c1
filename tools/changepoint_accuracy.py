"""How often `perfbench.detect` is wrong, on real noise and on simulated, and how fast it is beside asv's.

    python tools/changepoint_accuracy.py [--data FOLDER] [--trials N] [--points N]

FOLDER holds `cp-injected/series.jsonl.gz` (series of real noise with steps at known places) and
`asv-kedro/series.jsonl.gz` (real histories with asv's intervals); without them only simulated noise is shown. A
change counts as found within five points. Random numbers are seeded. Exits 1 where more than 2 % of the simulated
steady series have a change.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import perfbench
from perfbench.analysis.watching import WINDOW, watch
from perfbench.model import Better

MARGIN = 5
LEVEL = 0.02
LENGTHS = (10, 20, 60, 200)

NOISE: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda generator: generator.gauss(0, 1),
    "two modes": lambda generator: 15.0 * (generator.random() < 0.3) + generator.gauss(0, 1),
    "heavy tails": lambda generator: generator.gauss(0, 1) / max(0.1, generator.random()),
}
"""In units of 1 %."""


def main() -> int:
    """Print all tables; 1 where steady series are called changed too often."""
    options = _options()
    worst = _steady(options.trials)
    injected = options.data / "cp-injected" / "series.jsonl.gz"
    if injected.is_file():
        _injected(_lines(injected))
    histories = options.data / "asv-kedro" / "series.jsonl.gz"
    if histories.is_file() and find_spec("asv") is not None:
        _beside_asv(_lines(histories))
    _long(options.points)
    _appended(options.points // 1000)
    return int(worst > LEVEL + 3 * (LEVEL * (1 - LEVEL) / options.trials) ** 0.5)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of real series")
    parser.add_argument("--trials", type=int, default=1000, help="steady series for each figure")
    parser.add_argument("--points", type=int, default=100_000, help="length of the longest series")
    return parser.parse_args()


def _steady(trials: int) -> float:
    """The share of steady series in which a change is found, by noise and length."""
    print("steady series   " + "".join(f"{n:>4} points " for n in LENGTHS))
    worst = 0.0
    for name, noise in NOISE.items():
        shares = []
        for n in LENGTHS:
            generator = random.Random(f"{name} {n}")  # noqa: S311
            series = ([1 + 0.01 * noise(generator) for _ in range(n)] for _ in range(trials))
            shares.append(sum(bool(perfbench.detect(y)) for y in series) / trials)
        worst = max(worst, *shares)
        print(f"{name:15}" + "".join(f"{share:>11.1%}" for share in shares), flush=True)
    return worst


def _injected(series: Sequence[dict[str, Any]]) -> None:
    """Precision, recall, F1 and false alarms where the truth is known."""
    found = missed = wrong = alarmed = steady = 0
    by_size: dict[float, list[bool]] = {}
    for one in series:
        left = [int(change) for change in perfbench.detect(one["y"])]
        steady += not one["truth"]
        alarmed += bool(left) and not one["truth"]
        for place, size in zip(one["truth"], one["sizes"], strict=True):
            nearest = min(left, key=lambda at, place=place: abs(at - place), default=None)  # type: ignore[misc]
            is_found = nearest is not None and abs(nearest - place) <= MARGIN
            if nearest is not None and is_found:
                left.remove(nearest)
            by_size.setdefault(abs(size), []).append(is_found)
            found, missed = found + is_found, missed + (not is_found)
        wrong += len(left)
    precision, recall = found / max(1, found + wrong), found / max(1, found + missed)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    print(
        f"injected steps: {len(series)} series, precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}, "
        f"steady series alarmed {alarmed}/{steady}; found by size "
        + ", ".join(f"{size:.0%} {sum(hits)}/{len(hits)}" for size, hits in sorted(by_size.items()))
    )


def _beside_asv(series: Sequence[dict[str, Any]], rounds: int = 5) -> None:
    """Both detections over the same histories, in turn, in CPU time; and which of asv's regressions are found."""
    from asv.step_detect import detect_regressions, detect_steps  # type: ignore[import-untyped]  # noqa: PLC0415

    histories = [(one["y"], _asv_weights(one["ci_lo"], one["ci_hi"])) for one in series]
    ours: Callable[[], list[Any]] = lambda: [perfbench.detect(y) for y, _ in histories]  # noqa: E731
    asvs: Callable[[], list[Any]] = lambda: [detect_steps(y, w) for y, w in histories]  # noqa: E731
    ratios, seconds = [], []
    for _ in range(rounds):
        (mine, changes), (theirs, steps) = _timed(ours), _timed(asvs)
        ratios.append(mine / theirs)
        seconds.append(mine)
    regressions = again = 0
    for found, one in zip(changes, steps, strict=True):
        for _, at, *_ in detect_regressions(one, threshold=0.05)[2] or ():
            regressions += 1
            again += any(abs(at - int(change)) <= 30 for change in found)
    points = sum(len(y) for y, _ in histories)
    print(
        f"{len(histories)} real histories, {points} points: "
        f"{1e3 * statistics.median(seconds) / len(histories):.2f} ms each, "
        f"{statistics.median(ratios):.3f} × asv's detect_steps ({min(ratios):.3f} … {max(ratios):.3f}); "
        f"asv's regressions found again within 30 revisions: {again}/{regressions}"
    )


def _long(points: int) -> None:
    """Time against length."""
    source = np.random.default_rng(1)
    for n in (440, points // 10, points):
        values = np.exp(0.01 * source.standard_t(4, n))
        for start in range(0, n, max(100, n // 20)):
            values[start:] *= np.exp(0.05 * source.normal())
        walk = np.exp(0.001 * source.normal(size=n).cumsum())
        shown = [f"{_timed(lambda y=y: perfbench.detect(y))[0] * 1e3:.1f} ms" for y in (values, walk)]  # type: ignore[misc]
        print(f"{n} points: {shown[0]} with steps in noise, {shown[1]} of noise that wanders")


def _appended(many: int) -> None:
    """One point more to each of many series."""
    source = np.random.default_rng(2)
    rows = many * 100
    values = np.exp(0.01 * source.standard_t(4, (rows, 1001)))
    values[: rows // 50, 995:] *= 1.2
    betters = [Better.LOWER] * rows
    known = watch(values[:, 1000 - WINDOW : 1000], [1000] * rows, {}, betters)
    seconds, followed = _timed(lambda: watch(values[:, 1001 - WINDOW :], [1001] * rows, known, betters))
    print(
        f"one point appended to {rows} series of 1000: {seconds:.2f} s, {len(followed)} series with a change"
    )


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    answer = call()
    return time.process_time() - began, answer


def _asv_weights(low: Iterable[float | None], high: Iterable[float | None]) -> list[float | None]:
    """What `asv publish` gives its detection: the inverse of half the interval's width."""
    return [None if a is None or b is None or b <= a else 2 / (b - a) for a, b in zip(low, high, strict=True)]


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    raise SystemExit(main())
