"""Copy files in and out of a sandbox whose /tmp is a directory of the host.

What lies in that directory was put there by the sandbox and is not to be trusted: a link in it could point
anywhere on the host. So every step of a path is opened beneath the one before, and none may be a link.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from perfbench.errors import SandboxError

CHUNK = 1 << 20


def copy_in(tmp: Path, source: Path, target: str, *, owner: tuple[int, int] | None = None) -> None:
    """Copy `source` to the path `target` inside, where `tmp` is the sandbox's /tmp; `owner` is (uid, gid)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with source.open("rb") as original, _parent_of(tmp, target) as (directory, name):
            mode = os.fstat(original.fileno()).st_mode & 0o777
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=directory)
            with os.fdopen(os.open(name, flags, mode, dir_fd=directory), "wb") as copy:
                if owner is not None:
                    os.fchown(copy.fileno(), *owner)
                shutil.copyfileobj(original, copy, CHUNK)
    except OSError as error:
        raise SandboxError(f"cannot copy {source} to {target} in the sandbox: {error.strerror}") from error


def copy_out(tmp: Path, source: str, target: Path) -> None:
    """Copy the path `source` inside to `target`, where `tmp` is the sandbox's /tmp."""
    # A FIFO in place of the file must not hold us up.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with (
            _parent_of(tmp, source) as (directory, name),
            os.fdopen(os.open(name, flags, dir_fd=directory), "rb") as original,
        ):
            if not stat.S_ISREG(os.fstat(original.fileno()).st_mode):
                raise SandboxError(f"{source} in the sandbox is not a regular file")
            with target.open("wb") as copy:
                shutil.copyfileobj(original, copy, CHUNK)
    except OSError as error:
        raise SandboxError(f"cannot copy {source} from the sandbox to {target}: {error.strerror}") from error


@contextmanager
def _parent_of(tmp: Path, inside: str) -> Iterator[tuple[int, str]]:
    """Open the directory that holds the path `inside`; gives its descriptor and the last name of the path."""
    parts = PurePosixPath(inside).parts
    if len(parts) < 3 or parts[:2] != ("/", "tmp") or ".." in parts or "\0" in inside:
        raise SandboxError(f"{inside!r} is not a path beneath /tmp", "files go in and out by /tmp alone")
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    directory = os.open(tmp, flags)
    try:
        for part in parts[2:-1]:
            below = os.open(part, flags, dir_fd=directory)
            os.close(directory)
            directory = below
        yield directory, parts[-1]
    finally:
        os.close(directory)
