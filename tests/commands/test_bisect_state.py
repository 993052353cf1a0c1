"""A bisection is kept after each step, known again by all that it depends on, and never believed when damaged."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from perfbench.commands.bisect_state import KEPT, BisectState, open_state
from perfbench.errors import PerfbenchError
from perfbench.model_history import BisectStep, Likeness

KEY = ("suite", "bench.time_a", "c0", "c8")
STEP = BisectStep("c4", "c0", Likeness.GOOD, 1.01, 0.99, 1.03, 10, "")
ODD = BisectStep("c5", "c0", Likeness.SKIPPED, math.nan, 0.0, math.inf, 0, "cannot be built")


def opened(root: Path, *key: str, restart: bool = False) -> BisectState:
    return open_state(root, key or KEY, {"benchmark": "bench.time_a"}, restart=restart)


def kept(root: Path) -> BisectState:
    state = opened(root)
    state.ends = BisectStep("c8", "c0", Likeness.BAD, math.inf, math.inf, math.inf, 6)
    state.steps.append(STEP)
    state.keep()
    return state


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    before = kept(tmp_path)
    again = opened(tmp_path)
    assert (again.ends, again.steps, again.last) == (before.ends, [STEP], None)
    assert not again.is_new


def test_a_step_without_figures_keeps_its_place(tmp_path: Path) -> None:
    state = kept(tmp_path)
    state.steps.append(ODD)
    state.keep()
    found = opened(tmp_path).steps[1]
    assert math.isnan(found.ratio)
    assert (found.low, found.high, found.reason) == (0.0, math.inf, "cannot be built")


def test_another_question_has_another_state(tmp_path: Path) -> None:
    kept(tmp_path)
    assert opened(tmp_path, "suite", "bench.time_a", "c0", "c7").is_new


def test_restart_forgets(tmp_path: Path) -> None:
    kept(tmp_path)
    assert opened(tmp_path, restart=True).is_new
    assert opened(tmp_path).is_new


@pytest.mark.parametrize(
    "text", ["", "{", '{"version": 2, "about": {}}', '{"version": 1, "about": {}, "ends": 3}']
)
def test_a_damaged_state_is_none(tmp_path: Path, text: str) -> None:
    state = kept(tmp_path)
    (state.folder / "state.json").write_text(text)
    assert opened(tmp_path).is_new


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 5):
        opened(tmp_path, str(number)).keep()
    opened(tmp_path, "new")
    assert len(list((tmp_path / ".perfbench" / "bisect").iterdir())) == KEPT - 1


def test_a_state_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    state = kept(tmp_path)
    (state.folder / "state.new").mkdir()
    with pytest.raises(PerfbenchError, match=r"cannot write .*state\.json"):
        state.keep()
