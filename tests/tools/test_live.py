"""The tools that try the gate under noise, as far as they measure nothing."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Loads a module of tools/, which finds its neighbours as it does when run."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def load(text: str) -> Any:
    namespace: dict[str, Any] = {"__name__": "quarry"}
    exec(text, namespace)  # noqa: S102  (the project's own module, made a line above)
    return namespace


@pytest.mark.parametrize(("percent", "steps"), [("0", 20_000), ("2", 20_400), ("5", 21_000), ("10", 22_000)])
def test_head_makes_exactly_the_planted_share_of_steps_more(
    tool: Any, tmp_path: Path, percent: str, steps: int
) -> None:
    tool("live_project").make_project(tmp_path, Fraction(percent))
    base, head = (load(git(tmp_path, "show", f"{name}:quarry.py")) for name in ("HEAD~1", "HEAD"))
    assert (base["STEPS"], head["STEPS"]) == (20_000, steps)
    assert git(tmp_path, "status", "--porcelain") == ""


@pytest.mark.parametrize("percent", ["0", "5"])
def test_one_line_alone_tells_head_from_base(tool: Any, tmp_path: Path, percent: str) -> None:
    tool("live_project").make_project(tmp_path, Fraction(percent))
    added, removed, name = git(tmp_path, "diff", "--numstat", "HEAD~1", "HEAD").split()
    assert (added, removed, name) == ("1", "1", "quarry.py")


def test_every_function_has_a_benchmark_and_works(tool: Any, tmp_path: Path) -> None:
    tool("live_project").make_project(tmp_path, Fraction(0))
    module = load((tmp_path / "quarry.py").read_text())
    functions = {name for name, item in module.items() if callable(item)}
    benchmarks = (tmp_path / "benchmarks" / "work.py").read_text()
    assert len(functions) == 8
    assert all(f"def time_{name}():\n    quarry.{name}()\n" in benchmarks for name in functions)
    assert all(module[name]() for name in functions)


def test_a_share_that_is_no_whole_number_of_steps_is_refused(tool: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        tool("live_project").make_project(tmp_path, Fraction(1, 3))


@pytest.mark.parametrize("kind", ["cpu", "memory"])
def test_neighbours_end_with_the_block(tool: Any, tmp_path: Path, kind: str) -> None:
    with tool("live_noise").noise(kind, 1, tmp_path) as pids:
        assert pids
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list(tmp_path.iterdir()) == []


def test_no_noise_is_no_process(tool: Any, tmp_path: Path) -> None:
    with tool("live_noise").noise("none", 1, tmp_path) as pids:
        assert pids == ()


@pytest.mark.parametrize("kind", ["cpu", "memory"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_neighbours_end_when_their_parent_is_killed(tmp_path: Path, kind: str, number: int) -> None:
    program = (
        "import sys, time, pathlib; sys.path.insert(0, sys.argv[1]); import live_noise\n"
        "with live_noise.noise(sys.argv[2], 1, pathlib.Path(sys.argv[3])) as pids:\n"
        "    print(*pids, flush=True)\n"
        "    time.sleep(600)\n"
    )
    argv = [sys.executable, "-c", program, str(TOOLS), kind, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        neighbours = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert neighbours
        parent.send_signal(number)
    _gone, alive = psutil.wait_procs(neighbours, timeout=30)
    assert alive == []


ASV = """\
[100.00%] ··· work.time_sort_records                                     63.7±0μs
| Change   | Before [d3660146] <main~1>   | After [1e44b5fd] <main>   |   Ratio | Benchmark (Parameter)   |
|----------|------------------------------|---------------------------|---------|-------------------------|
| +        | 108±0μs                      | 327±0μs                   |    3.04 | work.time_sieve         |
| -        | 27.2±0μs                     | 13.1±0μs                  |    0.48 | work.time_count_words   |
| !        | 1.07±0ms                     | failed                    |     n/a | work.time_accumulate    |
|          | 412±0μs                      | 412±0μs                   |    1    | work.time_round_trip    |

