"""What is remembered of alerts from one run to the next: `told.json` in the history's folder.

It only keeps an alert from being told twice; without it nothing is lost but that.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from perfbench.analysis.alerts import MOST_COMMITS, ToldAlert
from perfbench.errors import PerfbenchError, UsageError

STATE_FILE = "told.json"
LOCK_FILE = "told.lock"

KEPT = 20_000
"""So many alerts are remembered, those that were seen last."""

LARGEST_FILE = 64 * 1024 * 1024

_VERSION = 1
_MOST_TEXT = 200


class _Told(Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    series: str
    commits: tuple[str, ...]
    told: bool


class _State(Struct, frozen=True):
    version: int
    alerts: tuple[_Told, ...]


def read_told(folder: Path) -> tuple[tuple[ToldAlert, ...], str]:
    """The alerts that are remembered in `folder`, and a sentence where what lies there cannot be used; else empty.

    A file that is damaged counts as none: what is open may then be told once more. Raises PerfbenchError where it is
    there and cannot be read, or is of a later version.
    """
    path = folder / STATE_FILE
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return (), ""
    except OSError as error:
        raise _refused(path, error) from None
    damaged = f"{path} is damaged and is made anew: alerts that were told before may be told once more"
    try:
        if len(raw) > LARGEST_FILE:
            return (), damaged
        state = msgspec.json.decode(raw, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (), damaged
    if state.version != _VERSION:
        raise PerfbenchError(
            f"{path} is of version {state.version}, this perfbench writes {_VERSION}",
            "use a newer one, or remove it",
        )
    if not all(map(_is_sound, state.alerts)):
        return (), damaged
    return tuple(ToldAlert(one.id, one.series, one.commits, one.told) for one in state.alerts), ""


def write_told(folder: Path, alerts: Sequence[ToldAlert]) -> None:
    """Remember these alerts, the last `KEPT` of them, in one step. Raises PerfbenchError where that fails."""
    path = folder / STATE_FILE
    content = _encoded(alerts[-KEPT:])
    while len(content) > LARGEST_FILE:  # very wide ranges
        alerts = alerts[-(len(alerts[-KEPT:]) // 2) :]
        content = _encoded(alerts)
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{STATE_FILE}.", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refused(path, error) from None


def _encoded(alerts: Sequence[ToldAlert]) -> bytes:
    told = tuple(_Told(one.id, one.series, one.commits, one.told) for one in alerts)
    return msgspec.json.encode(_State(_VERSION, told))


@contextlib.contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Hold the memory for the `with` block, so that two at once do not both tell. Raises UsageError if another does."""
    path = folder / LOCK_FILE
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise _refused(path, error) from None
        raise UsageError(
            f"another process tells the alerts of {folder}",
            "wait for it, or leave --webhook and --markdown out",
        ) from None
    try:
        yield
    finally:
        os.close(file)


def _is_sound(one: _Told) -> bool:
    texts = (one.id, one.series, *one.commits)
    return 0 < len(one.commits) <= MOST_COMMITS and all(0 < len(text) <= _MOST_TEXT for text in texts)


def _refused(path: Path, error: OSError) -> PerfbenchError:
    return PerfbenchError(
        f"cannot use {path}: {error.strerror or error}", "make its folder readable and writable"
    )
