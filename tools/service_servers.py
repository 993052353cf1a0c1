"""The servers that tools/services starts: how each is found, set up, run, asked and ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import engine_remains as remains

START_TIMEOUT = 30.0
TRIES = 3
"""A free port can be taken by somebody else before the server is there."""
HOST = "127.0.0.1"
IPC_RMID = 0
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RefusedError(Exception):
    """The servers cannot run here; the message is one sentence for the user."""


def say(message: str) -> None:
    print(f"services: {message}", file=sys.stderr, flush=True)


class Server(ABC):
    """One server, which lives in `folder` and whose URL lies in a file beside it."""

    name: ClassVar[str]
    title: ClassVar[str]
    package: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable that others find its URL in."""
    account: ClassVar[str]
    """The user that its package makes."""
    programs: ClassVar[Sequence[str]]
    """The names of the programs that run for it, its own first."""
    ending: ClassVar[signal.Signals]
    """The signal at which it ends at once and in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._url_file = folder.with_suffix(".url")

    @abstractmethod
    def program(self) -> str | None:
        """The path of its program, None where it is not installed."""

    def user(self) -> pwd.struct_passwd | None:
        """Whom it runs as when we are root; None when it runs as we do."""
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam(self.account)
        except KeyError:
            raise RefusedError(
                f"there is no user {self.account}; apt-get install --reinstall {self.package}"
            ) from None

    def url(self) -> str:
        return self._url_file.read_text().strip()

    def port(self) -> int:
        return urlsplit(self.url()).port or 0

    def running(self) -> bool:
        """Whether it is there and answers."""
        try:
            return bool(self._processes()) and self.answers(self.url())
        except (OSError, ValueError):
            return False

    def start(self) -> None:
        """Start it and wait until it answers. Raises RefusedError with its log's last line."""
        say(f"starting {self.title} in {self.folder}")
        self.folder.mkdir(mode=0o700)
        self._give(self.folder)
        secret = secrets.token_urlsafe(24)
        self.set_up(secret)
        for _ in range(TRIES):
            port = free_port()
            url = self.url_with(secret, port)
            if self._launch(self.arguments(port), url):
                self._write(self._url_file, url + "\n", ours=True)
                return
        raise RefusedError(f"{self.title} did not start: {self._last_word()}")

    def clean_up(self) -> None:
        """End it and remove what it has written; harmless when there is nothing."""
        remains.end(self._processes(), self.ending)
        remains.end(self._processes(), signal.SIGKILL)
        self._url_file.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @abstractmethod
    def set_up(self, secret: str) -> None:
        """Write what it needs before it first starts."""

    @abstractmethod
    def arguments(self, port: int) -> Sequence[str]:
        """Its command line, which everybody can read: the secret is no part of it."""

    @abstractmethod
    def url_with(self, secret: str, port: int) -> str:
        """Where clients find it."""

    @abstractmethod
    def answers(self, url: str) -> bool:
        """Whether it takes work."""

    def _launch(self, argv: Sequence[str], url: str) -> bool:
        with self.log.open("ab") as log:
            server = self._popen(argv, log.fileno())
        try:
            deadline = time.monotonic() + START_TIMEOUT
            while not self.answers(url):
                if server.poll() is not None or time.monotonic() > deadline:
                    remains.end([server.pid], signal.SIGKILL)
                    server.wait()
                    return False
                time.sleep(0.02)
        except BaseException:
            remains.end([server.pid], self.ending)
            raise
        server.returncode = 0  # it outlives us on purpose: no ResourceWarning
        return True

    def _popen(self, argv: Sequence[str], output: int) -> subprocess.Popen[bytes]:
        user = self.user()
        with signals_held_back():
            return subprocess.Popen(
                argv,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # the terminal's Ctrl-C is ours to handle
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=user and [],
            )

    def _write(self, path: Path, text: str, *, ours: bool = False) -> None:
        """A file that only the server's user can read, or only we."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        if not ours:
            self._give(path)

    def _give(self, path: Path) -> None:
        user = self.user()
        if user is not None:
            os.chown(path, user.pw_uid, user.pw_gid)

    def _processes(self) -> list[int]:
        """Those of its programs that work in its folder: in there they are started, and stay."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # gone, a zombie, or not ours
                where = (entry / "cwd").readlink()
                if (
                    where.is_relative_to(self.folder)
                    and (entry / "comm").read_text().strip() in self.programs
                ):
                    found.append(int(entry.name))
        return found

    def _last_word(self) -> str:
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


