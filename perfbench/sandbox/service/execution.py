"""Run a command in a sandbox and hold only so much of what it says.

A sandbox's own `exec` gives back the whole output, and a command can say more than there is memory. So the
output goes elsewhere on its way. Where the sandbox's /tmp is a directory of the host, a shell that is given
nothing but the argument vector turns the output into two hidden files there and becomes the command: they
take the disk that the command could fill anyway, and only their beginning is read. In a container, `head`
sits at the end of both streams and ends the command with SIGPIPE once it has said too much.

Both scripts are constant. The words of the command reach them as positional parameters, and `exec` runs
programs alone: no word is ever read as shell.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.local import LocalSandbox
from perfbench.sandbox.runtimes.runtime import ExecResult, Sandbox
from perfbench.sandbox.service.refusals import OutOfTimeError

TO_FILES = 'exec "$@" >"$0.out" 2>"$0.err"'
THROUGH_HEAD = """exec 3>&1 4>&2
code=$({ { { (exec "$@" 3>&- 4>&- 5>&- 6>&-); echo $? >&5; } 2>&1 >&6 | head -c "$0" >&4; } 6>&1 |
    head -c "$0" >&3; } 5>&1)
exit "$code"
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command did; `truncated` when it said more than is told."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    truncated: bool


def run(sandbox: Sandbox, argv: Sequence[str], *, stdin: bytes, timeout: float, most: int) -> Answer:
    """Run `argv` and keep `most` bytes of each of its streams.

    Raises OutOfTimeError after `timeout` seconds, and SandboxError when the sandbox does not run.
    """
    begun = time.monotonic()
    try:
        if isinstance(sandbox, LocalSandbox):
            return _to_files(sandbox, argv, stdin, timeout, most)
        result = sandbox.exec(["sh", "-c", THROUGH_HEAD, str(most + 1), *argv], stdin=stdin, timeout=timeout)
        return _cut(result, most)
    except SandboxError as error:
        if time.monotonic() - begun >= timeout:
            raise OutOfTimeError(error.message, "give it a longer timeout, or less to do") from error
        raise


def _to_files(sandbox: LocalSandbox, argv: Sequence[str], stdin: bytes, timeout: float, most: int) -> Answer:
    name = f".exec-{secrets.token_hex(8)}"
    with _folder(sandbox) as folder:
        try:
            result = sandbox.exec(["sh", "-c", TO_FILES, name, *argv], stdin=stdin, timeout=timeout)
            # What the shell itself had to say, when it could not make the files, comes after what is in them.
            streams = [
                _beginning(folder, name + end, most + 1) + said
                for end, said in ((".out", result.stdout), (".err", result.stderr))
            ]
        finally:
            for end in (".out", ".err"):
                with contextlib.suppress(OSError):
                    os.unlink(name + end, dir_fd=folder)
    return _cut(ExecResult(result.exit_code, *streams), most)


@contextmanager
def _folder(sandbox: LocalSandbox) -> Iterator[int]:
    """A descriptor of the sandbox's /tmp, which commands cannot put another in the place of."""
    try:
        folder = os.open(sandbox.tmp, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SandboxError(f"the sandbox {sandbox.id} has lost its directory") from error
    try:
        yield folder
    finally:
        os.close(folder)


def _beginning(folder: int, name: str, most: int) -> bytes:
    """The first bytes of a file that the command may have made anything of: a link, a FIFO, nothing."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(name, flags, dir_fd=folder)
    except OSError:
        return b""
    with os.fdopen(file, "rb") as stream:
        return stream.read(most) if stat.S_ISREG(os.fstat(file).st_mode) else b""


def _cut(result: ExecResult, most: int) -> Answer:
    truncated = len(result.stdout) > most or len(result.stderr) > most
    return Answer(result.exit_code, result.stdout[:most], result.stderr[:most], truncated)
