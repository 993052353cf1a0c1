"""Call trees of what cProfile counts: exact where it can be, and never more nor less than was counted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.errors import PerfbenchError, UsageError
from perfbench.profiling.call_tree import functions
from perfbench.profiling.readers import Profile, calls_file, read_profile
from tests.profiling.readers.stacks_in_words import stacks_of

Edges = Mapping[tuple[str, str], tuple[int, float]]
"""(caller, callee) → calls and seconds with all below."""


def read(path: Path, document: object) -> Profile:
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_profile(path)


def document(own: Mapping[str, tuple[int, float, float]], edges: Edges) -> dict[str, Any]:
    """Of functions by name: calls, own seconds, seconds with all below."""
    names = list(own)
    return {
        "perfbench_calls": 1,
        "functions": [[name, f"{name}.py", 7, *own[name]] for name in names],
        "calls": [
            [names.index(caller), names.index(callee), count, 0.0, whole]
            for (caller, callee), (count, whole) in edges.items()
        ],
    }


def stack(*names: str) -> tuple[str, ...]:
    return tuple(f"{name} ({name}.py:7)" for name in names)


def test_a_function_with_one_caller_stands_below_it(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document(
            {"main": (1, 1.0, 6.0), "work": (3, 2.0, 5.0), "leaf": (9, 3.0, 3.0)},
            {("main", "work"): (3, 5.0), ("work", "leaf"): (9, 3.0)},
        ),
    )
    assert stacks_of(found.tree) == {
        stack("main"): 1.0,
        stack("main", "work"): 2.0,
        stack("main", "work", "leaf"): 3.0,
    }
    assert (found.unit, found.samples, found.problems) == ("seconds", 13, ())


def test_callers_share_by_the_seconds_that_each_had(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document(
            {"main": (1, 0.0, 4.0), "one": (1, 0.0, 1.0), "other": (1, 0.0, 3.0), "work": (2, 2.0, 4.0),
             "leaf": (2, 2.0, 2.0)},
            {("main", "one"): (1, 1.0), ("main", "other"): (1, 3.0), ("one", "work"): (1, 1.0),
             ("other", "work"): (1, 3.0), ("work", "leaf"): (2, 2.0)},
        ),
    )  # fmt: skip
    assert stacks_of(found.tree) == {
        stack("main", "one", "work"): 0.5, stack("main", "one", "work", "leaf"): 0.5,
        stack("main", "other", "work"): 1.5, stack("main", "other", "work", "leaf"): 1.5,
    }  # fmt: skip


def test_calls_count_where_no_seconds_were_seen(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document(
            {"one": (1, 1.0, 1.0), "other": (1, 1.0, 1.0), "fast": (4, 1.0, 1.0)},
            {("one", "fast"): (1, 0.0), ("other", "fast"): (3, 0.0)},
        ),
    )
    assert stacks_of(found.tree)[stack("other", "fast")] == 0.75


def test_calls_by_nobody_known_stand_at_the_root(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document({"main": (1, 1.0, 2.0), "work": (4, 4.0, 4.0)}, {("main", "work"): (1, 1.0)}),
    )
    assert stacks_of(found.tree) == {stack("main"): 1.0, stack("main", "work"): 1.0, stack("work"): 3.0}


def test_recursion_is_its_first_calls(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document(
            {"main": (1, 1.0, 11.0), "fib": (177, 10.0, 10.0)},
            {("main", "fib"): (1, 10.0), ("fib", "fib"): (176, 9.9)},
        ),
    )
    assert stacks_of(found.tree) == {stack("main"): 1.0, stack("main", "fib"): 10.0}


def test_a_circle_is_entered_where_it_was(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document(
            {"even": (50, 4.0, 10.0), "odd": (50, 6.0, 9.0), "main": (1, 0.0, 10.0)},
            {("main", "even"): (1, 10.0), ("even", "odd"): (50, 9.0), ("odd", "even"): (49, 8.0)},
        ),
    )
    assert stacks_of(found.tree) == {stack("main", "even"): 4.0, stack("main", "even", "odd"): 6.0}


def test_a_circle_that_nobody_entered_is_there_too(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.json",
        document(
            {"even": (50, 4.0, 10.0), "odd": (50, 6.0, 9.0)},
            {("even", "odd"): (50, 9.0), ("odd", "even"): (50, 8.0)},
        ),
    )
    assert stacks_of(found.tree) == {stack("even"): 4.0, stack("even", "odd"): 6.0}


NAMES = "abcdef"
graphs = st.tuples(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20)), min_size=6, max_size=6),
    st.dictionaries(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.integers(0, 5), st.integers(0, 9).map(float)),
        max_size=15,
    ),
)


@given(graphs)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_whatever_calls_whatever_own_times_are_kept(
    tmp_path: Path, graph: tuple[list[tuple[int, int, int]], Edges]
) -> None:
    rows, edges = graph
    own = {
        name: (count, float(mine), float(whole))
        for name, (count, mine, whole) in zip(NAMES, rows, strict=True)
    }
    if not any(mine for _, mine, _ in own.values()):
        return
    found = read(tmp_path / "c.json", document(own, edges))
    whole = sum(mine for _, mine, _ in own.values())
    shares = {share.frame.function: share for share in functions(found.tree)}
    assert math.isclose(found.tree.total()[0], whole)
    for name, (_, mine, _) in own.items():
        assert math.isclose(shares[name].own, mine, abs_tol=whole * 0.01)
        assert shares[name].inclusive <= whole * (1 + 1e-9)


def test_small_nodes_keep_what_they_call_and_the_tree_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each function calls all later ones: there are 2 to the power of 40 ways through."""
    names = [f"f{at}" for at in range(40)]
    own = dict.fromkeys(names, (40, 1.0, 40.0))
    edges = {(one, other): (1, 1.0) for at, one in enumerate(names) for other in names[at + 1 :]}
    found = read(tmp_path / "c.json", document(own, edges))
    assert found.tree.total()[0] == pytest.approx(40.0)
    assert len(found.tree.parent) < 100_000
    monkeypatch.setattr(calls_file, "MOST_NODES", 100)
    bounded = read(tmp_path / "c.json", document(own, edges))
    assert bounded.tree.total()[0] == pytest.approx(40.0)
    assert len(bounded.tree.parent) <= 100 + len(names)


