"""Profilers by name: their modes, their flags, and those that packages add."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.profiling import tools
from perfbench.profiling.py_spy import PySpy
from perfbench.profiling.tools import MODES, SECONDS, Wanted, chosen_mode, recorder, seconds_of


def test_the_first_mode_is_the_usual_one() -> None:
    assert chosen_mode("py-spy", None) == "wall"
    assert chosen_mode("memray", "leaks") == "leaks"
    assert set(MODES) == set(SECONDS)


@pytest.mark.parametrize("tool", [tool for tool in MODES if tool != "perf"])
def test_every_profiler_can_be_made_in_every_mode(tool: str) -> None:
    for mode in MODES[tool]:
        made = recorder(Wanted(tool, mode))
        assert (made.tool, made.mode) == (tool, mode)
        made.abandon()


@pytest.mark.parametrize(
    ("tool", "mode", "said"),
    [
        ("py-spi", None, "there is no profiler 'py-spi'; did you mean py-spy?"),
        ("py-spy", "wal", "py-spy has no mode 'wal'; did you mean wall?"),
        ("memray", "x", "memray has no mode 'x'; it has: peak, leaks, temporary, total"),
    ],
)
def test_what_is_misspelt_is_put_right(tool: str, mode: str | None, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        chosen_mode(tool, mode)
    assert str(raised.value) == said


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("cprofile", "calls", native=True),
        Wanted("memray", "peak", threads=True),
        Wanted("tracemalloc", "growth", subprocesses=True),
    ],
)
def test_a_flag_that_a_profiler_does_not_know_is_refused(wanted: Wanted) -> None:
    with pytest.raises(UsageError, match=f"{wanted.tool} does not know --"):
        recorder(wanted)


def test_perf_is_refused_below_python_3_12_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"from Python 3\.12 on, and the benchmark runs on CPython 3\.11\.7"):
        recorder(Wanted("perf", "cpu", python="CPython 3.11.7"))
    assert recorder(Wanted("perf", "cpu", python="CPython 3.12.1")).environment == {"PYTHONPERFSUPPORT": "1"}
    assert recorder(Wanted("perf", "cpu", python="CPython 3.13.0")).environment == {
        "PYTHON_PERF_JIT_SUPPORT": "1"
    }


def their_own(wanted: Wanted) -> PySpy:
    return PySpy("cpu", rate=wanted.rate)


def test_a_package_can_add_a_profiler(monkeypatch: pytest.MonkeyPatch) -> None:
    added = EntryPoint("theirs", f"{__name__}:their_own", tools.GROUP)
    monkeypatch.setattr(tools, "entry_points", lambda group: [added] if group == tools.GROUP else [])
    assert chosen_mode("theirs", None) == "default"
    assert isinstance(recorder(Wanted("theirs", "default")), PySpy)
    assert seconds_of("theirs") > 0


def test_recorders_lie_where_they_are_looked_for() -> None:
    folder = Path(tools.__file__).with_name("in_process")
    names = {"memray_capture.py", "tracemalloc_stacks.py", "cprofile.py", "concurrency.py"}
    assert names <= {path.name for path in folder.iterdir()}
