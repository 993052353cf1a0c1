"""What an operation keeps for good, seen from a process of its own."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import _growth
from benchmarks._growth import Observed, growth, observed, slope
from benchmarks._running import usable
from perfbench.sandbox.runtimes.ownership import start_time
from tests.benchmarks.leaky import failing, forgetting, keeping, sleeping

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="growth is counted by glibc's mallinfo2"
)


def place(function: Callable[..., object]) -> str:
    return f"{function.__module__}:{function.__name__}"


@pytest.mark.parametrize("what", ["nothing", "garbage"])
def test_what_goes_again_is_no_growth(what: str) -> None:
    assert growth(observed(place(keeping), what, blocks=9, calls=20)) == 0


@pytest.mark.parametrize("what", ["objects", "malloc"])
def test_a_kibibyte_a_call_is_found_to_the_byte(what: str) -> None:
    found = growth(observed(place(keeping), what, blocks=12, calls=50))
    assert 1024 <= found <= 1024 + 48  # malloc's own 16 bytes, and a place in a list


@pytest.mark.parametrize("kind", ["threads", "descriptors", "processes", "tasks"])
def test_what_stays_of_each_call_is_counted(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks._growth.SECONDS", 1.0)
    assert _growth.residue(place(keeping), kind, kind) == _growth.FEW


def test_sandboxes_that_are_forgotten_are_counted_and_removed() -> None:
    assert _growth.left_sandboxes(place(forgetting), "process") >= _growth.FEW
    assert usable("process").sweep() == []


def test_an_absent_part_is_skipped_with_its_reason() -> None:
    with pytest.raises(NotImplementedError, match="it is not installed; install it"):
        observed(place(failing), "absent")


def test_an_operation_that_fails_fails_the_row_in_its_own_words() -> None:
    with pytest.raises(RuntimeError, match=r"failing\(no luck\) ended with exit code 1: ValueError: no luck"):
        observed(place(failing), "no luck")


def test_an_operation_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks._growth.WITHIN", 0.05)
    with pytest.raises(RuntimeError, match=r"did not end within 0\.05 s"):
        observed(place(keeping), "nothing")


def test_slow_calls_are_made_in_fewer_blocks() -> None:
    seen = observed(place(keeping), "pause", blocks=20, calls=1000, seconds=0.1)
    assert (seen.calls, len(seen.bytes)) == (1, 10)


def seen(values: list[int], calls: int = 1) -> Observed:
    return Observed(calls, tuple(values), {}, {}, ())


def test_the_slope_is_that_of_the_middle_pair() -> None:
    assert slope([10 * step for step in range(20)]) == (10, 10)


def test_too_few_values_have_no_lower_end() -> None:
    assert slope([0, 1, 2])[1] == -float("inf")


def test_caches_that_fill_at_first_are_no_growth() -> None:
    assert growth(seen([1000 * step for step in range(10)] + [10_000] * 20)) == 0


def test_one_step_of_a_table_is_no_growth() -> None:
    assert growth(seen([0] * 20 + [50_000] * 10)) == 0


def test_a_sawtooth_is_no_growth() -> None:
    assert growth(seen([1000 * (step % 5) for step in range(30)])) == 0


def test_a_sawtooth_that_climbs_is_growth() -> None:
    assert growth(seen([1000 * (step % 3) + 5000 * step for step in range(30)])) == pytest.approx(
        5000, rel=0.1
    )


def test_growth_is_of_one_call() -> None:
    assert growth(seen([640 * step for step in range(30)], calls=20)) == 32


def test_less_than_a_block_of_malloc_is_no_growth() -> None:
    assert growth(seen([8 * step for step in range(30)])) == 0


def test_no_child_outlives_its_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"from benchmarks._growth import observed; observed({place(sleeping)!r}, {str(note)!r})"
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    until(lambda: note.exists() and note.read_text().endswith("."))
    parent.kill()
    parent.wait()
    child = int(note.read_text().rstrip("."))
    until(lambda: start_time(child) is None)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
