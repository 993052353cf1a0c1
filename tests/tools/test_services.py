"""`tools/services` as a user runs it: servers of its own beside whichever run already."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from perfbench.sandbox.sessions import open_store

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SERVICES = str(TOOLS / "services")

PATCHED = """
import os, pathlib, runpy, shutil, sys
sys.path.insert(0, os.path.dirname(sys.argv[2]))
import service_servers
exec(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
NO_REDIS = "service_servers.Redis.program = lambda _: None"
NO_POSTGRES = "service_servers.Postgres.program = lambda _: None"


def _installed() -> bool:
    return bool(shutil.which("redis-server")) and any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


can_run = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not _installed(), reason="needs redis-server and postgresql"
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder in /tmp itself, where the servers' users come to."""
    path = Path(tempfile.mkdtemp(prefix="pbs-"))
    path.rmdir()
    yield path
    services("stop", home=path)
    shutil.rmtree(path, ignore_errors=True)


def services(action: str, *, home: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, SERVICES, "--home", str(home), action]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def services_where(patch: str, action: str, *, home: Path) -> subprocess.CompletedProcess[str]:
    """The same on a machine that differs from this one in what `patch` does."""
    argv = [sys.executable, "-c", PATCHED, patch, SERVICES, "--home", str(home), action]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def exported(output: str) -> dict[str, str]:
    """What `eval` would set."""
    lines = [shlex.split(line) for line in output.splitlines()]
    assert all(words[0] == "export" and len(words) == 2 for words in lines)
    return dict(words[1].split("=", 1) for words in lines)


def traces(home: Path) -> list[str]:
    """Everything on this machine that the servers in `home` are or have left."""
    found = [str(path) for path in home.parent.glob(f"{home.name}*")]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
            where = str((entry / "cwd").readlink())
            if f"{home}/" in line or where.startswith(f"{home}/"):
                found.append(line)
    return found


def shared_memory() -> set[str]:
    """The numbers of all System V segments."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {line.split()[1] for line in lines}


def first_process(home: Path, program: str) -> int:
    """The server's own process, which is no child of another one of it."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            named = (entry / "comm").read_text() == f"{program}\n"
            if named and (entry / "cwd").readlink().is_relative_to(home):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    (first,) = (pid for pid, parent in parents.items() if parent not in parents)
    return first


def owner(pid: int) -> str:
    return pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(0.01)


@can_run
def test_both_servers_start_serve_and_go_without_a_trace(home: Path) -> None:
    started = services("start", home=home)
    assert started.returncode == 0, started.stderr
    urls = exported(started.stdout)
    assert list(urls) == ["PERFBENCH_REDIS_URL", "PERFBENCH_POSTGRES_URL"]
    for store, url in zip(("redis", "postgres"), urls.values(), strict=True):
        assert urlsplit(url).hostname == "127.0.0.1"
        with open_store(store, url=url) as sessions:
            session = sessions.create()
            assert sessions.read(session.id) == session

    assert_nobody_else_reads_the_passwords(home, urls)
    if os.geteuid() == 0:
        assert {owner(first_process(home, name)) for name in ("redis-server", "postgres")} == {
            "redis",
            "postgres",
        }

    again = services("start", home=home)
    assert (again.returncode, again.stdout, again.stderr) == (0, started.stdout, "")

    shown = services("status", home=home)
    assert shown.returncode == 0
    assert all(f"127.0.0.1:{urlsplit(url).port}" in shown.stdout for url in urls.values())
    assert not any(str(urlsplit(url).password) in shown.stdout for url in urls.values())

    stopped = services("stop", home=home)
    assert (stopped.returncode, stopped.stdout) == (0, "")
    assert traces(home) == []
    assert services("status", home=home).returncode == 1


def assert_nobody_else_reads_the_passwords(home: Path, urls: dict[str, str]) -> None:
    secrets = [str(urlsplit(url).password) for url in urls.values()]
    assert len(set(secrets)) == 2
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_text(errors="replace")
            assert not any(secret in line for secret in secrets)
    for path in home.rglob("*"):
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets):
            assert path.stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o066 == 0  # nobody else lists it


