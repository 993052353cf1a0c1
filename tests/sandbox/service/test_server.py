"""How the service begins and ends, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from perfbench.sandbox.runtimes import remains
from perfbench.sandbox.runtimes.ownership import start_time
from tests.sandbox.service.served import Served, environment, serving, started

PARENT = """
import sys
from tests.sandbox.service.served import started
served = started()
print(served.process.pid, served.port, served.sandbox(), flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).parents[3]


def owned_by(pid: int) -> list[Path]:
    """The folders of sandboxes that a process holds."""
    return [path for path in remains.root().glob(f"*_{pid}_*/perfbench-*") if path.is_dir()]


def until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert start_time(pid) is None


def command_in(service: Served, sandbox: str) -> int:
    """The pid of a command that goes on in the sandbox, after its request has been sent by a thread."""

    def ask() -> None:
        with contextlib.suppress(http.client.HTTPException, OSError):  # the service goes meanwhile
            service.run(sandbox, "sh", "-c", "echo $$ > pid; exec sleep 300")

    threading.Thread(target=ask, daemon=True).start()
    while not (text := service.ask("GET", f"/sandboxes/{sandbox}/files/pid").content).endswith(b"\n"):
        pass
    return int(text)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGHUP, 0)], ids=str
)
def test_a_signal_ends_it_and_all_that_runs_in_it(number: signal.Signals, code: int) -> None:
    service = started()
    command = command_in(service, service.sandbox())
    assert len(owned_by(service.process.pid)) == 1
    service.process.send_signal(number)
    service.process.wait(20)
    assert service.process.returncode == code
    assert owned_by(service.process.pid) == []
    until_gone(command)
    service.process.communicate()


def test_the_end_of_its_standard_input_ends_it() -> None:
    with serving() as service:
        service.sandbox()
    assert service.process.returncode == 0
    assert owned_by(service.process.pid) == []


def test_a_killed_parent_takes_it_along() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid, port, sandbox = parent.stdout.readline().split()
    command = command_in(Served(parent, "127.0.0.1", int(port)), sandbox)
    parent.kill()
    parent.communicate()
    until_gone(int(pid))
    until_gone(command)
    assert owned_by(int(pid)) == []


def test_what_a_killed_service_left_goes_when_the_next_one_starts() -> None:
    service = started()
    service.sandbox()
    service.process.kill()
    service.process.communicate()
    assert len(owned_by(service.process.pid)) == 1
    with serving():
        assert owned_by(service.process.pid) == []


def test_a_running_service_keeps_its_sandboxes_when_another_starts(served: Served, sandbox: str) -> None:
    with serving():
        assert served.run(sandbox, "true").status == 200


def test_a_port_that_is_taken_is_said_in_one_sentence(served: Served) -> None:
    done = refused("--port", str(served.port))
    assert f"cannot listen on 127.0.0.1, port {served.port}: Address already in use" in done


def test_it_listens_on_ipv6_as_well() -> None:
    if not Path("/proc/net/if_inet6").read_text():
        pytest.skip("there is no IPv6 here")
    with serving("--host", "::1") as service:
        assert service.ask("GET", "/health").status == 200


def refused(*options: str, **more: str) -> str:
    """What a service says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "perfbench.sandbox.service", *options],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("starlette", "service: Starlette is not installed; pip install 'perfbench-gate[service]'"),
        ("uvicorn", "service: uvicorn is not installed; pip install 'perfbench-gate[service]'"),
    ],
)
def test_without_its_libraries_it_says_what_to_install(missing: str, said: str, tmp_path: Path) -> None:
    (tmp_path / f"{missing}.py").write_text("raise ImportError")
    assert refused("--port", "0", PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)])).strip() == said