SOME BENCHMARKS HAVE CHANGED SIGNIFICANTLY.
PERFORMANCE DECREASED.
"""


def test_what_asv_names_is_read_from_its_table(tool: Any) -> None:
    found = tool("live_asv").changed(ASV)
    assert [(judged.row, judged.outcome, judged.ratio) for judged in found] == [
        ("work.time_sieve", "regressed", 3.04),
        ("work.time_count_words", "improved", 0.48),
        ("work.time_accumulate", "failed", None),
    ]


def test_asv_that_found_nothing_names_nothing(tool: Any) -> None:
    assert tool("live_asv").changed("\nBENCHMARKS NOT SIGNIFICANTLY CHANGED.\n") == ()


def test_what_the_gate_names_is_read_from_its_report(tool: Any) -> None:
    comparison = {"ratio": 1.1, "low": 1.05, "high": 1.2, "base": 1.0}
    report = {
        "verdicts": [
            {"benchmark": {"id": "a"}, "outcome": "regressed", "comparison": comparison},
            {"benchmark": {"id": "b"}, "outcome": "skipped", "comparison": None},
        ]
    }
    judged = tool("live_attempt").Judged
    assert tool("live_gate").judged(report) == (
        judged("a", "regressed", 1.1, 1.05, 1.2),
        judged("b", "skipped"),
    )


@pytest.mark.parametrize(
    ("outcomes", "code", "slowed", "wanted"),
    [
        ({"a": "passed", "b": "inconclusive"}, 0, None, True),
        ({"a": "regressed", "b": "passed"}, 1, None, False),
        ({"a": "improved", "b": "passed"}, 0, None, False),
        ({"a": "passed"}, 3, None, False),
        ({"a": "regressed", "b": "passed"}, 1, "a", True),
        ({"a": "regressed", "b": "regressed"}, 1, "a", False),
        ({"a": "regressed", "b": "improved"}, 1, "a", False),
        ({"a": "passed", "b": "regressed"}, 1, "a", False),
        ({"a": "inconclusive", "b": "passed"}, 0, "a", False),
    ],
)
def test_wanted_is_that_the_slowed_row_alone_is_named(
    tool: Any, outcomes: dict[str, str], code: int, slowed: str | None, wanted: bool
) -> None:
    attempts = tool("live_attempt")
    rows = tuple(attempts.Judged(row, outcome) for row, outcome in outcomes.items())
    assert attempts.Attempt(code, 1.0, rows).as_wanted(slowed) is wanted


def test_an_interrupted_program_is_ended_with_its_children(tool: Any, tmp_path: Path) -> None:
    attempts = tool("live_attempt")
    program = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        with pytest.raises(KeyboardInterrupt):
            attempts.run_to_end([sys.executable, "-c", program], tmp_path, {})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_gate_does_not_outlive_a_killed_series(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import live_attempt\n"
        "gate = 'import os, pathlib, time; pathlib.Path(\"pid\").write_text(str(os.getpid())); time.sleep(600)'\n"
        "live_attempt.run_to_end([sys.executable, '-c', gate], pathlib.Path(sys.argv[2]), {})\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(TOOLS), str(tmp_path)]) as series:
        while not (text := (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""):
            time.sleep(0.05)
        gate = psutil.Process(int(text))
        series.kill()
    _gone, alive = psutil.wait_procs([gate], timeout=30)
    assert alive == []


@pytest.mark.parametrize("given", ["+0", "-5", "5", "+x", "slow"])
def test_what_is_neither_identical_nor_a_slowdown_is_refused(given: str) -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / "live.py"), "cpu", given], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_clone_s_start_is_slowed_and_its_limit_lets_that_be_seen(tool: Any, tmp_path: Path) -> None:
    containers = tool("live_containers")
    clone = tmp_path / "clone"
    containers.make_clone(clone, Fraction(5), 140.0)
    assert git(clone, "diff", "--name-only").split() == [
        "baselines/thresholds.toml",
        str(containers.DRIVER),
    ]
    assert "sleep(0.007)" in (clone / containers.DRIVER).read_text()
    assert containers.START_ROW in (clone / "baselines/thresholds.toml").read_text()
