"""`tools/engine` as a user runs it: a second engine beside whichever runs already."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perfbench.sandbox.runtimes import rootfs

TOOLS = Path(__file__).resolve().parents[2] / "tools"
ENGINE = str(TOOLS / "engine")
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"

SPEC = importlib.util.spec_from_file_location("unix_http", TOOLS / "unix_http.py")
assert SPEC is not None
assert SPEC.loader is not None
UNIX_HTTP: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(UNIX_HTTP)

PATCHED = """
import os, resource, runpy, shutil, sys
exec(sys.argv[1])
sys.argv = sys.argv[2:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""

can_run = pytest.mark.skipif(
    os.geteuid() != 0
    or not rootfs.static_busybox()
    or not all(
        shutil.which(program, path=f"{os.environ['PATH']}:{SBIN}")
        for program in ("dockerd", "containerd", "runc", "unshare", "ip")
    ),
    reason="needs root, docker.io, runc, iproute2 and busybox-static",
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder with a short path, since sockets lie in it."""
    path = Path(tempfile.mkdtemp(prefix="pbe-"))
    path.rmdir()
    yield path
    engine("stop", home=path)
    shutil.rmtree(path, ignore_errors=True)


def engine(action: str, *, home: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, ENGINE, "--home", str(home), action]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def engine_where(patch: str, action: str, *, home: Path) -> subprocess.CompletedProcess[str]:
    """The same on a machine that differs from this one in what `patch` does."""
    argv = [sys.executable, "-c", PATCHED, patch, ENGINE, "--home", str(home), action]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def ask(home: Path, method: str, path: str, body: object = None) -> Any:
    connection = UNIX_HTTP.UnixConnection(home / "docker.sock", 60)
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        content = connection.getresponse().read()
    return json.loads(content) if content else None


def run_container(home: Path, image: str, command: list[str], oci: str = "runc") -> str:
    wanted = {"Image": image, "Cmd": command, "HostConfig": {"NetworkMode": "none", "Runtime": oci}}
    container = str(ask(home, "POST", "/containers/create", wanted)["Id"])
    ask(home, "POST", f"/containers/{container}/start")
    return container


def exit_code(home: Path, container: str) -> int:
    return int(ask(home, "POST", f"/containers/{container}/wait")["StatusCode"])


def traces(home: Path) -> list[str]:
    """Everything on this machine that bears the mark of the engine in `home`."""
    mark = hashlib.sha256(str(home).encode()).hexdigest()[:8]
    found = [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/*{mark}*")]
    found += [str(path) for path in Path("/sys/class/net").glob(f"*{mark}*")]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(home) in line]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
            if f"{home}/" in line:
                found.append(line)
    return found + ([str(home)] if home.exists() else [])


@pytest.mark.slow
@can_run
def test_an_engine_starts_serves_and_goes_without_a_trace(home: Path) -> None:
    started = engine("start", home=home)
    assert started.returncode == 0, started.stderr
    assert started.stdout == f"export DOCKER_HOST=unix://{home}/docker.sock\n"
    assert home.stat().st_mode & 0o777 == 0o700

    again = engine("start", home=home)
    assert (again.returncode, again.stdout, again.stderr) == (0, started.stdout, "")

    shown = engine("status", home=home)
    assert shown.returncode == 0
    words = shown.stdout.split()
    assert {f"unix://{home}/docker.sock", "perfbench-busybox:latest", "perfbench-python:latest"} <= {
        word.strip(",") for word in words
    }
    for oci in ask(home, "GET", "/info")["Runtimes"]:
        if oci in ("runc", "crun", "runsc"):
            assert exit_code(home, run_container(home, "perfbench-busybox", ["true"], oci)) == 0
    python = ["python3", "-c", "import asyncio, ctypes, json, sqlite3, ssl, zlib"]
    assert exit_code(home, run_container(home, "perfbench-python", python)) == 0
    run_container(home, "perfbench-busybox", ["sleep", "1000"])

    stopped = engine("stop", home=home)
    assert (stopped.returncode, stopped.stdout) == (0, "")
    assert traces(home) == []
    assert engine("status", home=home).returncode == 1


@pytest.mark.slow
@can_run
def test_a_killed_daemon_s_containers_go_at_the_next_stop_or_start(home: Path) -> None:
    assert engine("start", home=home).returncode == 0
    run_container(home, "perfbench-busybox", ["sleep", "1000"])
    kill_daemon(home)
    assert engine("status", home=home).returncode == 1
    assert engine("start", home=home).returncode == 0
    assert ask(home, "GET", "/containers/json?all=1") == []
    run_container(home, "perfbench-busybox", ["sleep", "1000"])
    kill_daemon(home)
    assert engine("stop", home=home).returncode == 0
    assert traces(home) == []


def kill_daemon(home: Path) -> None:
    pid = int((home / "dockerd.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(0.01)


@can_run
@pytest.mark.parametrize(
    ("number", "after"),
    [(signal.SIGINT, 0.1), (signal.SIGTERM, 0.3), (signal.SIGINT, 0.6), (signal.SIGTERM, 0.9)],
)
def test_an_interrupted_start_leaves_nothing(home: Path, after: float, number: int) -> None:
    argv = [sys.executable, ENGINE, "--home", str(home), "start"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "starting dockerd" in line, line
    time.sleep(after)
    process.send_signal(number)
    output, complaint = process.communicate(timeout=60)
    assert "Traceback" not in complaint
    if process.returncode == 130:
        assert output == ""
        assert traces(home) == []
    else:
        assert process.returncode == 0  # it was faster than the signal


@pytest.mark.slow
@can_run
def test_two_starts_at_once_make_one_engine(home: Path) -> None:
    argv = [sys.executable, ENGINE, "--home", str(home), "start"]
    both = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0][0] == outputs[1][0] != ""
    assert sum("starting dockerd" in complaint for _, complaint in outputs) == 1


@can_run
def test_stopping_what_does_not_run_is_harmless(home: Path) -> None:
    stopped = engine("stop", home=home)
    assert (stopped.returncode, stopped.stderr) == (0, "engine: not running\n")
    assert not home.exists()


@can_run
def test_a_missing_package_is_named_in_one_line(home: Path) -> None:
    refused = engine_where("shutil.which = lambda *_, **__: None", "start", home=home)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert len(refused.stderr.splitlines()) == 1
    assert "apt-get install --no-install-recommends docker.io" in refused.stderr
    assert "iproute2" in refused.stderr


@can_run
def test_a_folder_that_others_can_enter_is_refused(home: Path) -> None:
    home.mkdir(mode=0o755)
    refused = engine("start", home=home)
    assert refused.returncode == 2
    assert "is open to other users" in refused.stderr


@can_run
def test_a_link_in_place_of_the_folder_is_refused(home: Path, tmp_path: Path) -> None:
    home.symlink_to(tmp_path)
    refused = engine("start", home=home)
    assert refused.returncode == 2
    assert "is not a folder of its own" in refused.stderr
    home.unlink()


@can_run
def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    refused = engine("start", home=tmp_path / ("long" * 20))
    assert refused.returncode == 2
    assert "too long" in refused.stderr


@can_run
def test_a_daemon_that_cannot_start_says_why_and_leaves_nothing(home: Path) -> None:
    few_files = "resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))"
    impatient = "import time; clock = time.monotonic; time.monotonic = lambda: 6 * clock()"
    failed = engine_where(f"{few_files}; {impatient}", "start", home=home)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert "Traceback" not in failed.stderr
    assert traces(home) == []


@pytest.mark.parametrize("action", ["start", "stop", "status"])
def test_without_root_it_is_refused_in_one_line(home: Path, action: str) -> None:
    refused = engine_where("os.geteuid = lambda: 1000", action, home=home)
    assert refused.returncode == 2
    assert refused.stderr == (
        "engine: the throw-away engine needs root; run it with sudo, or start your own Docker\n"
    )


def test_without_linux_it_is_refused_in_one_line(home: Path) -> None:
    refused = engine_where("sys.platform = 'darwin'", "start", home=home)
    assert refused.returncode == 2
    assert refused.stderr == "engine: the throw-away engine needs Linux; start Docker Desktop instead\n"


def test_nothing_else_is_understood() -> None:
    argv = [sys.executable, ENGINE, "restart"]
    refused = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "start|stop|status" in refused.stderr
