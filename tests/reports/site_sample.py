"""Histories made by hand: one in which everything occurs that a site shows, and one as large as a site must bear."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perfbench.model import BenchmarkId, Better, Metric, Problem
from perfbench.model_history import (
    Alert,
    AlertRule,
    Change,
    Direction,
    HistoryReport,
    PlacedChange,
    Series,
    SeriesKey,
    SeriesReport,
    Timeline,
)

TIME = Metric("time", "seconds")
PEAK = Metric("peakmem", "bytes")
RATE = Metric("track", "requests/s", Better.HIGHER)

START = 1_700_000_000.0
DAY = 86_400.0
HOSTILE = "evil.</script><script>alert(1)</script>.time_<b>&\"'"
RULE = AlertRule(origin="perfbench.toml:4")


def commit(number: int) -> str:
    """The hash of the n-th commit."""
    return f"{number * 2_654_435_761 % 2**32:08x}" + f"{number:032x}"


def key(
    name: str, metric: Metric = TIME, machine: str = "lab", environment: str = "py3.12", **params: str
) -> SeriesKey:
    """A series on `main`."""
    return SeriesKey(
        BenchmarkId("sandbox", name, tuple(params.items())), metric, machine, environment, "main"
    )


def series(of: SeriesKey, values: Sequence[float], *, first: int = 0, step: int = 1) -> Series:
    """Points at every `step`-th commit from `first` on, each with an interval of 2 %."""
    numbers = range(first, first + step * len(values), step)
    found = np.array(values, dtype=float)
    return Series(
        of,
        tuple(commit(number) for number in numbers),
        np.array([START + number * DAY for number in numbers]),
        found,
        found * 0.98,
        found * 1.02,
        ("1",) * len(values),
    )


def placed(
    of: Series, index: int, *, direction: Direction, recovered: int | None = None, between: int | None = 0
) -> PlacedChange:
    """The change at a point of a series: medians of the points before and after."""
    before, after = float(np.median(of.values[:index])), float(np.median(of.values[index:recovered]))
    ratio = after / before if before > 0 else math.nan
    change = Change(
        index,
        index,
        index,
        before,
        after,
        ratio,
        ratio * 0.97,
        ratio * 1.03,
        after - before,
        0.9987,
        direction,
        recovered,
    )
    return PlacedChange(
        of.key,
        change,
        of.commits[index - 1],
        of.commits[index],
        float(of.dates[index]),
        None if between is None else tuple(commit(900 + number) for number in range(between)),
        None if recovered is None else of.commits[recovered],
    )


def alert(of: PlacedChange, accepted: str = "") -> Alert:
    """An alert about a change."""
    return Alert(f"alert-{of.commit[:8]}-{of.key.benchmark.name[:12]}", of, RULE, accepted)


def wave(count: int, level: float, seed: int) -> list[float]:
    """Points around a level, with 1 % of noise."""
    draw = random.Random(seed)
    return [level * (1 + 0.01 * draw.gauss(0, 1)) for _ in range(count)]


def full_report() -> HistoryReport:
    """Every kind of row: regressed, improved, recovered, accepted, steady, hostile, of one point and of none."""
    reports = [*_lifecycle(), *_others()]
    problems = (
        Problem("results/lab/0badc0de-py3.12.json", 17, "is cut off: the file ends within a number"),
        Problem("results/lab/<img src=x onerror=alert(1)>.json", None, "is no result file of asv"),
    )
    tags = {commit(10): "v1.0", commit(40): "v2.0"}
    main = Timeline("main", tuple(map(commit, range(60))), tuple(START + n * DAY for n in range(60)), tags)
    return HistoryReport(
        project="sandbox runner",
        reports=tuple(reports),
        timelines={"main": main},
        problems=problems,
        created=START + 60 * DAY,
        commit_url="https://forge.example/sandbox/commit/",
        version="0.1.0",
    )


def _lifecycle() -> list[SeriesReport]:
    """One benchmark of three runtimes on two machines; `runc` regressed on the first and is open."""
    found = []
    for number, (runtime, level) in enumerate((("runc", 0.137), ("crun", 0.092), ("runsc", 0.331))):
        for machine in ("lab", "attic"):
            of = key("container.Lifecycle.time_start", machine=machine, runtime=runtime)
            factor = 1.38 if (runtime, machine) == ("runc", "lab") else 1.0
            values = wave(40, level, number + len(machine)) + wave(
                20, level * factor, 10 + number + len(machine)
            )
            points = series(of, values)
            if factor > 1:
                change = placed(points, 40, direction=Direction.REGRESSION)
                found.append(SeriesReport(points, (change,), (alert(change),)))
            else:
                found.append(SeriesReport(points))
    return found


def _others() -> list[SeriesReport]:
    improved = series(key("command.Exec.time_echo"), wave(30, 4.2e-3, 20) + wave(30, 3.1e-3, 21))
    better = placed(improved, 30, direction=Direction.IMPROVEMENT)
    peak = series(
        key("memory.Sandbox.peakmem_idle", PEAK), wave(25, 41e6, 22) + wave(10, 52e6, 23) + wave(25, 41e6, 24)
    )
    gone = placed(peak, 25, direction=Direction.REGRESSION, recovered=35)
    rate = series(key("api.Requests.track_rate", RATE), wave(20, 8100.0, 25) + wave(10, 6900.0, 26), step=2)
    slower = placed(rate, 20, direction=Direction.REGRESSION, between=1)
    hostile = series(key(HOSTILE, engine="a\u202eb, <i>c</i>"), wave(12, 5e-7, 27) + wave(12, 9e-7, 28))
    worse = placed(hostile, 12, direction=Direction.REGRESSION, between=None)
    single = series(key("files.Write.time_fsync", machine="new"), [0.002], first=59)
    return [
        SeriesReport(improved, (better,)),
        SeriesReport(peak, (gone,), (alert(gone),)),
        SeriesReport(rate, (slower,), (alert(slower, "the new limits are worth it"),)),
        SeriesReport(hostile, (worse,), (alert(worse),)),
        SeriesReport(single, problems=(Problem("files.Write.time_fsync", None, "has one point only"),)),
        SeriesReport(
            replace(
                single,
                key=key("files.Write.time_open"),
                commits=(),
                dates=np.empty(0),
                values=np.empty(0),
                low=np.empty(0),
                high=np.empty(0),
                versions=(),
            )
        ),
    ]


def large_report(benchmarks: int, commits: int) -> HistoryReport:
    """So many benchmarks at so many commits, every tenth of which regressed."""
    hashes = tuple(map(commit, range(commits)))
    dates = np.array([START + number * 3600.0 for number in range(commits)])
    draw = np.random.default_rng(1)
    reports = []
    for number in range(benchmarks):
        values = 1e-3 * (1 + number % 97) * (1 + 0.01 * draw.standard_normal(commits))
        of = key(f"area{number % 12}.Suite{number % 40}.time_row_{number}")
        if number % 10 == 0:
            values[commits // 2 :] *= 1.2
        points = Series(of, hashes, dates, values, values * 0.98, values * 1.02, ("1",) * commits)
        if number % 10 == 0:
            change = placed(points, commits // 2, direction=Direction.REGRESSION)
            reports.append(SeriesReport(points, (change,), (alert(change),)))
        else:
            reports.append(SeriesReport(points))
    main = Timeline("main", hashes, tuple(map(float, dates)))
    return HistoryReport("large", tuple(reports), {"main": main}, (), float(dates[-1]))
