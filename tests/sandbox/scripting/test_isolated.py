"""The child process of an engine: it knows nothing of its owner, and never outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import ScriptLimits, child_pool, open_engine
from perfbench.sandbox.scripting.isolated import IsolatedEngine

ROOT = Path(__file__).parents[3]

OWNER = """
import sys, threading
from perfbench.sandbox.scripting import ScriptLimits, child_pool, open_engine

def work():
    engine = open_engine("quickjs", limits=ScriptLimits(seconds=float(sys.argv[2])))
    engine.register("tell", lambda: print(*[child.process.pid for child in child_pool._alive], flush=True))
    engine.execute("tell(); while (true) {}")

if sys.argv[1] == "thread":
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
else:
    work()
"""


class Owner:
    """Another process, that runs a script without end in an engine of its own."""

    def __init__(self, where: str, seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, where, str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        if not told:
            self.process.communicate()
            pytest.fail("the owner came to no script")
        self.child = int(told)

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)


def runs(pid: int) -> bool:
    """Whether that process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20.0
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not runs(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_owner_that_is_killed_leaves_no_child_that_is_in_a_script(number: int) -> None:
    owner = Owner("main", 60.0)
    assert runs(owner.child)
    owner.end(number)
    assert gone(owner.child)


def test_a_child_that_a_thread_has_started_ends_by_its_own_timer() -> None:
    owner = Owner("thread", 2.0)
    owner.end(signal.SIGKILL)
    assert gone(owner.child)


def test_a_child_outlives_the_thread_that_started_it() -> None:
    engines: list[IsolatedEngine] = []
    thread = threading.Thread(target=lambda: engines.append(IsolatedEngine("quickjs", ScriptLimits())))
    thread.start()
    thread.join()
    assert engines[0].execute("1 + 1") == 2
    engines[0].close()


def test_a_child_is_kept_for_the_next_engine_and_its_interpreter_is_not() -> None:
    pids = []
    for _ in range(2):
        with IsolatedEngine("lua", ScriptLimits()) as engine:
            assert engine._child is not None
            pids.append(engine._child.process.pid)
            assert engine.execute("local before = y; y = 1; return before") is None
    assert pids[0] == pids[1]


def test_no_more_children_are_kept_than_two_of_a_kind() -> None:
    engines = [IsolatedEngine("lua", ScriptLimits()) for _ in range(4)]
    pids = [engine._child.process.pid for engine in engines if engine._child is not None]
    for engine in engines:
        engine.close()
    assert sum(map(runs, pids)) == child_pool.KEPT


def test_a_child_of_plain_python_serves_one_engine_only() -> None:
    with IsolatedEngine("python", ScriptLimits()) as engine:
        pid = engine.execute("import os\nos.getpid()")
    assert isinstance(pid, int)
    assert not runs(pid)


def test_what_a_script_starts_is_ended_with_its_engine() -> None:
    with open_engine("python") as engine:
        pid = engine.execute("import subprocess\nsubprocess.Popen(['sleep', '1000']).pid")
        assert isinstance(pid, int)
        assert runs(pid)
    assert gone(pid)


def test_a_child_has_nothing_of_its_owners_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_TOKEN", "secret")
    with open_engine("python") as engine:
        assert engine.execute("import os\nos.environ.get('SANDBOX_TOKEN')") is None
        found = engine.execute("import os\n','.join(sorted(os.listdir('/proc/self/fd')))")
    assert len(str(found).split(",")) <= 5  # standard streams, the socket, and the listing itself


def test_a_child_that_is_killed_from_outside_is_an_error_and_its_engine_is_closed() -> None:
    engine = IsolatedEngine("quickjs", ScriptLimits())
    assert engine._child is not None
    os.kill(engine._child.process.pid, signal.SIGKILL)
    with pytest.raises(ScriptError, match="killed by SIGKILL"):
        engine.execute("1")
    with pytest.raises(ScriptError, match="the engine is closed"):
        engine.execute("1")
    engine.close()


def test_a_child_that_has_been_killed_while_idle_is_not_handed_out_dead() -> None:
    engine = IsolatedEngine("starlark", ScriptLimits())
    child = engine._child
    assert child is not None
    engine.close()
    os.kill(child.process.pid, signal.SIGKILL)
    assert gone(child.process.pid)
    with open_engine("starlark") as again:
        assert again.execute("1") == 1


def test_a_script_that_leaves_by_itself_says_how() -> None:
    with open_engine("python") as engine, pytest.raises(ScriptError, match="exit code 3"):
        engine.execute("import os\nos._exit(3)")


def test_a_function_of_the_host_cannot_use_the_engine_that_calls_it() -> None:
    with open_engine() as engine:
        engine.register("f", lambda: engine.execute("1"))
        with pytest.raises(ScriptError, match="busy with another script"):
            engine.execute("f()")


def test_an_interrupt_in_a_function_of_the_host_ends_the_engine() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with open_engine() as engine:
        engine.register("f", interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.execute("f()")
        with pytest.raises(ScriptError, match="the engine is closed"):
            engine.execute("1")


def test_a_result_that_is_too_large_is_an_error_here() -> None:
    limits = ScriptLimits(memory=4 * 1024**2)
    with open_engine("python", limits=limits) as engine, pytest.raises(ScriptError):
        engine.execute("'\\x00' * 1500000")  # six times as long as JSON


def test_no_engine_leaves_a_descriptor_behind() -> None:
    with open_engine("lua"):
        pass
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        with open_engine("lua") as engine, suppress(ScriptError):
            engine.execute("error('x')")
    assert len(set(os.listdir("/proc/self/fd")) - before) == 0  # noqa: PTH208


def test_a_process_that_is_forked_off_has_no_share_in_the_children() -> None:
    with open_engine("lua"):
        pass
    pid = os.fork()
    if pid == 0:  # pragma: no cover
        code = 1
        with suppress(BaseException):
            code = 0 if not child_pool._idle.get((os.getpid(), "lua")) else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
