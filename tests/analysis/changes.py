"""Placed changes made up for the tests of alerts."""

from __future__ import annotations

import hashlib

from perfbench.model import Better, Metric
from perfbench.model_history import Change, Direction, PlacedChange, SeriesKey
from tests.analysis.samples import CLOCK, TIME, row

DAY = 86_400.0


def commit(number: int) -> str:
    """The hash of a made-up commit; `number` is also its day."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:40]


def change(
    ratio: float = 1.2,
    *,
    before: float = 0.010,
    sureness: float = 0.9999,
    direction: Direction | None = None,
    spread: float = 0.01,
) -> Change:
    """From `before` to `ratio` times as much, known to `spread` (0.01 is 1 %)."""
    chosen = direction or (Direction.REGRESSION if ratio > 1 else Direction.IMPROVEMENT)
    after = before * ratio
    return Change(
        index=5, earliest=5, latest=5, before=before, after=after, ratio=ratio, low=ratio * (1 - spread),
        high=ratio * (1 + spread), difference=after - before, sureness=sureness, direction=chosen,
    )  # fmt: skip


def placed(
    ratio: float = 1.2,
    *,
    at: int = 5,
    name: str = "module.Class.time_it",
    metric: Metric = TIME,
    recovered: int | None = None,
    between: tuple[int, ...] = (),
    within: tuple[int, ...] = (),
    branch: str = "main",
    machine: str = "host",
    since: int | None = None,
    **about: object,
) -> PlacedChange:
    """A change whose new level begins at commit number `at`, and whose old one was last seen just before."""
    if metric.better is Better.NONE:
        about.setdefault("direction", Direction.CHANGE)
    return PlacedChange(
        key=SeriesKey(row(name), metric, machine, "py3.11", branch),
        change=change(ratio, **about),  # type: ignore[arg-type]
        since=commit(at - 1 if since is None else since),
        commit=commit(at),
        date=CLOCK + at * DAY,
        between=tuple(map(commit, between)),
        recovered_at=None if recovered is None else commit(recovered),
        within=tuple(map(commit, within)),
    )
