"""The folder of a published site, replaced as a whole: a reader sees the old site or the new one."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from perfbench.errors import UsageError

MARK = "perfbench-site.json"
"""Lies in every published site. A folder without it is somebody's own, and is never replaced."""

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD


@contextlib.contextmanager
def replaced_site(folder: Path) -> Iterator[Path]:
    """A new folder to write a site into, which takes the place of `folder` when the block ends well.

    The new one lies beside it until then; a killed publishing leaves it behind for the next to begin anew.
    Raises UsageError for a folder that is no published site, or that is being published already.
    """
    folder = folder.absolute()
    if folder.is_symlink():
        folder = folder.resolve()
    _check(folder)
    _make(folder.parent)
    work = folder.with_name(f".{folder.name}.publishing")
    work.mkdir(exist_ok=True)
    lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"{folder} is being published already", "wait until that has ended") from error
        _empty(work)
        try:
            yield work
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        _exchange(work, folder)
        shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(lock)


def is_site(folder: Path) -> bool:
    """Whether a folder is a published site."""
    return (folder / MARK).is_file()


def _make(parent: Path) -> None:
    """Make the folder above, and have git leave it alone where it is perfbench's own."""
    if parent.name == ".perfbench" and not parent.exists():
        parent.mkdir(parents=True)
        (parent / ".gitignore").write_text("*\n", encoding="utf-8")
    parent.mkdir(parents=True, exist_ok=True)


def _check(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file", "name a folder with -o")
    if not is_site(folder) and any(folder.iterdir()):
        raise UsageError(
            f"{folder} holds something else than a published site, which publishing would remove",
            "name a new or empty folder with -o",
        )


def _empty(work: Path) -> None:
    """Remove what a killed publishing has left."""
    for entry in work.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _exchange(work: Path, folder: Path) -> None:
    """Put the new site in the place of the old one, which then lies where the new one was."""
    if not folder.exists():
        work.rename(folder)
        return
    if not _swapped(work, folder):
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        work.rename(folder)
        old.rename(work)


def _swapped(one: Path, other: Path) -> bool:
    """Have the kernel exchange two names at once; False where it cannot."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    result: int = call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    return result == 0
