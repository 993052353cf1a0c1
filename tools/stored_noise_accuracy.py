"""How often a stored baseline calls a row that has not changed slower, with and without the noise of its nights.

    python tools/stored_noise_accuracy.py ../shared/data

A row's series of nightly medians is walked through: each night is a baseline, with the nights before it as its
history, and a later night is head. Medians alone are compared, which is the worst case: a check also asks that the
whole interval of head's ratio lies beyond the limit. php-realtime measured one fixed commit every night on a machine of
its own; asv-kedro measured commit by commit on shared runners, so that some of its moves are real.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from perfbench.analysis.limits import DEFAULT_LIMIT
from perfbench.analysis.stored_noise import LEAST_RUNS, row_noise
from perfbench.results.stored_history import KEPT
from perfbench.units import SECONDS, format_percent

LATER = (1, 10, 30)
SLOWDOWN = 1.10


def php_series(data: Path) -> list[list[float]]:
    """Nightly medians of one fixed commit, by test."""
    series: dict[tuple[str, str], list[float]] = defaultdict(list)
    with gzip.open(data / "php-realtime/results.tsv.gz", "rt") as file:
        names = file.readline().split("\t")
        for line in file:
            row = dict(zip(names, line.split("\t"), strict=False))
            if row["php"].startswith("PHP - baseline") and float(row["median"]) > 0:
                series[row["test"], row["commit"]].append(float(row["median"]))
    return [found for found in series.values() if len(found) > KEPT]


def kedro_series(data: Path) -> list[list[float]]:
    """Medians of 50 benchmarks commit by commit, on GitHub's runners."""
    with gzip.open(data / "asv-kedro/series.jsonl.gz", "rt") as file:
        return [[value for value in json.loads(line)["y"] if value] for line in file]


def trials(series: Sequence[float], history: int, later: int) -> Iterator[tuple[float, float]]:
    """(ratio of head to baseline, the limit of that night)."""
    for night in range(history - 1, len(series) - later):
        known = series[max(0, night + 1 - history) : night + 1]
        limit = max(DEFAULT_LIMIT, row_noise(known).limit(SECONDS))
        yield series[night + later] / series[night], limit


def figures(series: Sequence[Sequence[float]], history: int, later: int) -> Mapping[str, float]:
    """Shares of all trials."""
    found = [trial for one in series for trial in trials(one, history, later)]
    return {
        "1 %": sum(ratio > 1.0 + DEFAULT_LIMIT for ratio, _ in found) / len(found),
        "nights": sum(ratio > 1.0 + limit for ratio, limit in found) / len(found),
        "seen": sum(ratio * SLOWDOWN > 1.0 + limit for ratio, limit in found) / len(found),
        "limit": median(limit for _, limit in found),
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="the folder that holds php-realtime and asv-kedro")
    data = parser.parse_args().data
    print("series        nights  later  slower at 1 %  by its nights  +10 % seen  median limit")
    for name, series in (("php-realtime", php_series(data)), ("asv-kedro", kedro_series(data))):
        for history in (LEAST_RUNS - 1, LEAST_RUNS, 12, KEPT):
            for later in LATER:
                row = figures(series, history, later)
                shown = "  ".join(f"{format_percent(value):>12}" for value in row.values())
                print(f"{name:<12}  {history:>6}  {later:>5}  {shown}")


if __name__ == "__main__":
    main()
