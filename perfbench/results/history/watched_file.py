"""What is known of the newest changes between one import and the next: `watched.json` in the history's folder.

It can be lost without harm: the next import then takes all changes that it finds as known.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from perfbench.errors import PerfbenchError
from perfbench.model_history import Direction, Status
from perfbench.results.replacing import replace_bytes

STATE_FILE = "watched.json"

_LARGEST = 64 * 1024**2
_VERSION = 1
_MOST = 2**53

_Count = Annotated[int, msgspec.Meta(ge=0, lt=_MOST)]


class WatchedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One change: the commit at which the new level was first seen, and what `analysis.watching` knew of it."""

    commit: str
    seen: _Count
    status: Status
    direction: Direction
    ratio: float | None
    sureness: float


WatchedSeries = dict[str, tuple[WatchedLine, ...]]
"""The changes by their series' key, as text."""


class _State(Struct, frozen=True):
    version: int
    series: WatchedSeries


def read_watched(folder: Path) -> WatchedSeries | None:
    """What the last import knew; None where there is no such file, or it is damaged, or of another version."""
    path = folder / STATE_FILE
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        state = msgspec.json.decode(path.read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return state.series if state.version == _VERSION else None


def write_watched(folder: Path, series: WatchedSeries) -> None:
    """Remember these changes, in one step. Raises PerfbenchError where that cannot be done."""
    data = msgspec.json.encode(_State(_VERSION, series))
    if len(data) > _LARGEST:
        raise PerfbenchError(
            f"{folder / STATE_FILE} would hold more than {_LARGEST // 1024**2} MiB",
            "keep fewer projects in one history",
        )
    replace_bytes(folder / STATE_FILE, data)
