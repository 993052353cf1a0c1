"""Files in a sandbox of any runtime, by paths that lead no further than its own folder.

A sandbox that keeps its folder on the host is read there, step by step and through no link. In any other,
links lead no further than the sandbox itself, and its own programs read.
"""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath

from perfbench.errors import SandboxError, UsageError
from perfbench.sandbox.runtimes.runtime import Sandbox

FOLDER = PurePosixPath("/tmp")  # noqa: S108  (of the sandbox)
LONGEST_PATH = 4096
WITHIN = 30.0
"""Seconds for a program that reads."""


def write(sandbox: Sandbox, path: str, data: bytes) -> None:
    """Make `path` a file of these bytes. Raises SandboxError when it cannot be, or leads out."""
    target = _inside(path)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        sandbox.copy_in(Path(file.name), str(target))


def read(sandbox: Sandbox, path: str, *, most: int) -> bytes:
    """The bytes of a file. Raises SandboxError when there is none, or it has more than `most`, or leads out."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "file")
        sandbox.copy_out(str(_inside(path)), target)
        size = target.stat().st_size
        if size > most:
            raise SandboxError(f"{path} has {size} bytes, more than {most}")
        return target.read_bytes()


def names(sandbox: Sandbox, path: str) -> list[str]:
    """The names in a folder, sorted, those of folders with a slash at the end."""
    target = _inside(path)
    listed = sandbox.exec(["ls", "-1Ap", "--", str(target.relative_to(FOLDER))], timeout=WITHIN)
    if listed.exit_code:
        raise SandboxError(
            f"{path} cannot be listed: {listed.stderr[-200:].decode(errors='replace').strip()}"
        )
    return sorted(listed.stdout.decode(errors="replace").splitlines())


def _inside(path: str) -> PurePosixPath:
    """The absolute path inside. Raises SandboxError when it leads out."""
    if len(path) > LONGEST_PATH or "\0" in path:
        raise UsageError("path is none that a file could have")
    asked = PurePosixPath(path)
    if asked.is_absolute() or ".." in asked.parts:
        raise SandboxError(f"{path!r} leads out of the sandbox", "give a path relative to its folder")
    return FOLDER / asked
