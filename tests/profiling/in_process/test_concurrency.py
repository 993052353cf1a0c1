"""The recorder of waiting as a whole: threads, the GIL, what it leaves behind, and the Pythons that load it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.profiling.in_process.conftest import FOLDER, Recording, in_thread, loaded

PAUSE = 0.02
FILES = ("concurrency.py", *(f"concurrency_{part}.py" for part in ("gil", "tasks", "threads", "waits")))


def test_a_busy_thread_has_more_cpu_and_a_sleeping_one_is_blocked_longer(recording: Recording) -> None:
    def work() -> None:
        end = time.thread_time() + 5 * PAUSE
        while time.thread_time() < end:
            sum(range(1000))

    with recording:
        for thread in (in_thread(work, "busy"), in_thread(lambda: time.sleep(5 * PAUSE), "asleep")):
            thread.join()
    busy, asleep = recording.thread("busy"), recording.thread("asleep")
    if busy.cpu is None or asleep.cpu is None or asleep.blocked is None:
        pytest.skip("this system does not tell what threads take")
    assert busy.cpu > asleep.cpu
    assert asleep.blocked > asleep.cpu
    for one in (busy, asleep):
        assert (one.cpu or 0) + (one.blocked or 0) + (one.run_queue or 0) <= one.seconds + PAUSE


def share(recording: Recording, work: Callable[[], object]) -> tuple[float, str]:
    with recording:
        work()
    gil = recording.found.gil
    assert gil.share is not None
    return gil.share, gil.method


def hog() -> None:
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        sum(range(1000))


@pytest.mark.parametrize("method", ["own probe", "gilknocker"])
def test_a_thread_that_computes_takes_the_gil_and_one_that_sleeps_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    if method == "own probe":
        monkeypatch.setitem(sys.modules, "gilknocker", None)
    else:
        pytest.importorskip("gilknocker")
    margins = []
    for _ in range(3):  # the machine may be busy with something else
        busy, how = share(Recording(tmp_path), hog)
        quiet, _ = share(Recording(tmp_path), lambda: time.sleep(0.3))
        assert how.startswith(method)
        margins.append(busy - quiet)
        if margins[-1] > 0.3:
            return
    pytest.fail(f"the shares differ by {margins}")


def test_one_recording_at_a_time(recording: Recording) -> None:
    with pytest.raises(RuntimeError, match="not being recorded"):
        recording.recorder.stop()
    with recording, pytest.raises(RuntimeError, match="already"):
        recording.recorder.start(recording.options)


def test_an_option_that_is_missing_changes_nothing(recording: Recording) -> None:
    with pytest.raises(KeyError):
        recording.recorder.start({"out": "somewhere"})
    with recording:
        pass


def test_everything_is_put_back_where_the_files_cannot_be_written(
    recording: Recording, tmp_path: Path
) -> None:
    recording.recorder.start({**recording.options, "details": str(tmp_path / "nowhere" / "details.json")})
    with pytest.raises(FileNotFoundError):
        recording.recorder.stop()
    with recording:
        pass


def test_what_another_one_has_replaced_meanwhile_is_left_and_told(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, join = threading.Thread.join, threading.Thread.join
    try:
        with recording:
            join = threading.Thread.join

            def joined(self: threading.Thread, timeout: float | None = None) -> None:
                join(self, timeout)

            threading.Thread.join = joined  # type: ignore[method-assign]
        assert threading.Thread.join is joined
        in_thread(lambda: None, "short").join()
    finally:
        threading.Thread.join = real  # type: ignore[method-assign]
    assert any("Thread.join was replaced" in note for note in recording.said["notes"])


@pytest.mark.parametrize("name", [*FILES, "tracemalloc_stacks.py"])
def test_recorders_are_written_for_python_38_and_its_library(name: str) -> None:
    tree = ast.parse((FOLDER / name).read_text(), feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    names = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
    }
    assert names <= sys.stdlib_module_names | {"gilknocker"}


PROGRAM = """
import asyncio, importlib.util, json, sys, threading, time

spec = importlib.util.spec_from_file_location("perfbench_recorder", sys.argv[1])
recorder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recorder)

def take(lock):
    with lock:
        pass

async def main():
    await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.01))

real = threading.Lock
recorder.start({"out": sys.argv[2], "details": sys.argv[3]})
lock = threading.Lock()
with lock:
    thread = threading.Thread(target=take, args=(lock,), name="waiter")
    thread.start()
    time.sleep(0.02)
thread.join()
asyncio.run(main())
said = recorder.stop()
assert threading.Lock is real
assert "perfbench" not in sys.modules
print(json.dumps(said))
"""


def test_a_process_of_another_python_loads_it_by_its_path(python: str, tmp_path: Path) -> None:
    program, recording = tmp_path / "program.py", Recording(tmp_path)
    program.write_text(PROGRAM)
    command: list[str | Path] = [
        python, "-I", "-W", "error", program, FOLDER / "concurrency.py",
        recording.options["out"], recording.options["details"],
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    recording.said = json.loads(done.stdout)
    assert recording.said["samples"] >= 1
    assert recording.wait("Lock.acquire", "take").waits == 1
    assert recording.thread("waiter").lock_wait > 0
    assert recording.tasks("sleep")[0].count == 2
    assert any(f"take ({program}:9)" in stack for stack in recording.stacks)


def test_a_process_that_ends_while_it_is_recorded_ends_well(tmp_path: Path) -> None:
    """gilknocker's threads must not ask for the GIL of a Python that is ending."""
    begun = PROGRAM[: PROGRAM.index("lock = ")]
    (tmp_path / "program.py").write_text(begun)
    files = [tmp_path / "blocked.txt", tmp_path / "details.json"]
    command: list[str | Path] = [sys.executable, "-W", "error", tmp_path / "program.py"]
    command += [FOLDER / "concurrency.py", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_what_is_forked_meanwhile_waits_for_no_thread_that_it_lacks() -> None:
    pytest.importorskip("gilknocker")
    watching = loaded("concurrency_gil.py").watch()
    time.sleep(2 * 0.1)  # gilknocker has no figure sooner
    child = os.fork()
    if not child:
        watching.end()
        os._exit(0 if watching.share(1.0) is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    watching.end()
    assert watching.share(1.0) is not None
