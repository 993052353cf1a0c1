"""Where sandboxes made without an engine live on disk, and what of it outlived its owner.

    <temporary folder>/perfbench-<uid>/      mode 700, ours alone
        <owner>/                             the owner's label as a name: boot_pid_start
            perfbench-<driver>-<hex>/        one sandbox; its name is the sandbox's id
            shared/                          what the owner's sandboxes share

The owner stands in the name of the directory, so there is no moment in which a sandbox exists without one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
import time
from pathlib import Path

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.ownership import Owner

SHARED = "shared"

_OTHERS_END_WITHIN = 10.0
"""Seconds for which something else may still write into what is being removed: another sweep, a dying runtime."""


def root() -> Path:
    """The directory under which everything lies; made where it is missing.

    Raises SandboxError when the place is taken by something that another user could have planted.
    """
    path = Path(tempfile.gettempdir()) / f"perfbench-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise SandboxError(
            f"cannot make {path}: {error.strerror}", "set TMPDIR to a folder you can write to"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SandboxError(
            f"{path} is not a directory that only you can enter", "remove it, or set TMPDIR to another folder"
        )
    return path


def home(owner: Owner) -> Path:
    """The directory of all that `owner` holds."""
    return root() / str(owner).replace("/", "_")


def claim(driver: str) -> Path:
    """Make the private directory of a new sandbox of this process, and `tmp` in it.

    Raises SandboxError when the disk is full or the place cannot be written to.
    """
    directory = home(Owner.current()) / f"perfbench-{driver}-{secrets.token_hex(5)}"
    try:
        directory.mkdir(mode=0o700, parents=True)
        (directory / "tmp").mkdir(mode=0o700)
    except OSError as error:
        raise SandboxError(
            f"cannot make {directory}: {error.strerror}", "free space, or set TMPDIR to another folder"
        ) from error
    return directory


def abandoned(driver: str) -> list[Path]:
    """Directories of `driver`'s sandboxes whose owners are dead."""
    found: list[Path] = []
    for place in _dead_homes():
        found.extend(sorted(place.glob(f"perfbench-{driver}-*")))
        _close(place)
    return found


def discard(directory: Path) -> None:
    """Remove a sandbox's directory, and its owner's when that was the last of a dead one; harmless if gone.

    Raises SandboxError when something in it cannot be removed.
    """
    remove_tree(directory)
    if _is_dead(directory.parent):
        _close(directory.parent)


def remove_tree(directory: Path) -> None:
    """Remove a directory tree, also one that took its own permissions away; harmless if gone.

    Follows no links. Raises SandboxError when something in it cannot be removed.
    """
    opened = False
    deadline = time.monotonic() + _OTHERS_END_WITHIN
    while os.path.lexists(directory):
        try:
            shutil.rmtree(directory)
        except FileNotFoundError:
            continue  # another sweep is at it too
        except OSError as error:
            if error.errno == errno.ENOTEMPTY and time.monotonic() < deadline:
                time.sleep(0.01)  # something was made in it meanwhile
            elif isinstance(error, PermissionError) and not opened:
                _open_up(directory)
                opened = True
            else:
                raise SandboxError(
                    f"cannot remove {directory}: {error.strerror}", "remove it by hand"
                ) from error


def _open_up(directory: Path) -> None:
    with contextlib.suppress(OSError):  # what cannot be opened is reported when it cannot be removed
        directory.chmod(0o700)
        for place, names, _ in os.walk(directory):
            for name in names:
                below = Path(place, name)
                if not below.is_symlink():
                    below.chmod(0o700)


def _dead_homes() -> list[Path]:
    return [place for place in root().iterdir() if _is_dead(place)]


def _is_dead(place: Path) -> bool:
    owner = Owner.parse(place.name.replace("_", "/"))
    return owner is not None and not owner.alive()


def _close(place: Path) -> None:
    """Remove an owner's directory unless it still holds sandboxes."""
    try:
        if all(entry.name == SHARED for entry in place.iterdir()):
            remove_tree(place)
    except FileNotFoundError:
        return  # another sweep was faster
