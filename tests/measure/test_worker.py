"""The worker serves asv's own conventions, one request at a time."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perfbench.measure.client import Worker, WorkerFailedError, WorkerSkippedError

PYTHON = Path(sys.executable)


def opened(folder: Path, name: str, index: int = 0, cache: str | None = None) -> Worker:
    worker = Worker(PYTHON, folder, name)
    try:
        worker.ask({"do": "open", "name": name, "index": index, "cache": cache}, 60)
    except BaseException:
        worker.end()
        raise
    return worker


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

SAMPLE = {"do": "sample", "loops": 1, "repeats": 1}


def test_calibration_finds_loops_that_fill_a_sample(folder: Path) -> None:
    with opened(folder, "kinds.time_plain") as worker:
        plan = worker.ask({"do": "calibrate", "target": 0.002}, 60)
        assert plan["loops"] > 10
        assert plan["repeats"] == 1


def test_a_sample_gives_wall_and_cpu_seconds_per_call(folder: Path) -> None:
    with opened(folder, "kinds.time_plain") as worker:
        reply = worker.ask({"do": "sample", "loops": 1000, "repeats": 1}, 60)
        assert 0 < reply["value"] < 0.1
        assert 0 < reply["cpu"] < 0.1
        assert abs(reply["at"] - time.time()) < 60


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the kernel tells a process's own peak on Linux"
)
def test_the_peak_of_a_benchmark_is_not_that_of_who_has_started_it(folder: Path) -> None:
    """Linux hands ru_maxrss down from the parent; a tool of 48 MB would hide all smaller peaks."""
    code = (
        "import sys; from pathlib import Path; from perfbench.measure.client import Worker\n"
        "large = bytearray(300_000_000)\n"
        f"with Worker(Path(sys.executable), Path({str(folder)!r}), 'kinds.peakmem_list') as worker:\n"
        "    worker.ask({'do': 'open', 'name': 'kinds.peakmem_list', 'index': 0, 'cache': None}, 60)\n"
        "    print(worker.ask({'do': 'sample', 'loops': 1, 'repeats': 1}, 60)['value'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 200e6


def test_a_benchmark_that_fixes_its_number_is_set_up_anew_for_each_call(folder: Path) -> None:
    with opened(folder, "kinds.Fresh.time_used_up") as worker:
        plan = worker.ask({"do": "calibrate", "target": 0.0001}, 60)
        assert plan["loops"] == 1
        assert worker.ask({"do": "sample", "loops": 1, "repeats": 50}, 60)["value"] > 0


def test_what_is_made_ready_is_not_set_up_again_for_its_sample(folder: Path) -> None:
    with opened(folder, "kinds.Fresh.track_setups") as worker:
        assert worker.ask(SAMPLE, 60)["value"] == 1  # set up when it was opened
        worker.ask({"do": "ready"}, 60)
        worker.ask({"do": "ready"}, 60)
        assert worker.ask(SAMPLE, 60)["value"] == 2
        assert worker.ask(SAMPLE, 60)["value"] == 3


def test_setup_that_raises_not_implemented_skips_with_its_reason(folder: Path) -> None:
    with pytest.raises(WorkerSkippedError, match="there is no y here"):
        opened(folder, "kinds.Params.time_params", index=2)


def test_a_benchmark_may_still_skip_itself_when_it_runs(folder: Path) -> None:
    with (
        opened(folder, "kinds.time_skipped_later") as worker,
        pytest.raises(WorkerSkippedError, match="only now"),
    ):
        worker.ask(SAMPLE, 60)


def test_an_error_is_told_in_one_line_with_the_traceback_beside_it(folder: Path) -> None:
    with opened(folder, "kinds.time_fails") as worker:
        with pytest.raises(WorkerFailedError, match="RuntimeError: it broke") as failure:
            worker.ask(SAMPLE, 60)
        assert "Traceback" in failure.value.details


def test_setup_cache_runs_once_and_its_folder_is_the_working_directory(folder: Path, tmp_path: Path) -> None:
    name, pickle = "kinds.Cached.track_cached", tmp_path / "cache.pickle"
    with Worker(PYTHON, folder, name, folder=tmp_path) as worker:
        worker.ask({"do": "setup_cache", "name": name, "path": str(pickle)}, 60)
    with Worker(PYTHON, folder, name, folder=tmp_path) as worker:
        worker.ask({"do": "open", "name": name, "index": 0, "cache": str(pickle)}, 60)
        assert worker.ask(SAMPLE, 60)["value"] == 42


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("kinds.mem_list", 8000, 10000), ("kinds.peakmem_list", 1e6, 1e9), ("kinds.timeraw_import", 0, 60)],
)
def test_every_kind_of_benchmark_yields_its_number(
    folder: Path, name: str, least: float, most: float
) -> None:
    with opened(folder, name) as worker:
        assert least < worker.ask(SAMPLE, 60)["value"] < most


def test_a_track_benchmark_that_returns_none_yields_nan(folder: Path) -> None:
    with opened(folder, "kinds.track_none") as worker:
        assert math.isnan(worker.ask(SAMPLE, 60)["value"])


def test_a_benchmark_that_never_ends_is_killed_at_its_timeout(folder: Path) -> None:
    with opened(folder, "kinds.time_never_ends") as worker:
        with pytest.raises(WorkerFailedError, match="timeout of 1 s"):
            worker.ask(SAMPLE, 1)
        assert not _alive(worker.pid)


def test_a_worker_that_dies_says_how(folder: Path) -> None:
    with (
        opened(folder, "kinds.time_dies") as worker,
        pytest.raises(WorkerFailedError, match="exit code 7"),
    ):
        worker.ask(SAMPLE, 60)


@needs_fork
def test_a_fork_of_a_benchmark_ends_by_sigterm_as_any_process_does(folder: Path) -> None:
    """multiprocessing's pools end their processes so; a handler that raises is lost where nothing can be raised."""
    with opened(folder, "kinds.track_exit_code_of_a_fork") as worker:
        assert worker.ask(SAMPLE, 60)["value"] == 0


