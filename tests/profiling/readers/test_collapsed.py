"""Collapsed stacks, held against stacks that are counted one by one."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.profiling.call_tree import DEEPEST
from perfbench.profiling.readers import Profile, collapsed, collapsed_parts, profile, read_profile, text_file
from tests.profiling.readers.stacks_in_words import stacks_of

in_any_order = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)

frames = st.sampled_from(["<module> (main.py:3)", "f (a b/c.py:12)", "g", "operator() const", "h (x.py)"])
lines = st.lists(
    st.tuples(st.lists(frames, min_size=1, max_size=20), st.integers(1, 10**6)), min_size=1, max_size=40
)


def read(path: Path, data: bytes | str) -> Profile:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_profile(path)


@given(lines)
@in_any_order
def test_every_stack_is_read_with_its_weight(tmp_path: Path, found: list[tuple[list[str], int]]) -> None:
    read_ = read(tmp_path / "raw", "".join(f"{';'.join(stack)} {weight}\n" for stack, weight in found))
    expected: Counter[tuple[str, ...]] = Counter()
    for stack, weight in found:
        expected[tuple(stack)] += weight
    assert stacks_of(read_.tree) == expected
    assert (read_.unit, read_.samples, read_.problems) == ("samples", sum(w for _, w in found), ())


@given(
    lines, st.lists(st.sampled_from(["", "   ", "no weight", "a;b;c;d;e;f;g", "a;b nan", "a -1"]), max_size=5)
)
@in_any_order
def test_odd_lines_are_told_and_do_no_harm(
    tmp_path: Path, found: list[tuple[list[str], int]], odd: list[str]
) -> None:
    good = [f"{';'.join(stack)} {weight}" for stack, weight in found]
    mixed = read(tmp_path / "mixed", "\n".join([*odd, *good, *good, *good, *good, *good]) + "\n")
    plain = read(tmp_path / "plain", "\n".join(good * 5) + "\n")
    assert stacks_of(mixed.tree) == stacks_of(plain.tree)
    assert [problem.line for problem in mixed.problems] == [
        at for at, line in enumerate(odd, 1) if line.strip()
    ]


def test_frames_of_py_spy_have_files_and_lines_and_threads_stay_frames(tmp_path: Path) -> None:
    found = read(
        tmp_path / "raw",
        'process 7:"python w.py";thread (29869): MainThread;<module> (w.py:8);A.run (w.py:6);'
        "f.<locals>.<genexpr> (w.py:3);dumps (json/__init__.py:231) 13\n",
    )
    assert [str(frame) for frame in found.tree.frames] != []
    by_name = {frame.function: frame for frame in found.tree.frames}
    assert by_name['process 7:"python w.py"'].file == ""
    assert by_name["thread (29869): MainThread"].file == ""
    assert (by_name["dumps"].file, by_name["dumps"].line, by_name["dumps"].own) == (
        "json/__init__.py",
        231,
        False,
    )


def test_weights_may_have_fractions(tmp_path: Path) -> None:
    found = read(tmp_path / "raw", "a;b 0.25\na;b 1e-3\na\t2\n")
    assert stacks_of(found.tree) == {("a", "b"): pytest.approx(0.251), ("a",): 2.0}
    assert found.samples == 3


def test_text_may_be_packed_and_hold_bytes_of_any_encoding(tmp_path: Path) -> None:
    found = read(tmp_path / "raw", gzip.compress("übung;b\xff 3\n".encode("latin-1")))
    assert stacks_of(found.tree) == {("�bung", "b�"): 3.0}


@pytest.mark.parametrize("weight", ["nan", "-nan", "inf", "-1", "1e400", "1e19"])
def test_a_weight_that_cannot_be_is_told_with_its_line(tmp_path: Path, weight: str) -> None:
    found = read(tmp_path / "raw", f"a;b;c;d;e;f;g 1\na;b;c;d;e;f;g {weight}\nb 2\na {weight}\n")
    assert sum(found.tree.weight) == 3.0
    assert [problem.line for problem in found.problems] == [2, 4]
    assert "weight" in found.problems[0].message


def test_a_last_line_that_is_cut_is_left_out(tmp_path: Path) -> None:
    found = read(tmp_path / "raw", "a;b (x.py:3) 1\nb (x.py:4) 2\na;b (x.")
    assert sum(found.tree.weight) == 3.0
    assert [(problem.line, problem.message) for problem in found.problems] == [(3, "is cut off")]


def test_a_last_line_needs_no_end(tmp_path: Path) -> None:
    found = read(tmp_path / "raw", "a;b 1\nb 2")
    assert (sum(found.tree.weight), found.problems) == (3.0, ())


def test_only_the_first_problems_are_kept_and_the_others_counted(tmp_path: Path) -> None:
    found = read(tmp_path / "raw", "a;b 1\n" * 60 + "nothing\n" * 50)
    assert len(found.problems) == profile.MOST_PROBLEMS + 1
    assert "30 more" in found.problems[-1].message


@pytest.mark.parametrize(
    "text", ["one\ntwo\n", "import json\n\nprint(json)\n", "word\n" * 5000, "a 1\nb\nc\n"], ids=len
)
def test_other_text_is_no_profile(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="is no profile that perfbench knows; give collapsed stacks"):
        read(tmp_path / "raw", text)


@pytest.mark.parametrize("text", ["a;b 0\n", "a nan\n", "a;b;c;d;e;f 0\n"])
def test_stacks_that_weigh_nothing_are_no_samples(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="holds no samples"):
        read(tmp_path / "raw", text)


def test_endless_recursion_is_cut(tmp_path: Path) -> None:
    found = read(tmp_path / "raw", ";".join(["f"] * 200_000) + " 3\n")
    assert (int(found.tree.depth.max()), found.tree.total()[0]) == (DEEPEST, 3.0)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has a line of more than 1 MiB"):
        read(tmp_path / "raw", "a;" * 600_000 + "b 1\n")


def test_packed_text_that_becomes_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "MOST_BYTES", 10_000)
    with pytest.raises(UsageError, match="GiB of text"):
        read(tmp_path / "raw", gzip.compress(b"a;b 1\n" * 5_000))
    monkeypatch.setattr(collapsed_parts, "MOST_BYTES", 10_000)
    with pytest.raises(UsageError, match="is larger than"):
        read(tmp_path / "raw", b"a;b 1\n" * 5_000)


def test_packed_text_that_is_cut_off_is_told(tmp_path: Path) -> None:
    packed = gzip.compress("".join(f"a;b{at} 1\n" for at in range(5_000)).encode())
    with pytest.raises(UsageError, match="is cut off before its end"):
        read(tmp_path / "raw", packed[:-100])
    with pytest.raises(UsageError, match="damaged"):
        read(tmp_path / "raw", packed[:50] + bytes(50) + packed[100:])


@pytest.mark.parametrize(
    ("bound", "value", "why"),
    [("MOST_FRAMES", 100, "more than 100 frames"), ("MOST_NODES", 50, "more than 50 nodes"),
     ("MOST_DIFFERENT", 5, "too many functions"), ("LONGEST_NAMES", 20, "too many functions")],
)  # fmt: skip
def test_a_file_with_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, why: str
) -> None:
    monkeypatch.setattr(profile, bound, value)
    with pytest.raises(UsageError, match=why):
        read(tmp_path / "raw", "".join(f"a;b;c;d;e;f;g{at};h 1\n" for at in range(50)))


def test_roots_are_forgotten_where_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"r{at % 7};{';'.join('abcdefghijklmnopqrs')};x{at % 5} 1\n" for at in range(100))
    whole = read(tmp_path / "whole", text)
    monkeypatch.setattr(collapsed, "MOST_REMEMBERED", 100)
    assert stacks_of(read(tmp_path / "raw", text).tree) == stacks_of(whole.tree)


def test_a_large_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        f"{';'.join(f'f{(at + depth) % 9} (x.py:{depth})' for depth in range(at % 12 + 1))} 2"
        for at in range(99)
    ]
    lines[20] = lines[70] = lines[90] = "nonsense"
    text = "\n".join(lines)
    whole = read(tmp_path / "raw", text)
    monkeypatch.setattr(collapsed_parts, "SMALLEST_PART", len(text) // 4)
    monkeypatch.setattr(collapsed_parts, "processors", lambda: 3)
    parts = read(tmp_path / "raw", text)
    assert stacks_of(parts.tree) == stacks_of(whole.tree)
    assert [problem.line for problem in parts.problems] == [21, 71, 91]
    assert parts.samples == whole.samples == 2 * 96


@pytest.mark.parametrize(
    ("bound", "value", "why"),
    [("MOST_FRAMES", 1_000, "more than 1,000 frames"), ("MOST_DIFFERENT", 150, "too many functions"),
     ("LONGEST_NAMES", 500, "too many functions")],
)  # fmt: skip
def test_bounds_hold_for_all_parts_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, why: str
) -> None:
    monkeypatch.setattr(collapsed_parts, "SMALLEST_PART", 1_000)
    monkeypatch.setattr(collapsed_parts, "processors", lambda: 4)
    text = "".join(f"a;b;c;d;e;f;g{at} 1\n" for at in range(250))
    assert len(read(tmp_path / "raw", text).tree.parent) == 257
    monkeypatch.setattr(profile, bound, value)
    with pytest.raises(UsageError, match=why):
        read(tmp_path / "raw", text)


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize(
    ("stacks_first", "lost"), [(True, 1_600), (True, 1_400), (False, 900), (False, 1_100)]
)
def test_what_is_no_profile_does_not_depend_on_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int, stacks_first: bool, lost: int
) -> None:
    monkeypatch.setattr(collapsed_parts, "SMALLEST_PART", 5_000)
    monkeypatch.setattr(collapsed_parts, "processors", lambda: processors)
    some, none = "a;b 1\n" * 1_500, "nonsense\n" * lost
    text = some + none if stacks_first else none + some
    if lost in (1_600, 1_100):
        with pytest.raises(UsageError, match="is no profile"):
            read(tmp_path / "raw", text)
    else:
        assert read(tmp_path / "raw", text).samples == 1_500


def test_a_part_that_weighs_nothing_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collapsed_parts, "SMALLEST_PART", 200)
    monkeypatch.setattr(collapsed_parts, "processors", lambda: 2)
    some, nothing = "a;b;c;d;e;f 1\n" * 50, "a;b;c;d;e;g 0\n" * 50
    for text in (some + nothing, nothing + some):
        assert stacks_of(read(tmp_path / "raw", text).tree) == {tuple("abcdef"): 50.0}
    with pytest.raises(UsageError, match="holds no samples"):
        read(tmp_path / "raw", nothing * 2)


def test_a_part_that_another_process_cannot_read_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collapsed_parts, "SMALLEST_PART", 10)
    monkeypatch.setattr(collapsed_parts, "processors", lambda: 2)
    monkeypatch.setattr("sys.executable", "/bin/false")
    found = read(tmp_path / "raw", "a;b 1\n" * 50)
    assert stacks_of(found.tree) == {("a", "b"): 50.0}


def test_packed_stacks_are_read_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collapsed_parts, "SMALLEST_PART", 10)
    found = read(tmp_path / "raw", gzip.compress(random.Random(3).randbytes(500).hex(";").encode() + b" 7\n"))
    assert found.tree.total()[0] == 7.0