class Redis(Server):
    """Redis, which keeps everything in memory and nothing on the disk."""

    name = "redis"
    title = "Redis"
    package = "redis-server"
    variable = "PERFBENCH_REDIS_URL"
    account = "redis"
    programs = ("redis-server",)
    ending = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._settings = folder / "redis.conf"

    def program(self) -> str | None:
        return shutil.which(self.programs[0])

    def set_up(self, secret: str) -> None:
        lines = [
            f"bind {HOST}",
            f"requirepass {secret}",
            'save ""',
            "appendonly no",
            "daemonize no",
        ]
        self._write(self._settings, "\n".join(lines) + "\n")

    def arguments(self, port: int) -> Sequence[str]:
        return [str(self.program()), str(self._settings), "--port", str(port)]

    def url_with(self, secret: str, port: int) -> str:
        return f"redis://:{secret}@{HOST}:{port}/0"

    def answers(self, url: str) -> bool:
        parts = urlsplit(url)
        try:
            with socket.create_connection((HOST, parts.port or 0), timeout=2) as connection:
                connection.sendall(f"AUTH {parts.password}\r\nPING\r\n".encode())
                return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


class Postgres(Server):
    """PostgreSQL, with a password asked of everyone and no flush to the disk."""

    name = "postgres"
    title = "PostgreSQL"
    package = "postgresql"
    variable = "PERFBENCH_POSTGRES_URL"
    account = "postgres"
    programs = ("postgres", "initdb")
    ending = signal.SIGINT
    """Its fast shutdown: clients are cut off."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "data"

    def program(self) -> str | None:
        """Debian keeps each version's programs in a folder of its own; the newest is taken."""
        found = sorted(
            Path("/usr/lib/postgresql").glob(f"*/bin/{self.programs[0]}"), key=lambda path: int(path.parts[4])
        )
        return str(found[-1]) if found else shutil.which(self.programs[0])

    def set_up(self, secret: str) -> None:
        password = self.folder / "password"
        self._write(password, secret + "\n")
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            "--username=perfbench",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        )
        password.unlink()

    def arguments(self, port: int) -> Sequence[str]:
        settings = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "dynamic_shared_memory_type": "mmap",  # in its folder, so that it goes with it after a kill -9 too
            "deadlock_timeout": "200ms",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.program()), "-D", str(self.data), *options]

    def url_with(self, secret: str, port: int) -> str:
        return f"postgresql://perfbench:{secret}@{HOST}:{port}/postgres"

    def answers(self, url: str) -> bool:
        argv = [self._beside("pg_isready"), "--quiet", f"--host={HOST}", f"--port={urlsplit(url).port}"]
        return subprocess.run(argv, capture_output=True, timeout=10, check=False).returncode == 0

    def clean_up(self) -> None:
        remains.end(self._processes(), self.ending)
        remains.end(self._processes(), signal.SIGKILL)
        self._remove_shared_memory()
        super().clean_up()

    def _remove_shared_memory(self) -> None:
        """A killed server leaves a few bytes of System V memory; its lock file says which."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            key, number = (self.data / "postmaster.pid").read_text().split("\n")[6].split()
            segments = [line.split()[:2] for line in Path("/proc/sysvipc/shm").read_text().split("\n")[1:]]
            if [key, number] in segments:
                ctypes.CDLL(None).shmctl(int(number), IPC_RMID, None)

    def _run(self, program: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            process = self._popen([self._beside(program), *arguments], log.fileno())
        try:
            code = process.wait(START_TIMEOUT)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if code != 0:
            raise RefusedError(f"{program} failed: {self._last_word()}")

    def _beside(self, program: str) -> str:
        return str(Path(str(self.program())).resolve().with_name(program))


SERVERS: tuple[type[Server], ...] = (Redis, Postgres)


@contextlib.contextmanager
def signals_held_back() -> Iterator[None]:
    """Let an interrupt wait until a process that is being started can be found, and so ended."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda came_in, _: came.append(came_in)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for interrupt in came:
            signal.raise_signal(interrupt)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])
