"""A server of the user's own: started for one side, waited for, watched, and taken down with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from perfbench.errors import PerfbenchError
from perfbench.measure.client import worker_environment
from perfbench.measure.program import ProgramFailedError, ProgramMissingError, Said, drained, run_program
from perfbench.model import Served, System

KEEPER = Path(__file__).with_name("keeper.py")

GRACE = 5.0
"""Seconds that a server gets to go of its own accord."""

STOPPING = 10.0
"""Seconds that its `stop` may take."""

NOTICED = 0.5
"""Seconds until the end of a server is known here at the latest."""

PAUSE = 0.05
"""Seconds between two looks at a server that is not ready."""

ONE_LOOK = 10.0
"""Seconds that one run of `ready` may take."""

LEAST_LOOK = 3.0
"""Seconds that the last one gets, so that the reason which it gives is one."""

LOOPBACK = "127.0.0.1"
PORT_VARIABLE = "PORT"


class ServerFailedError(PerfbenchError):
    """A server did not start, did not get ready or died. `said` is what is kept of its output."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class Server:
    """One server of one side, started when it is made. Raises ServerFailedError where it does not get ready.

    `root` is the top of the side's checkout and where it runs, `environment` what is added to ours.
    """

    def __init__(self, system: System, root: Path, environment: Mapping[str, str]) -> None:
        if system.served is None:
            raise ValueError(f"nobody says how {system.name} is started")
        self.port = free_port()
        self._name = f"the server of [sut.{system.name}]"
        self._served: Served = system.served
        self._root = root
        self._host = urlsplit(filled(system.address, root, self.port)).hostname or LOOPBACK
        self._environment = {**worker_environment(environment, 0), PORT_VARIABLE: str(self.port)}
        self._said = Said()
        self._ended = threading.Event()
        self._how = ""
        self._keeper = self._start()
        self._readers = [
            drained(self._keeper.stderr, self._said.take),
            drained(self._keeper.stdout, self._told),
        ]
        try:
            self._wait_until_ready()
        except BaseException:
            self.end()
            raise

    @property
    def said(self) -> str:
        """What is kept of its output."""
        return self._said.text()

    def gone(self, wait: float = 0.0) -> str:
        """One sentence where it has died by now, or within `wait` seconds; empty while it lives.

        What goes on in the background, once `start` has ended with 0, lives while its port answers.
        """
        over = self._ended.wait(wait) or self._keeper.poll() is not None
        if not over or (self._how == "" and self._answers()):
            return ""
        how = self._how or "ended"
        return f"{self._name} {how} in mid-run{self._last_line()}"

    def end(self) -> None:
        """Run its `stop`, and kill what is left; harmless the second time."""
        with contextlib.suppress(OSError):
            if self._keeper.stdin is not None:
                self._keeper.stdin.close()
        try:
            self._keeper.wait(STOPPING + 4 * GRACE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._keeper.pid, signal.SIGKILL)
            self._keeper.wait()
            for reader in self._readers:
                reader.join(1.0)

    def _start(self) -> subprocess.Popen[bytes]:
        keeper = subprocess.Popen(
            (sys.executable, "-I", "-S", str(KEEPER)),
            cwd=self._root,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        order = {
            "start": self._argv(self._served.start),
            "stop": self._argv(self._served.stop),
            "grace": GRACE,
            "stopping": STOPPING,
        }
        with contextlib.suppress(OSError):  # a keeper that dies at once is met again while it is waited for
            if keeper.stdin is not None:
                keeper.stdin.write(json.dumps(order).encode() + b"\n")
                keeper.stdin.flush()
        return keeper

    def _argv(self, argv: tuple[str, ...]) -> list[str]:
        return [filled(word, self._root, self.port) for word in argv]

    def _told(self, chunk: bytes) -> None:
        """What the keeper says of the end of `start`: it is short, and comes in one piece."""
        told = json.loads(chunk)
        code = told.get("ended")
        if code is None:
            self._how = str(told["refused"])
        elif code:
            self._how = (
                f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            )
        self._ended.set()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._served.timeout
        refusal = ""
        while True:
            if (refusal := self._not_ready(deadline - time.monotonic())) == "":
                return
            if self._ended.is_set() and self._how:
                raise self._failed(f"{self._name} {self._how} before it was ready")
            if self._keeper.poll() is not None:
                raise self._failed(f"{self._name} was killed before it was ready")
            if time.monotonic() >= deadline:
                raise self._failed(f"{self._name} is not ready after {self._served.timeout:g} s: {refusal}")
            self._ended.wait(PAUSE) if not self._ended.is_set() else time.sleep(PAUSE)

    def _not_ready(self, seconds: float) -> str:
        """Why it is not ready; empty when it is."""
        if not self._served.ready:
            return "" if self._answers() else f"nothing listens on port {self.port}"
        try:
            run_program(
                self._argv(self._served.ready),
                cwd=self._root,
                environment=self._environment,
                timeout=max(LEAST_LOOK, min(ONE_LOOK, seconds)),
            )
        except (ProgramFailedError, ProgramMissingError) as error:
            return f"its ready command {error.message}"
        return ""

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self._host, self.port), timeout=1.0):
                return True
        except OSError:
            return False

    def _failed(self, message: str) -> ServerFailedError:
        self.end()
        return ServerFailedError(message + self._last_line(), self.said)

    def _last_line(self) -> str:
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return f" (it said: {lines[-1][:200]})" if lines else ""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def filled(text: str, root: Path, port: int) -> str:
    """The text with `{root}` and `{port}` filled in."""
    return text.replace("{root}", str(root)).replace("{port}", str(port))
