"""What has become of the changes of many series as points are appended, without searching them all anew.

After an append, one pass over the last points of all series together (ranks, row by row) tells in which of them the
newest points could be a new level; only these, and those with a change that is not settled, are searched in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perfbench.analysis.changepoints import changes_of
from perfbench.analysis.rank_scan import FEWEST
from perfbench.model import Better
from perfbench.model_history import Change, Direction, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perfbench.model_history import Floats

WINDOW = 128
"""So many last points of a series are looked at; an older change has been settled long ago."""

SETTLED = 8
"""A change with so many points after it, and found at each append, is confirmed …"""

SURE = 0.99
"""… if it is at least as sure as this."""

_SUSPICIOUS = 2.2
"""A standardised rank sum of the newest points beyond this is worth a full search: some 3 in 100 by chance, at each
length. The least that a cut of its own ever needs is about 3."""

_LONGEST = 32
"""A new level that nobody has noticed after so many points is found by the search of the whole history."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A change of one series and its status after the last append.

    `index` counts from the first point of the whole series, `seen` is at how many points it was first found. The rest
    is as it was last found: `ratio` of the levels (NaN where it has no meaning), and how sure.
    """

    index: int
    seen: int
    status: Status
    direction: Direction
    ratio: float
    sureness: float


def watch(
    tails: Floats,
    lengths: Sequence[int],
    known: Mapping[int, Sequence[Watched]],
    betters: Sequence[Better],
) -> dict[int, tuple[Watched, ...]]:
    """The changes near the end of each series after one append, by the row in `tails`; rows without any are left out.

    `tails` (rows × at most `WINDOW`) holds the last values of each series, NaN in front where there are fewer;
    `lengths` how many points each series has in all, `known` what the append before gave, `betters` which way is
    better. A change that is known and not found again is given once more, as gone; a confirmed one that has left
    the window is given no more.
    """
    found: dict[int, tuple[Watched, ...]] = {}
    searched = suspicious(tails)
    for row in sorted({*searched.nonzero()[0].tolist(), *(row for row, before in known.items() if before)}):
        values = tails[row]
        values = values[np.isfinite(values)]
        offset = lengths[row] - len(values)
        before = [each for each in known.get(row, ()) if each.status is not Status.GONE]
        followed = _followed(changes_of(values, better=betters[row]), before, offset, lengths[row])
        if followed:
            found[row] = followed
    return found


def suspicious(tails: Floats) -> NDArray[np.bool_]:
    """Which rows' newest points could be a new level: their ranks lie high or low, for some number of newest points."""
    rows, width = tails.shape
    missing = ~np.isfinite(tails)
    counts = width - missing.sum(axis=1)
    filled = np.where(missing, -np.inf, tails)
    ranks = np.empty((rows, width))
    np.put_along_axis(
        ranks, filled.argsort(axis=1, kind="stable"), np.arange(width, dtype=np.float64)[None, :], axis=1
    )
    ranks -= (width - counts)[:, None] + (counts[:, None] - 1) / 2  # what is missing ranks lowest
    ranks[missing] = 0.0
    longest = min(_LONGEST, width)
    sums = ranks[:, ::-1][:, :longest].cumsum(axis=1)
    k = np.arange(1, longest + 1)[None, :]
    n = np.maximum(counts[:, None], 1)
    variance = k * (n - k) * (n + 1) / 12
    usable = (k >= FEWEST) & (n - k >= FEWEST)
    z = np.abs(sums) / np.sqrt(np.where(usable, variance, 1.0))
    found: NDArray[np.bool_] = np.where(usable, z, 0.0).max(axis=1) > _SUSPICIOUS
    return found


def is_settled(watched: Watched, length: int) -> bool:
    """Whether a change of a series of `length` points is old and sure enough to be confirmed when it is found again."""
    return length - watched.index >= SETTLED and watched.sureness >= SURE


def _followed(
    changes: Sequence[Change], before: Sequence[Watched], offset: int, length: int
) -> tuple[Watched, ...]:
    """The changes of one series, each with what was known of it; and those that are not found any more."""
    left = list(before)
    followed = []
    for change in changes:
        index = change.index + offset
        same = next((each for each in left if _is_same(each, change, offset)), None)
        if same is not None:
            left.remove(same)
        seen = length if same is None else same.seen
        found = Watched(index, seen, Status.NEW, change.direction, change.ratio, change.sureness)
        if same is not None and (same.status is Status.CONFIRMED or is_settled(found, length)):
            found = replace(found, status=Status.CONFIRMED)
        followed.append(found)
    gone = [
        replace(each, status=Status.GONE)
        for each in left
        if each.index > offset and not (each.status is Status.CONFIRMED and each.index < offset + SETTLED)
    ]
    return tuple(sorted((*followed, *gone), key=lambda each: each.index))


def _is_same(known: Watched, change: Change, offset: int) -> bool:
    """Whether a change found now is one found before: in the same direction, within its range or a few points of it."""
    if known.direction is not change.direction:
        return False
    return change.earliest - FEWEST <= known.index - offset <= change.latest + FEWEST