@can_run
def test_a_killed_server_is_started_again_and_the_other_let_alone(home: Path) -> None:
    before = exported(services("start", home=home).stdout)
    kill(first_process(home, "redis-server"))
    shown = services("status", home=home)
    assert shown.returncode == 0
    assert "Redis" not in shown.stdout
    after = exported(services("start", home=home).stdout)
    assert after["PERFBENCH_POSTGRES_URL"] == before["PERFBENCH_POSTGRES_URL"]
    open_store("redis", url=after["PERFBENCH_REDIS_URL"]).close()

    segment = (home / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[6].split()[1]
    assert segment in shared_memory()
    kill(first_process(home, "postgres"))
    kill(first_process(home, "redis-server"))
    assert services("status", home=home).returncode == 1
    assert services("stop", home=home).returncode == 0
    assert traces(home) == []
    assert segment not in shared_memory()


@can_run
@pytest.mark.parametrize(
    ("after", "number"),
    [("Redis", signal.SIGINT), ("PostgreSQL", signal.SIGINT), ("PostgreSQL", signal.SIGTERM)],
)
def test_an_interrupted_start_leaves_nothing(home: Path, after: str, number: int) -> None:
    argv = [sys.executable, SERVICES, "--home", str(home), "start"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while f"starting {after}" not in process.stderr.readline():
        pass
    process.send_signal(number)
    output, complaint = process.communicate(timeout=60)
    assert "Traceback" not in complaint
    assert process.returncode == 130
    assert output == ""
    assert traces(home) == []


@can_run
def test_two_starts_at_once_make_one_server(home: Path) -> None:
    argv = [sys.executable, "-c", PATCHED, NO_POSTGRES, SERVICES, "--home", str(home), "start"]
    both = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0][0] == outputs[1][0] != ""
    assert sum("starting Redis" in complaint for _, complaint in outputs) == 1


@can_run
def test_where_one_is_not_installed_the_other_is_started_with_a_notice(home: Path) -> None:
    started = services_where(NO_POSTGRES, "start", home=home)
    assert started.returncode == 0
    assert list(exported(started.stdout)) == ["PERFBENCH_REDIS_URL"]
    assert (
        "services: PostgreSQL is not installed; apt-get install --no-install-recommends postgresql\n"
        in started.stderr
    )


def test_where_none_is_installed_it_is_refused_with_the_packages_names(home: Path) -> None:
    refused = services_where(f"{NO_REDIS}; {NO_POSTGRES}", "start", home=home)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "services: Redis is not installed; apt-get install --no-install-recommends redis-server\n"
        "services: PostgreSQL is not installed; apt-get install --no-install-recommends postgresql\n"
        "services: there is no server to start\n"
    )
    assert traces(home) == []


@can_run
def test_a_server_that_cannot_start_says_why_and_the_other_goes_too(home: Path) -> None:
    unknown = "service_servers.Postgres.arguments = lambda self, _: [self.program(), '--nonsense=1']"
    failed = services_where(
        f"service_servers.Postgres.set_up = lambda *_: None; {unknown}", "start", home=home
    )
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert "services: PostgreSQL did not start: " in failed.stderr
    assert "Traceback" not in failed.stderr
    assert traces(home) == []


@can_run
def test_a_port_that_is_taken_is_followed_by_another(home: Path) -> None:
    taken = (
        "import socket; listener = socket.create_server(('127.0.0.1', 0)); "
        "ports = [listener.getsockname()[1]]; real = service_servers.free_port; "
        "service_servers.free_port = lambda: ports.pop() if ports else real()"
    )
    started = services_where(f"{NO_POSTGRES}; {taken}", "start", home=home)
    assert started.returncode == 0, started.stderr
    open_store("redis", url=exported(started.stdout)["PERFBENCH_REDIS_URL"]).close()


@pytest.mark.parametrize("action", ["start", "stop"])
@can_run
def test_a_folder_that_it_has_not_made_is_refused_and_let_alone(home: Path, action: str) -> None:
    home.mkdir(mode=0o700)
    (home / "precious").touch()
    refused = services(action, home=home)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"services: {home} was not made by tools/services; choose another with --home\n"
    )
    assert [path.name for path in home.iterdir()] == ["precious"]


@can_run
def test_a_folder_that_others_can_write_to_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "precious").touch()
    home.chmod(0o777)
    for action in ("start", "stop"):
        refused = services(action, home=home)
        assert refused.returncode == 2
        assert "is open to other users" in refused.stderr
    assert (home / "precious").exists()


@can_run
def test_a_link_in_place_of_the_folder_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    home.symlink_to(tmp_path)
    for action in ("start", "stop"):
        refused = services(action, home=home)
        assert refused.returncode == 2
        assert "is not a folder of its own" in refused.stderr
    home.unlink()
    assert (tmp_path / "precious").exists()


@can_run
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_folder_that_a_server_s_user_cannot_come_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    refused = services("start", home=tmp_path / "servers")
    assert refused.returncode == 2
    assert "cannot enter" in refused.stderr
    assert "choose another folder with --home" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_stopping_what_does_not_run_is_harmless(home: Path) -> None:
    stopped = services("stop", home=home)
    assert (stopped.returncode, stopped.stderr) == (0, "services: not running\n")
    assert not home.exists()


def test_without_linux_it_is_refused_in_one_line(home: Path) -> None:
    refused = services_where("sys.platform = 'darwin'", "start", home=home)
    assert refused.returncode == 2
    assert refused.stderr == (
        "services: the throw-away servers need Linux; start your own and export their URLs\n"
    )


def test_nothing_else_is_understood() -> None:
    argv = [sys.executable, SERVICES, "restart"]
    refused = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "start|stop|status" in refused.stderr
