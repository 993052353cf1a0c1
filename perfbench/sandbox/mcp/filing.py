"""Files in a sandbox of any runtime, by paths that lead no further than its own folder.

A sandbox that keeps its folder on the host is read there, step by step and through no link. In any other,
links lead no further than the sandbox itself, and its own programs read.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from perfbench.errors import SandboxError, UsageError
from perfbench.sandbox.files import Folder
from perfbench.sandbox.runtimes.runtime import Sandbox

FOLDER = PurePosixPath("/tmp")  # noqa: S108  (of the sandbox)
LONGEST_PATH = 4096
WITHIN = 30.0
"""Seconds for a program that reads."""

_copying = threading.Lock()
"""Two copies to one name at once would get into each other's way."""


def write(sandbox: Sandbox, path: str, data: bytes) -> None:
    """Make `path` a file of these bytes, in a folder that is there.

    Raises SandboxError when it cannot be, or leads out.
    """
    target = _inside(path)
    folder = _on_host(sandbox, len(data))
    if folder is not None and getattr(sandbox, "file_owner", None) is None:
        folder.write(path, data)
        return
    with tempfile.NamedTemporaryFile() as file, _copying:
        file.write(data)
        file.flush()
        sandbox.copy_in(Path(file.name), str(target))


def read(sandbox: Sandbox, path: str, *, most: int) -> bytes:
    """The bytes of a file. Raises SandboxError when there is none, or it has more than `most`, or leads out."""
    target = _inside(path)
    folder = _on_host(sandbox, most)
    if folder is not None:
        return folder.read(path)
    data = _output(sandbox, ["head", "-c", str(most + 1), str(target)], path)
    if len(data) > most:
        raise SandboxError(f"{path!r} has more than the {most} bytes that are read")
    return data


def names(sandbox: Sandbox, path: str) -> list[str]:
    """The names in a folder, sorted, those of folders with a slash at the end."""
    target = _inside(path)
    folder = _on_host(sandbox, 0)
    if folder is None:
        listed = _output(sandbox, ["ls", "-1Ap", str(target)], path)
        return sorted(listed.decode(errors="replace").splitlines())
    found = [f"{entry.name}/" if entry.kind == "folder" else entry.name for entry in folder.list(path)]
    return [os.fsencode(name).decode(errors="replace") for name in found]


def _on_host(sandbox: Sandbox, most: int) -> Folder | None:
    """The sandbox's /tmp, where that is a folder of the host."""
    place = getattr(sandbox, "tmp", None)
    return Folder(place, largest=most) if isinstance(place, Path) else None


def _output(sandbox: Sandbox, argv: Sequence[str], path: str) -> bytes:
    done = sandbox.exec(argv, timeout=WITHIN)
    if done.exit_code:
        said = done.stderr[-200:].decode(errors="replace").strip()
        raise SandboxError(f"{path!r} cannot be read: {said}")
    return done.stdout


def _inside(path: str) -> PurePosixPath:
    """The absolute path inside. Raises SandboxError when it leads out, UsageError when it is none."""
    if len(path) > LONGEST_PATH or "\0" in path:
        raise UsageError("path is none that a file could have", f"give at most {LONGEST_PATH} characters")
    asked = PurePosixPath(path)
    if asked.is_absolute() or ".." in asked.parts:
        raise SandboxError(f"{path!r} leads out of the sandbox", "give a path relative to its folder")
    return FOLDER / asked
