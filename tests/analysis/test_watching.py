from __future__ import annotations

import numpy as np

from perfbench.analysis.watching import WINDOW, Watched, suspicious, watch
from perfbench.model import Better
from perfbench.model_history import Status

Known = dict[int, tuple[Watched, ...]]


def noise(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.exp(0.01 * np.random.default_rng(seed).standard_t(4, (rows, columns)))


def follow(values: np.ndarray, start: int) -> list[Known]:
    """What is known after each append, from `start` points on."""
    known: Known = {}
    history = []
    for length in range(start, values.shape[1] + 1):
        tails = values[:, max(0, length - WINDOW) : length]
        known = watch(tails, [length] * len(values), known, [Better.LOWER] * len(values))
        history.append(known)
    return history


def test_a_step_is_new_and_then_confirmed_and_other_series_are_left_alone() -> None:
    values = noise(20, 220)
    values[7, 200:] *= 1.5
    history = follow(values, 196)
    statuses = [[each.status for each in known.get(7, ()) if each.index >= 198] for known in history]
    seen = [one[0] for one in statuses if one]
    assert seen[0] is Status.NEW
    assert seen[-1] is Status.CONFIRMED
    assert Status.GONE not in seen
    last = history[-1][7]
    assert [each.index for each in last] == [200]
    assert 203 <= last[0].seen <= 208


def test_what_comes_back_at_once_is_gone() -> None:
    values = noise(1, 140)
    values[0, 100:106] *= 1.5
    values[0, 106:] *= 1.0
    statuses = [
        each.status for known in follow(values, 99) for each in known.get(0, ()) if abs(each.index - 100) < 3
    ]
    assert statuses == [] or statuses[0] is Status.NEW


def test_a_false_start_is_given_once_as_gone() -> None:
    values = noise(1, 60)
    known: Known = {}
    seen = watch(np.concatenate((values[0, :50], np.full(4, 1.4)))[None, :], [54], known, [Better.LOWER])
    assert [each.status for each in seen[0]] == [Status.NEW]
    calm = np.concatenate((values[0, :50], [1.4, 1.0, 1.0, 1.0, 1.0, 1.0]))[None, :]
    then = watch(calm, [56], seen, [Better.LOWER])
    assert [each.status for each in then[0]] == [Status.GONE]
    assert watch(calm, [57], then, [Better.LOWER]) == {}


def test_a_confirmed_change_that_leaves_the_window_is_forgotten_quietly() -> None:
    values = noise(1, 150 + WINDOW)
    values[0, 140:] *= 1.5
    history = follow(values, 138)
    assert [each.status for each in history[20][0]] == [Status.CONFIRMED]
    assert history[-1] == {}
    assert all(each.status is not Status.GONE for known in history[20:] for each in known.get(0, ()))


def test_the_quick_look_misses_no_step_that_the_search_finds() -> None:
    values = noise(300, 100, seed=3)
    for after in (4, 6, 10, 20):
        values[:, :] = noise(300, 100, seed=after)
        values[:, -after:] *= 1.1
        assert suspicious(values).all()


def test_the_quick_look_passes_over_most_of_what_is_steady() -> None:
    assert suspicious(noise(2000, WINDOW)).mean() < 0.3


def test_short_and_missing_series_are_not_suspicious() -> None:
    tails = np.full((3, 20), np.nan)
    tails[1, -2:] = 1.0
    assert suspicious(tails).tolist() == [False, False, False]
    assert watch(tails, [0, 2, 0], {}, [Better.LOWER] * 3) == {}
