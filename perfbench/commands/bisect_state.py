"""What a bisection has measured so far, kept after every step, so that it goes on where it was ended."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from perfbench.errors import PerfbenchError
from perfbench.model_history import BisectStep, Likeness
from perfbench.results import runs

FOLDER = "bisect"
KEPT = 20
"""So many bisections are kept, those that were at work last."""

LARGEST_FILE = 4 * 1024 * 1024

_VERSION = 1


class _Step(Struct, frozen=True, forbid_unknown_fields=True):
    commit: str
    against: str
    likeness: Likeness
    ratio: str  # JSON knows no NaN and no infinity
    low: str
    high: str
    rounds: int
    reason: str


class _State(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    about: dict[str, str]
    ends: _Step | None = None
    steps: tuple[_Step, ...] = ()
    last: _Step | None = None


@dataclass(slots=True)
class BisectState:
    """What is known: how the ends differ, each step, and the last one, of the commit that was found against its parent.

    `folder` holds it as `state.json`, with the samples beside it. `about` says in words what it is about.
    """

    folder: Path
    about: dict[str, str]
    ends: BisectStep | None = None
    steps: list[BisectStep] = field(default_factory=list)
    last: BisectStep | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing has been measured yet."""
        return self.ends is None

    def keep(self) -> None:
        """Write it, in one step. Raises PerfbenchError where that fails."""
        ends, last = (None if one is None else _written(one) for one in (self.ends, self.last))
        state = _State(_VERSION, self.about, ends, tuple(map(_written, self.steps)), last)
        path = self.folder / "state.json"
        draft = path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(state), indent=1))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise PerfbenchError(
                f"cannot write {path}: {error.strerror or error}", "make the folder writable"
            ) from None


def open_state(root: Path, key: Sequence[str], about: dict[str, str], *, restart: bool) -> BisectState:
    """The state of the bisection that `key` names, from an earlier run, or a new one; the oldest others go.

    `key` holds everything on which a measurement depends. A file that is damaged, or of another
    version, counts as none.
    """
    name = hashlib.sha256(json.dumps(list(key)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    every = runs.workspace(root) / FOLDER
    folder = every / name
    with contextlib.suppress(OSError):
        if restart and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        _trim(every, folder)
    return _read(folder, about) or BisectState(folder, about)


def _read(folder: Path, about: dict[str, str]) -> BisectState | None:
    try:
        with (folder / "state.json").open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        state = msgspec.json.decode(raw, type=_State)
        if state.version != _VERSION:
            return None
        ends, last = (None if one is None else _read_step(one) for one in (state.ends, state.last))
        return BisectState(folder, about, ends, list(map(_read_step, state.steps)), last)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _trim(every: Path, own: Path) -> None:
    others = [path for path in every.iterdir() if path != own and path.is_dir() and not path.is_symlink()]
    for old in sorted(others, key=lambda path: path.stat().st_mtime_ns, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(old)


def _written(step: BisectStep) -> _Step:
    ratio, low, high = map(repr, (step.ratio, step.low, step.high))
    return _Step(step.commit, step.against, step.likeness, ratio, low, high, step.rounds, step.reason)


def _read_step(step: _Step) -> BisectStep:
    """Raises ValueError for what is no number."""
    ratio, low, high = map(float, (step.ratio, step.low, step.high))
    return BisectStep(step.commit, step.against, step.likeness, ratio, low, high, step.rounds, step.reason)