@needs_fork
@pytest.mark.parametrize("what", ["raises", "returns"])
def test_a_fork_that_comes_back_from_the_benchmark_never_answers(folder: Path, what: str) -> None:
    with opened(folder, f"kinds.track_a_fork_that_{what}") as worker:
        assert [worker.ask(SAMPLE, 60)["value"] for _ in range(3)] == [1.0] * 3
        assert worker.ask({"do": "settle"}, 60) == {}


@needs_fork
@pytest.mark.parametrize("how", [0, 1, 2], ids=["exits", "returns", "raises"])
def test_a_fork_never_goes_on_and_tears_nothing_down(folder: Path, how: int) -> None:
    (folder / "noted").unlink(missing_ok=True)
    with opened(folder, "kinds.Forks.time_fork", how) as worker:
        worker.ask({"do": "sample", "loops": 1, "repeats": 3}, 60)
        worker.ask({"do": "close"}, 60)
    noted = (folder / "noted").read_text().splitlines()
    assert noted == [f"{what} {worker.pid}" for what in ("setup", "teardown") * 3]


@needs_fork
def test_a_benchmarks_own_handler_of_sigterm_holds_in_its_forks(folder: Path) -> None:
    with opened(folder, "kinds.track_exit_code_of_a_fork_with_a_handler") as worker:
        assert worker.ask(SAMPLE, 60)["value"] == 42


def test_a_benchmark_that_reads_its_input_finds_none_and_harms_no_request(folder: Path) -> None:
    with opened(folder, "kinds.time_reads_input") as worker:
        with pytest.raises(WorkerFailedError, match="EOFError"):
            worker.ask(SAMPLE, 60)
        assert worker.ask({"do": "settle"}, 60) == {}


def test_the_control_needs_no_benchmark_folder_of_its_own(folder: Path) -> None:
    with opened(folder, "perfbench.control") as worker:
        assert worker.ask({"do": "calibrate", "target": 0.001}, 60)["loops"] >= 1


def test_the_tools_own_packages_are_not_visible_to_a_benchmark(tmp_path: Path) -> None:
    root = tmp_path / "benchmarks"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "seen.py").write_text(
        "from importlib.util import find_spec\n"
        "def track_seen():\n    return float(any(map(find_spec, ['worker', 'launch'])))\n"
    )
    with opened(root, "seen.track_seen") as worker:
        assert worker.ask(SAMPLE, 60)["value"] == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_worker_in_an_endless_call_leaves_when_its_driver_is_killed(folder: Path) -> None:
    driver = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from perfbench.measure.client import Worker\n"
            "worker = Worker(Path(sys.executable), Path(sys.argv[1]), 'kinds.time_never_ends')\n"
            "worker.ask({'do': 'open', 'name': 'kinds.time_never_ends', 'index': 0, 'cache': None}, 60)\n"
            "worker.send({'do': 'sample', 'loops': 1, 'repeats': 1})\n"
            "print(worker.pid, flush=True); worker.receive(600)\n",
            str(folder),
        ],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with driver:
        assert driver.stdout is not None
        pid = int(driver.stdout.readline())
        driver.send_signal(signal.SIGKILL)
    assert _gone_soon(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _gone_soon(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _alive(pid)
