"""Real Redis and PostgreSQL servers for tests: those that the environment names, else throw-away ones.

A test module or conftest imports the fixture `server_urls`. Each worker of pytest-xdist starts its own when a
test first asks for one. They end with the worker, also when it is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

SERVICES = Path(__file__).resolve().parents[1] / "tools" / "services"
VARIABLES = {"redis": "PERFBENCH_REDIS_URL", "postgres": "PERFBENCH_POSTGRES_URL"}
CLIENTS = {"redis": "redis", "postgres": "psycopg"}

GUARD = """
import subprocess, sys
sys.stdin.read()
subprocess.run(sys.argv[1:], capture_output=True)
"""
"""Runs a command as soon as its standard input ends: when the test run does, whatever ends that."""


@pytest.fixture(scope="session")
def server_urls() -> dict[str, str]:
    """Store → URL of a real server; those that cannot be had here are missing."""
    given = {store: os.environ[variable] for store, variable in VARIABLES.items() if os.environ.get(variable)}
    return given if len(given) == len(VARIABLES) else {**throw_away(), **given}


@cache
def throw_away() -> dict[str, str]:
    """Servers of our own, as far as they are installed; one of each a process, however many import the fixture."""
    home = Path(tempfile.mkdtemp(prefix="pbs-"))  # in /tmp itself: the servers' users must come to it
    home.rmdir()
    command = [sys.executable, str(SERVICES), "--home", str(home)]
    guard = subprocess.Popen(
        [sys.executable, "-c", GUARD, *command, "stop"], stdin=subprocess.PIPE, start_new_session=True
    )
    atexit.register(_end, guard)
    done = subprocess.run([*command, "start"], capture_output=True, text=True, timeout=120, check=False)
    lines = dict(shlex.split(line)[1].split("=", 1) for line in done.stdout.splitlines())
    return {store: lines[variable] for store, variable in VARIABLES.items() if variable in lines}


def _end(guard: subprocess.Popen[bytes]) -> None:
    assert guard.stdin is not None
    guard.stdin.close()
    guard.wait(60)


def url_or_skip(urls: dict[str, str], store: str) -> str:
    """The URL of the store's server; the test is skipped where there is none, or no client for it."""
    if find_spec(CLIENTS[store]) is None:
        pytest.skip(f"{CLIENTS[store]} is not installed")
    if store not in urls:
        pytest.skip(
            f"there is no {store} server here: neither {VARIABLES[store]} nor tools/services gives one"
        )
    return urls[store]


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Relay:
    """A way to a server that can be cut, and become silent, while clients are connected.

    `cut()` drops every connection, as a server that is restarted does; `silence()` lets them stand but
    passes nothing on any more, as one that hangs.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._silent = False
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def cut(self) -> None:
        """Drop the connections that are there; new ones are welcome."""
        dropped, self._sockets = self._sockets, []
        for one in dropped:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """Pass nothing on from now on."""
        self._silent = True

    def close(self) -> None:
        """Drop everything and take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _run(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                self._run(self._pass_on, client, server)
                self._run(self._pass_on, server, client)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with source, contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._silent:
                    target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
