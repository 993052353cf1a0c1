"""perfbench's own result file, read back whole, damaged and hostile."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import Measurement, Outcome, Run, Summary
from perfbench.results import native
from perfbench.results.result_file import MAX_PROBLEMS, ResultFile
from perfbench.results.writer import ResultWriter

from .samples import CALL, START, TIME, document, header, measurement_lists, run


@pytest.fixture
def written(tmp_path: Path) -> bytes:
    """A file with two sides, two rows, two rounds and a skipped row."""
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("base", "head")) as writer:
        for number in range(2):
            for side in ("base", "head"):
                writer.run(side, START, TIME, run(0.5, 0.25, number=number))
                writer.run(side, CALL, TIME, run(1e-3, number=number))
            writer.flush()
        writer.outcome(CALL, Outcome.SKIPPED, "podman is not installed", ["base", "head"])
        writer.finish(seconds=2.5, exit_code=0)
    return path.read_bytes()


def read(data: bytes) -> ResultFile:
    return native.read(document(data))


def with_line(data: bytes, number: int, new: bytes) -> bytes:
    """The file with line `number` (from 1) replaced."""
    lines = data.splitlines(keepends=True)
    lines[number - 1] = new + b"\n"
    return b"".join(lines)


def test_a_file_reads_back_as_it_was_written(written: bytes) -> None:
    result = read(written)
    assert result.problems == ()
    assert result.complete
    assert (result.seconds, result.exit_code) == (2.5, 0)
    assert result.header == header("base", "head")
    assert list(result.sides) == ["base", "head"]
    first, second = result.side("head")
    assert (first.benchmark, first.metric, second.benchmark) == (START, TIME, CALL)
    assert first.runs == (run(0.5, 0.25, number=0), run(0.5, 0.25, number=1))
    assert first.origin == "some.jsonl (head)"
    assert [(o.benchmark, o.reason, o.sides) for o in result.outcomes] == [
        (CALL, "podman is not installed", ("base", "head"))
    ]


@given(measurement_lists())
def test_any_measurements_survive_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, measurements: list[Measurement]
) -> None:
    path = tmp_path_factory.mktemp("trip") / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        for measurement in measurements:
            for each in measurement.runs:
                writer.run("head", measurement.benchmark, measurement.metric, each)
        writer.finish()
    result = read(path.read_bytes())
    assert result.problems == ()
    assert [(m.benchmark, m.metric) for m in result.side()] == [(m.benchmark, m.metric) for m in measurements]
    for before, after in zip(measurements, result.side(), strict=True):
        assert [_comparable(each) for each in after.runs] == [_comparable(each) for each in before.runs]


def _comparable(each: Run) -> tuple[object, ...]:
    """A run whose NaNs are equal to each other."""
    numbers = [repr(float(value)) for value in (*each.values, *each.times, *each.cpu, each.started)]
    return (each.round, each.loops, len(each.values), len(each.times), *numbers)


SUMMARY = Summary(median=1.0, mean=1.5, count=20, low=0.9, high=1.1)


def test_a_summary_reads_back_as_it_was_written_and_stands_for_the_samples(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("base", "head")) as writer:
        writer.summary("base", START, TIME, SUMMARY)
        writer.run("head", START, TIME, run(0.5))
        writer.summary("head", START, TIME, SUMMARY)
        writer.summary("head", CALL, TIME, Summary(mean=math.inf))
        writer.finish()
    result = read(path.read_bytes())
    assert result.problems == ()
    (before,) = result.side("base")
    assert (before.benchmark, before.metric, before.runs, before.summary) == (START, TIME, (), SUMMARY)
    sampled, unknown = result.side("head")
    assert (sampled.runs, sampled.summary) == ((run(0.5),), None)
    assert unknown.summary == Summary()


def test_the_second_summary_of_a_row_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        writer.summary("head", START, TIME, SUMMARY)
        writer.summary("head", START, TIME, Summary(mean=2.0))
        writer.finish()
    result = read(path.read_bytes())
    assert "is there already" in result.problems[0].message
    assert result.side()[0].summary == SUMMARY


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_spelt_in_valid_json(tmp_path: Path, value: float) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        writer.run("head", CALL, TIME, run(1.0, value))

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=refuse)
    assert repr(read(path.read_bytes()).side()[0].runs[0].values) == repr((1.0, value))


def test_a_file_without_its_end_is_not_complete_but_keeps_its_rounds(written: bytes) -> None:
    result = read(b"".join(written.splitlines(keepends=True)[:-1]))
    assert not result.complete
    assert result.problems == ()
    assert len(result.side("base")[0].runs) == 2


def test_a_last_line_that_is_cut_off_is_a_problem_and_the_rest_counts(written: bytes) -> None:
    lines = written.splitlines(keepends=True)
    result = read(b"".join(lines[:-3]) + lines[-3][:40])
    assert [problem.line for problem in result.problems] == [len(lines) - 2]
    assert "cut off" in result.problems[0].message
    assert len(result.side("base")[0].runs) == 2


@given(st.data())
def test_a_file_cut_anywhere_gives_what_came_before(written_once: bytes, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(written_once)))
    result = read(written_once[:length])
    whole = read(written_once)
    kept = sum(len(m.runs) for m in result.side("base"))
    assert kept <= sum(len(m.runs) for m in whole.side("base"))
    assert len(result.problems) <= 1
    assert kept == sum(
        line.startswith(b'{"type":"run"') and b'"base"' in line and _is_whole(line)
        for line in written_once[:length].split(b"\n")
    )


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"}")


@pytest.fixture(scope="module")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small file for tests that change it many times."""
    path = tmp_path_factory.mktemp("once") / "run.jsonl"
    with ResultWriter(path, header("base", "head")) as writer:
        for number in range(3):
            writer.run("base", START, TIME, run(0.5, 0.25, number=number))
            writer.run("head", START, TIME, run(0.5, 0.25, number=number))
        writer.summary("base", CALL, TIME, SUMMARY)
        writer.outcome(CALL, Outcome.FAILED, "it raised", ["head"])
        writer.finish()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json", "not valid JSON"),
        (b"\xff\xfe\xfd\xfc\xfb", "not"),
        (b"\xc3\x28", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"type":"run","row":' + b"1" * 5000 + b"}", "too long"),
        (b'{"type":"other"}', "not a line of this format"),
        (b"3", "not a line of this format"),
        (b"null", "not a line of this format"),
        (
            b'{"type":"run","row":0,"side":"base","round":0,"started":0,"loops":1,"values":[1]}',
            "is there already",
        ),
        (
            b'{"type":"run","row":7,"side":"base","round":9,"started":0,"loops":1,"values":[1]}',
            "not been named",
        ),
        (b'{"type":"run","row":0,"side":"x","round":9,"started":0,"loops":1,"values":[1]}', "no side 'x'"),
        (b'{"type":"run","row":0,"side":"base","round":9,"started":0,"loops":1,"values":[]}', "no values"),
        (b'{"type":"run","row":0,"side":"base","round":9,"started":0,"loops":0,"values":[1]}', "loops"),
        (b'{"type":"run","row":0,"side":"base","round":9,"started":0,"loops":1,"values":[true]}', "values"),
        (b'{"type":"run","row":0,"side":"base","round":9,"started":0,"loops":1,"values":["x"]}', "values"),
        (b'{"type":"run","row":0,"side":"base","round":9,"started":NaN,"loops":1,"values":[1]}', "no date"),
        (b'{"type":"run","row":0,"side":"base","round":-1,"started":0,"loops":1,"values":[1]}', "round"),
        (
            b'{"type":"run","row":0,"side":"base","round":9,"started":0,"loops":1,"values":[1],"times":[1,2]}',
            "1 values but 2 times",
        ),
        (
            b'{"type":"run","row":0,"side":"base","round":9,"round":8,"started":0,"loops":1,"values":[1]}',
            "'round' stands there twice",
        ),
        (
            b'{"type":"row","row":0,"suite":"","name":"x","params":[],"metric":{"name":"t","unit":"s"}}',
            "twice",
        ),
        (
            b'{"type":"outcome","suite":"","name":"x","params":[],"outcome":"eaten","reason":"","sides":[]}',
            "eaten",
        ),
        (b'{"type":"summary","row":7,"side":"base","summary":{"mean":1}}', "not been named"),
        (b'{"type":"summary","row":0,"side":"x","summary":{"mean":1}}', "no side 'x'"),
        (b'{"type":"summary","row":0,"side":"base","summary":{"mean":"1"}}', "mean"),
        (b'{"type":"summary","row":0,"side":"base","summary":{"mean":1,"confidence":1}}', "confidence"),
        (b'{"type":"summary","row":0,"side":"base","summary":{"mean":1,"count":-1}}', "count"),
        (b'{"type":"summary","row":0,"side":"base","summary":{"mean":1,"low":2,"high":1}}', "above its high"),
        (b'{"type":"end","complete":true,"seconds":1e999}', "finite"),
        (b'{"type":"run","row":0,"side":"base","round":9,"started":1e300,"loops":1,"values":[1]}', "no date"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_others_count(
    written: bytes, line: bytes, said: str
) -> None:
    lines = written.splitlines(keepends=True)
    place = len(lines) - 1
    result = read(b"".join([*lines[:-2], line + b"\n", *lines[-1:]]))
    assert [problem.line for problem in result.problems] == [place]
    assert said in result.problems[0].message
    assert len(result.side("base")[0].runs) == 2
    assert result.complete


def test_a_second_file_joined_to_the_first_is_refused_line_by_line(written: bytes) -> None:
    result = read(written + written)
    assert len(result.side("base")[0].runs) == 2
    assert all("after the end line" in problem.message for problem in result.problems)


def test_a_newer_format_asks_for_an_upgrade(written: bytes) -> None:
    result = read(written.replace(b'"version":1', b'"version":2', 1))
    assert "upgrade" in result.problems[0].message
    assert result.sides == {}


def test_a_file_whose_header_is_unusable_gives_one_problem(written: bytes) -> None:
    result = read(with_line(written, 1, b'{"format":"perfbench-results","type":"header","version":1}'))
    assert len(result.problems) == 1
    assert result.sides == {}
    assert not result.complete


def test_thousands_of_bad_lines_are_counted_not_listed(written: bytes) -> None:
    lines = written.splitlines(keepends=True)
    result = read(b"".join([lines[0], *[b"x\n"] * 5000]))
    assert len(result.problems) == MAX_PROBLEMS + 1
    assert "4900 more" in result.problems[-1].message


def test_a_file_of_nothing_but_bad_lines_is_given_up(written: bytes) -> None:
    lines = written.splitlines(keepends=True)
    result = read(b"".join([lines[0], *[b"x\n"] * 20_000, *lines[1:]]))
    assert "was not read" in result.problems[-2].message
    assert not result.complete


def test_keys_of_a_later_minor_version_are_ignored(written: bytes) -> None:
    result = read(written.replace(b'"title":', b'"colour":"blue","title":', 1))
    assert result.problems == ()


def test_more_values_than_memory_can_bear_are_refused_before_they_are_parsed(
    written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "MAX_ELEMENTS", 10)
    result = read(written)
    assert "more than 10 values" in result.problems[0].message


@given(st.binary())
def test_any_bytes_give_problems_never_a_traceback(data: bytes) -> None:
    result = read(data)
    assert result.sides == {}
    assert not result.complete


@given(st.data())
def test_a_mutated_file_gives_problems_never_a_traceback(written_once: bytes, data: st.DataObject) -> None:
    changed = bytearray(written_once)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    result = read(bytes(changed))
    for problem in result.problems:
        assert problem.path == "some.jsonl"
        assert problem.message.isprintable()
        problem.message.encode()
    for measurements in result.sides.values():
        assert all(each.values for measurement in measurements for each in measurement.runs)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_any_json_in_any_key_gives_problems_never_a_traceback(
    written_once: bytes, data: st.DataObject
) -> None:
    lines = [json.loads(line) for line in written_once.splitlines()]
    line = data.draw(st.sampled_from(lines))
    line[data.draw(st.sampled_from(sorted(line)))] = data.draw(_json)
    result = read("\n".join(map(json.dumps, lines)).encode())
    assert len(result.problems) <= len(lines) + 1
