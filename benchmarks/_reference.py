"""The API under test: the one that `[sut.api]` names, else the service that comes with perfbench.

That one is started once in this process, as a child with a port of its own, and ends with it: its standard
input is a pipe that this process holds, and the end of it is the order to leave, however this process dies.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from perfbench import sandbox, sut

SERVICE = "perfbench.sandbox.service"
STARTS_WITHIN = 30.0
"""Seconds until it listens."""
ENDS_WITHIN = 10.0
"""Seconds that it is given to remove its sandboxes."""


class Reference:
    """The service, running in a child process.

    Raises NotImplementedError, asv's way to skip, where it is not there or lacks a library; RuntimeError where it
    does not start.
    """

    def __init__(self) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the service)
        # Of the perfbench that is measured, whatever lies in the current folder.
        command = [sys.executable, "-P", "-m", SERVICE, "--port", "0", "--until-eof", "--sandboxes", "256"]
        self._process = subprocess.Popen(
            command,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
        )
        try:
            self.url = self._address()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it; harmless the second time."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _address(self) -> str:
        line = self._first_line()
        found = re.fullmatch(rb"listening on (http://\S+)\n", line)
        if found is not None:
            return found[1].decode()
        if line or self._process.poll() is None:
            raise RuntimeError(f"{SERVICE} said {line[:200]!r} and not where it listens")
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip().rpartition("\n")[2]
        if self._process.returncode == 2 or "No module named" in said:
            raise NotImplementedError(said.removeprefix("service: "))
        raise RuntimeError(f"{SERVICE} did not start: {said[:300]}")

    def _first_line(self) -> bytes:
        """What it says first; nothing where it ends without a word. Raises RuntimeError when it stays silent."""
        assert self._process.stdout is not None
        line = b""
        deadline = time.monotonic() + STARTS_WITHIN
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise RuntimeError(f"{SERVICE} did not listen within {STARTS_WITHIN:g} s")
            some = os.read(self._process.stdout.fileno(), 4096)
            if not some:
                self._process.wait(ENDS_WITHIN)
                break
            line += some
        return line


def url() -> str:
    """Where the API under test is found, without a slash at the end.

    Raises NotImplementedError where a project configures other areas and no `[sut.api]`, and what Reference raises.
    """
    table = sut.configured("api")
    if table is not None:
        return str(table["url"]).rstrip("/")
    if not sut.is_reference():
        raise NotImplementedError("no [sut.api] is configured")
    return _running().url


def _running() -> Reference:
    """The one of this process: after a fork the parent's is left alone."""
    found = _kept.get(os.getpid())
    if found is None or not found.alive:
        if found is not None:
            found.close()
        found = _kept[os.getpid()] = Reference()
    return found


_kept: dict[int, Reference] = {}


@atexit.register
def release() -> None:
    """End what this process has started."""
    found = _kept.pop(os.getpid(), None)
    if found is not None:
        found.close()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("SANDBOX_TOKEN", sut.VARIABLE)}
    root = str(Path(str(sandbox.__file__)).parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
