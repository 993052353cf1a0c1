"""Where the sides lie: `.perfbench/sides/<16 hex>/`, each complete or worth nothing.

A side's folder holds `tree` (a git worktree), `env` (a virtual environment), `wheels` (what the build
left) and `complete.json`, which is written last. Only the newest are kept.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfbench.measure.repository import GitRefusedError, keep_out, run

if TYPE_CHECKING:
    from git import Repo

KEPT = 8
MARKER = "complete.json"


@dataclass(frozen=True, slots=True)
class SideFolder:
    """One side's folder; the names in it are equally long on both sides."""

    path: Path

    @property
    def tree(self) -> Path:
        """The checked-out revision."""
        return self.path / "tree"

    @property
    def env(self) -> Path:
        """The virtual environment."""
        return self.path / "env"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.env / "bin" / "python"

    @property
    def wheels(self) -> Path:
        """asv's build cache: where a build command leaves its wheel."""
        return self.path / "wheels"

    def record(self) -> Mapping[str, Any] | None:
        """What `complete` was given, or None where the side is not, or no longer, whole."""
        try:
            record = json.loads((self.path / MARKER).read_text())
        except (OSError, ValueError):
            return None
        # A folder that was moved has broken paths inside; an interpreter that is gone, a broken link.
        whole = isinstance(record, dict) and record.get("path") == str(self.path)
        return record if whole and self.python.exists() and (self.tree / ".git").exists() else None

    def complete(self, record: Mapping[str, Any]) -> None:
        """Declare it whole."""
        draft = self.path / f"{MARKER}.new"
        draft.write_text(json.dumps({**record, "path": str(self.path)}))
        draft.replace(self.path / MARKER)

    def touch(self) -> None:
        """Note that it was used now."""
        os.utime(self.path / MARKER)


class SideFolders:
    """All sides of one repository below one folder. Use it inside `locked` alone."""

    def __init__(self, path: Path, repo: Repo, lock: int) -> None:
        self._path = path
        self._repo = repo
        self.lock = lock
        """The file descriptor that holds the lock; a build inherits it, and so holds it as well."""

    def folder(self, key: str) -> SideFolder:
        """The folder of that key, whatever is in it."""
        return SideFolder(self._path / key)

    def fresh(self, folder: SideFolder) -> None:
        """Make it anew and empty."""
        self.discard(folder)
        folder.path.mkdir()

    def check_out(self, folder: SideFolder, commit: str) -> None:
        """Make its tree. The worktree's HEAD keeps a snapshot's commit from git's garbage collection."""
        run(self._repo, "worktree", "add", "--quiet", "--force", "--detach", str(folder.tree), commit)

    def discard(self, folder: SideFolder) -> None:
        """Remove a side, and git's record of its worktree."""
        (folder.path / MARKER).unlink(missing_ok=True)
        if folder.path.exists():
            shutil.rmtree(folder.path)
        if folder.tree in self._worktrees():
            self._forget(folder.tree)

    def trim(self, used: Collection[SideFolder]) -> None:
        """Remove what is half-built, all but the newest, and records of worktrees that are gone."""
        whole = {}
        for path in self._path.iterdir():
            folder = SideFolder(path)
            if path.is_dir() and folder.record() is None:
                self.discard(folder)
            elif path.is_dir():
                whole[folder] = folder in used, (path / MARKER).stat().st_mtime_ns
        for folder in sorted(whole, key=whole.__getitem__, reverse=True)[KEPT:]:
            self.discard(folder)
        for tree in self._worktrees():
            if not tree.exists():
                self._forget(tree)

    def _worktrees(self) -> list[Path]:
        """The worktrees that git records below our folder, whether they exist or not."""
        listed = run(self._repo, "worktree", "list", "--porcelain").splitlines()
        paths = [Path(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree ")]
        return [path for path in paths if path.is_relative_to(self._path)]

    def _forget(self, tree: Path) -> None:
        try:
            # Twice, since one whose checkout was killed is still locked.
            run(self._repo, "worktree", "remove", "--force", "--force", str(tree))
        except GitRefusedError:
            # A record so broken that git cannot even remove it by name.
            run(self._repo, "worktree", "prune")


@contextmanager
def locked(cache: Path, repo: Repo, say: Callable[[str], None]) -> Iterator[SideFolders]:
    """The sides below `cache`, for this process alone; waits while another one builds there.

    The lock belongs to the builds as well: after a kill -9 nobody starts over while pip still writes.
    """
    path = cache.resolve() / "sides"
    path.mkdir(parents=True, exist_ok=True)
    keep_out(cache)
    with (path / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another perfbench builds here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield SideFolders(path, repo, lock.fileno())
