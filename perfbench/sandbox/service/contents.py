"""Files in a sandbox, by paths beneath its /tmp that lead nowhere else."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from perfbench.errors import SandboxError
from perfbench.sandbox.files import LARGEST_FILE, Folder
from perfbench.sandbox.runtimes.local import LocalSandbox
from perfbench.sandbox.runtimes.runtime import Sandbox
from perfbench.sandbox.service.refusals import RefusedError, UnknownFileError, bad

MOST_PATH = 1024
Content = TypeVar("Content")
LOOKS_FOR = 10.0
"""Seconds after which a file in a container that gives no answer is left alone."""


def checked(path: str) -> str:
    """A path as clients write it, relative to /tmp. Raises RefusedError (400) for one that could lead out of it."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path or len(path) > MOST_PATH:
        raise bad(
            f"{path[:100]!r} is no path within the sandbox", "write it relative to its /tmp, without `..`"
        )
    return "/".join(parts)


def read(sandbox: Sandbox, path: str, most: int) -> bytes:
    """A file's content. Raises UnknownFileError, and SandboxError when it has more than `most` bytes."""
    inside = checked(path)
    if isinstance(sandbox, LocalSandbox):
        return _in_folder(lambda folder: folder.read(inside), sandbox, inside, most)
    content = _told(sandbox, ["head", "-c", str(most + 1), _inside(inside)], inside)
    if len(content) > most:
        raise SandboxError(f"{inside!r} has more than the {most} bytes that are read")
    return content


def write(sandbox: Sandbox, path: str, content: bytes) -> None:
    """Make `content` that of a file, which is replaced; the folders on the way are made where they are missing.

    Raises SandboxError when something stands in the way.
    """
    inside = checked(path)
    if isinstance(sandbox, LocalSandbox) and sandbox.file_owner is None:
        _in_folder(lambda folder: folder.write(inside, content), sandbox, inside)
        return
    folder = _inside(inside).rpartition("/")[0]
    if "/" in inside and sandbox.exec(["mkdir", "-p", folder], timeout=LOOKS_FOR).exit_code != 0:
        raise SandboxError(f"cannot make the folders of {inside!r}")
    with tempfile.NamedTemporaryFile(prefix="perfbench-service-") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(content)
        file.flush()
        try:
            sandbox.copy_in(Path(file.name), _inside(inside))
        except SandboxError as error:
            raise _explained(error, inside) from error


def delete(sandbox: Sandbox, path: str) -> None:
    """Remove a file. Raises UnknownFileError when there is none."""
    inside = checked(path)
    if isinstance(sandbox, LocalSandbox):
        _in_folder(lambda folder: folder.delete(inside), sandbox, inside)
    else:
        _told(sandbox, ["rm", _inside(inside)], inside)


def _inside(path: str) -> str:
    """A path as the sandbox itself has it."""
    return f"/tmp/{path}"  # noqa: S108  (of the sandbox)


def _in_folder(
    do: Callable[[Folder], Content], sandbox: LocalSandbox, inside: str, most: int = LARGEST_FILE
) -> Content:
    try:
        return do(Folder(sandbox.tmp, largest=most))
    except SandboxError as error:
        raise _explained(error, inside) from error


def _told(sandbox: Sandbox, argv: Sequence[str], inside: str) -> bytes:
    """What a small tool inside says; a link leads it nowhere but to places of its own container."""
    result = sandbox.exec(argv, timeout=LOOKS_FOR)
    if result.exit_code != 0:
        raise UnknownFileError(f"there is no file {inside!r} in the sandbox")
    return result.stdout


def _explained(error: SandboxError, inside: str) -> SandboxError | RefusedError:
    """The error as a client can use it: without the host's paths."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, (FileNotFoundError, NotADirectoryError)):
        return UnknownFileError(f"there is no {inside!r} in the sandbox")
    if isinstance(cause, OSError) and cause.errno == errno.ELOOP:
        return bad(f"{inside!r} leads through a link")
    return error
