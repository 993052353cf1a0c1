"""Servers of a user's own, small ones of the standard library: started, waited for, watched, taken down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from perfbench.measure.served import Server, ServerFailedError
from perfbench.model import Served, System

# Every process of a test carries its folder in its argv, so that what is left of it can be found.
SERVER = """
import os, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.getcwd().encode())
    def log_message(self, *arguments):
        print("asked for", self.path, flush=True)

if "--child" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", sys.argv[1]], start_new_session=True)
if "--daemon" in sys.argv and os.fork():
    os._exit(0)
if "--daemon" in sys.argv:
    os.setsid()
    if os.fork():
        os._exit(0)
if "--deaf" in sys.argv:
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "serve.py").write_text(SERVER)
    return tmp_path


def system(
    *flags: str, ready: tuple[str, ...] = (), stop: tuple[str, ...] = (), timeout: float = 30.0
) -> System:
    start = (sys.executable, "serve.py", "{root}", "--port={port}", *flags)
    return System("api", {}, (), "http://127.0.0.1:{port}", Served(start, ready, stop, timeout))


def python(code: str, timeout: float = 30.0) -> System:
    """A system that is started by a line of Python."""
    start = (sys.executable, "-c", code, "{root}")
    return System("api", {}, (), "http://127.0.0.1:{port}", Served(start, timeout=timeout))


@contextmanager
def serving(one: System, root: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    server = Server(one, root, environment or {})
    try:
        yield server
    finally:
        server.end()


def get(server: Server, path: str = "/") -> str:
    with urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def left(folder: Path) -> list[str]:
    """The processes of this test that are still there."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if str(folder) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(" ".join(words))
    return found


def until(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_server_runs_in_its_sides_checkout_until_it_is_ended(folder: Path) -> None:
    with serving(system(), folder) as server:
        assert get(server) == str(folder)
        assert server.gone() == ""
        assert until(lambda: "asked for /" in server.said)
    assert left(folder) == []
    server.end()


def test_two_servers_listen_on_two_ports(folder: Path) -> None:
    with serving(system(), folder) as one, serving(system(), folder) as other:
        assert one.port != other.port
        assert get(one) == get(other) == str(folder)


def test_programs_are_found_on_the_path_of_the_side(folder: Path) -> None:
    (folder / "bin").mkdir()
    program = folder / "bin" / "own-server"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} serve.py "$@"\n')
    program.chmod(0o755)
    one = System("api", {}, (), "http://localhost:{port}", Served(("own-server", "{root}")))
    with serving(one, folder, {"PATH": f"{folder}/bin{os.pathsep}{os.environ['PATH']}"}) as server:
        assert get(server) == str(folder)


def test_ready_is_asked_again_until_it_says_yes(folder: Path) -> None:
    code = "open('asked', 'a').write('x'); raise SystemExit(len(open('asked').read()) < 3)"
    with serving(system(ready=(sys.executable, "-c", code)), folder):
        assert (folder / "asked").read_text() == "xxx"


@pytest.mark.parametrize("flag", ["--child", "--daemon", "--deaf"])
def test_nothing_of_it_is_left_whatever_it_started(
    folder: Path, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfbench.measure.served.GRACE", 0.3)
    with serving(system(flag), folder) as server:
        assert get(server) == str(folder)
        assert server.gone(0.1) == ""
    assert left(folder) == []


def test_stop_is_run_before_the_rest_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perfbench.measure.served.GRACE", 0.3)
    stop = (sys.executable, "-c", "import sys; open('stopped', 'w').write(sys.argv[1])", "{port}")
    with serving(system(stop=stop), folder) as server:
        port = server.port
    assert (folder / "stopped").read_text() == str(port)
    assert left(folder) == []


def test_a_server_that_ends_at_once_says_why(folder: Path) -> None:
    with pytest.raises(ServerFailedError) as failed:
        Server(python("raise SystemExit('no database here')"), folder, {})
    assert failed.value.message == (
        "the server of [sut.api] ended with exit code 1 before it was ready (it said: no database here)"
    )
    assert "no database here" in failed.value.said


def test_a_server_that_never_listens_is_given_up(folder: Path) -> None:
    with pytest.raises(ServerFailedError, match=r"not ready after 0\.3 s: nothing listens on port"):
        Server(python("import time; time.sleep(60)", timeout=0.3), folder, {})
    assert left(folder) == []


def test_a_server_whose_ready_never_agrees_is_given_up_with_what_that_said(folder: Path) -> None:
    ready = (sys.executable, "-c", "raise SystemExit('still migrating')")
    with pytest.raises(ServerFailedError, match="its ready command ended with exit code 1: still migrating"):
        Server(system(ready=ready, timeout=0.5), folder, {})
    assert left(folder) == []


def test_a_program_that_is_not_there_is_named(folder: Path) -> None:
    one = System("api", {}, (), "http://localhost:{port}", Served(("no-such-server",)))
    with pytest.raises(ServerFailedError, match="no-such-server cannot be run: No such file or directory"):
        Server(one, folder, {})


@pytest.mark.parametrize("flags", [(), ("--daemon",)])
def test_a_server_that_dies_is_noticed(folder: Path, flags: tuple[str, ...]) -> None:
    with serving(system(*flags), folder) as server:
        with pytest.raises(OSError, match=r".*"):
            get(server, "/die")
        assert until(lambda: server.gone(0.5) != "")
        assert server.gone().startswith("the server of [sut.api] ended")
        assert "in mid-run" in server.gone()


def test_a_server_that_says_much_never_waits_for_us_and_little_of_it_is_kept(folder: Path) -> None:
    code = (
        "import sys, http.server\n"
        "for line in range(200_000): print('a line that nobody wants to read')\n"
        "print('ready', flush=True)\n"
        "import os; http.server.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), None).serve_forever()"
    )
    with serving(python(code), folder) as server:
        assert until(lambda: server.said.rstrip().endswith("ready"))
        assert len(server.said) < 100_000


KILLED = """
import sys
from pathlib import Path
from perfbench.measure import served
from perfbench.measure.served import Server
from perfbench.model import Served, System

start = (sys.executable, "serve.py", "{root}", *sys.argv[2:])
stop = (sys.executable, "-c", "open('stopped', 'w').write('yes')")
served.GRACE = 0.5
server = Server(System("api", {}, (), "http://127.0.0.1:{port}", Served(start, (), stop)), Path(sys.argv[1]), {})
print("up", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("flag", ["--child", "--daemon"])
def test_a_killed_perfbench_takes_its_servers_along_and_stop_is_run(folder: Path, flag: str) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), flag], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        assert owner.stdout.readline() == b"up\n"
        assert left(folder)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert until(lambda: not left(folder))
    assert (folder / "stopped").read_text() == "yes"