GOOD = document({"main": (1, 1.0, 1.0)}, {})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"perfbench_calls": 2}, "another version"),
        ({"perfbench_calls": "x"}, "version"),
        ({"functions": [["a", "a.py", 1]]}, "is no recording of calls"),
        ({"functions": None}, "is no recording of calls"),
        ({"calls": [[0, 0]]}, "is no recording of calls"),
        ({"functions": []}, "holds no samples"),
        ({"functions": [["a", "a.py", 1, 1, 0.0, 0.0]]}, "holds no samples"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, change: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read(tmp_path / "c.json", {**GOOD, **change})
    lacking = {key: value for key, value in GOOD.items() if key not in change or key == "perfbench_calls"}
    with pytest.raises(UsageError) if len(lacking) < 3 else pytest.raises(UsageError, match=why):
        read(tmp_path / "c.json", lacking if len(lacking) < 3 else {**GOOD, **change})


def test_what_cannot_be_is_told_and_left_out(tmp_path: Path) -> None:
    rows = [
        ["a", "a.py", 1, 1, 2.0, 2.0],
        ["b", "b.py", -5, 1, -2.0, 2.0],
        ["c", "c.py", 10**12, -1, 1.0, 1.0],
    ]
    calls = [[0, 9, 1, 0.0, 1.0], [-1, 0, 1, 0.0, 1.0], [0, 1, -1, 0.0, 1.0], [0, 1, 1, 0.0, 1e300]]
    found = read(tmp_path / "c.json", {"perfbench_calls": 1, "functions": rows, "calls": calls})
    assert stacks_of(found.tree) == {("a (a.py:1)",): 2.0}
    assert len(found.problems) == 6


numbers = st.integers(-3, 5) | st.floats(-1, 10) | st.just(2**70) | st.just(1e300)


@given(
    st.lists(st.tuples(st.just("f"), st.just("f.py"), numbers, numbers, numbers, numbers), max_size=4),
    st.lists(st.tuples(numbers, numbers, numbers, numbers, numbers), max_size=5),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_numbers_are_read_or_refused(tmp_path: Path, rows: list[object], calls: list[object]) -> None:
    try:
        found = read(tmp_path / "c.json", {"perfbench_calls": 1, "functions": rows, "calls": calls})
    except PerfbenchError:
        return
    assert found.tree.total()[0] > 0
