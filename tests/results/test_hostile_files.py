"""Whatever stands in a file: measurements and problems, or one sentence, in bounded memory; never a traceback.

Held for every format of the registry, by good files of each (`files/`) that are then spoilt.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.results.document import load
from perfbench.results.json_text import MalformedError
from perfbench.results.reading import FORMATS, read_any
from perfbench.results.result_file import LATEST, MAX_PROBLEMS, ResultFile

FOLDER = Path(__file__).parent / "files"
GOOD = sorted(path for path in FOLDER.rglob("*") if path.is_file())

NASTY = (
    b"NaN", b"-Infinity", b"1e999", b"-1e-999", b"9" * 5000, b"9" * 300, b"-1", b"0", b"1.5", b"true", b"null",
    b'""', b'"\\ud800"', b'"\\u0000\\u001b[2J"', b"{}", b"[]", b"[[[[", b"{{", b"\xff\xfe", b"\xed\xa0\x80",
    b"\x00", b"\x1b]0;x\x07", b"\r\n", b"\n\n", b"\t", b",", b'"', b"<", b"&amp;", b"=1+1",
)  # fmt: skip
"""Pieces that readers stumble over: numbers that are none, halves of characters, control codes, delimiters."""

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**53, 2**64])
    | st.floats()
    | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def name_of(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def survives(path: Path) -> ResultFile | None:
    """What the file was read as; None where it was refused. Both must be fit for what is done with them."""
    try:
        result = read_any(path)
    except UsageError as error:
        refusal = error
    else:
        hold(result)
        return result
    assert str(refusal).isprintable()
    assert len(str(refusal)) < 1000 + len(str(path))
    assert refusal.remedy
    return None


def hold(result: ResultFile) -> None:
    """Problems are short lines; rows are told apart, have values, and names that can be encoded."""
    assert len(result.problems) <= MAX_PROBLEMS + 2
    for problem in result.problems:
        assert problem.message.isprintable()
        assert 0 < len(problem.message) <= 300
        assert problem.line is None or problem.line > 0
    assert result.problems or result.outcomes or any(result.sides.values())
    assert set(result.sides) <= set(result.header.sides)
    assert 0 <= result.header.created <= LATEST
    for label in result.sides:
        rows = result.side(label)
        assert len({(row.benchmark, row.metric) for row in rows}) == len(rows)
        for row in rows:
            assert all(run.values and run.loops > 0 and 0 <= run.started <= LATEST for run in row.runs)
            assert len({run.round for run in row.runs}) == len(row.runs)
            assert row.runs or row.summary is not None
            str(row.benchmark).encode()
            f"{row.metric.name} {row.metric.unit}".encode()
    for outcome in result.outcomes:
        f"{outcome.benchmark} {outcome.reason}".encode()


def spoilt(tmp_path: Path, data: bytes) -> ResultFile | None:
    path = tmp_path / "x"
    path.write_bytes(data)
    return survives(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples of a property: each writes the same file anew."""
    return tmp_path_factory.mktemp("spoilt")


def json_values() -> Iterator[Any]:
    """Every good file that is one JSON value, as an argument of a test."""
    for path in GOOD:
        try:
            yield pytest.param(load(path).json.value, id=name_of(path))
        except MalformedError:
            continue


JSON = list(json_values())


def test_every_format_has_a_good_file_that_no_other_format_takes_for_its_own() -> None:
    found: set[str] = set()
    for path in GOOD:
        kinds = [kind.name for kind in FORMATS if kind.recognises(load(path))]
        assert len(kinds) == 1, (name_of(path), kinds)
        found.update(kinds)
    assert found == {kind.name for kind in FORMATS}


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_a_good_file_has_no_problem_packed_or_not(path: Path, tmp_path: Path) -> None:
    result = survives(path)
    assert result is not None
    assert (result.problems, result.complete) == ((), True)
    beside = tmp_path / path.name
    for other in path.parent.iterdir() if path.parent != FOLDER else (path,):
        (tmp_path / other.name).write_bytes(other.read_bytes())
    beside.write_bytes(gzip.compress(path.read_bytes()))
    packed = survives(beside)
    assert packed is not None
    assert packed.problems == ()
    for label in result.sides:
        assert [(row.benchmark, row.metric, row.runs, row.summary) for row in packed.side(label)] == [
            (row.benchmark, row.metric, row.runs, row.summary) for row in result.side(label)
        ]


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_a_good_file_holds_finite_numbers_and_names_that_can_be_shown(path: Path) -> None:
    result = survives(path)
    assert result is not None
    for label in result.sides:
        for row in result.side(label):
            assert str(row.benchmark).isprintable()
            assert row.metric.unit
            assert all(math.isfinite(value) for run in row.runs for value in run.values)


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_a_file_that_is_cut_off_anywhere_is_read_as_far_as_it_goes_or_refused(
    path: Path, tmp_path: Path
) -> None:
    data = path.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 100)):
        spoilt(tmp_path, data[:end])


@pytest.mark.parametrize("path", GOOD, ids=name_of)
@settings(max_examples=30)
@given(data=st.data())
def test_bytes_that_are_changed_put_in_or_left_out_are_no_traceback(
    path: Path, folder: Path, data: st.DataObject
) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 40)))
        content[start:end] = data.draw(st.sampled_from(NASTY) | st.binary(max_size=5))
    spoilt(folder, bytes(content))


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_any_number_or_text_may_be_something_else(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    for pattern in (rb"\b\d[\d.eE+-]*", rb'"[^"\n]*"', rb"[A-Za-z_]{3,}"):
        places = [found.span() for found in re.finditer(pattern, data)]
        every = max(1, len(places) // 2)
        for number, piece in enumerate(NASTY):
            for start, end in places[number % every :: every]:  # of each piece others
                spoilt(tmp_path, data[:start] + piece + data[end:])
            spoilt(tmp_path, re.sub(pattern, lambda _, piece=piece: piece, data))


@pytest.mark.parametrize("value", JSON)
@settings(max_examples=50)
@given(data=st.data())
def test_any_json_may_stand_in_any_place(value: Any, folder: Path, data: st.DataObject) -> None:
    content = json.loads(json.dumps(value))
    place = content
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else sorted(place)
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.integers(0, 4)):
            place = place[key]
            continue
        place[key] = data.draw(ANY_JSON)
        break
    spoilt(folder, json.dumps(content).encode())


@pytest.mark.parametrize("value", JSON)
def test_any_part_may_be_missing_or_stand_there_again(value: Any, tmp_path: Path) -> None:
    def parts(place: Any) -> Iterator[tuple[Any, Any]]:
        for key in list(range(len(place))) if isinstance(place, list) else list(place):
            yield place, key
            if isinstance(place[key], dict | list):
                yield from parts(place[key])

    for place, key in list(parts(value)):
        if isinstance(place, dict):
            held = place.pop(key)
            spoilt(tmp_path, json.dumps(value).encode())
            place[key] = held
        else:
            place.insert(key, place[key])
            spoilt(tmp_path, json.dumps(value).encode())
            del place[key]


@pytest.mark.parametrize("value", JSON)
def test_a_key_that_stands_twice_in_one_object_is_told(value: Any, tmp_path: Path) -> None:
    text = json.dumps(value)
    key = next(iter(value if isinstance(value, dict) else value[0]))
    again = f"{json.dumps(key)}: {json.dumps((value if isinstance(value, dict) else value[0])[key])}, "
    place = text.index("{") + 1
    result = spoilt(tmp_path, (text[:place] + again + text[place:]).encode())
    assert result is not None
    assert any("twice" in problem.message and key in problem.message for problem in result.problems)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b"[[],", b"<x>", b"<testResults>", b'[{"a":['])
@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_nesting_without_an_end_is_no_traceback(path: Path, opening: bytes, tmp_path: Path) -> None:
    data = path.read_bytes()
    for place in (0, len(data) // 2, data.rfind(b"}"), len(data)):
        spoilt(tmp_path, data[:place] + opening * 20_000 + data[place:])


LIMITED = """
import resource, sys
from pathlib import Path
from perfbench.errors import UsageError
from perfbench.results.reading import read_any
memory = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
for path in sys.argv[2:]:
    try:
        result = read_any(Path(path))
    except UsageError:
        continue
    assert result.problems or result.outcomes or any(result.sides.values()), path
"""


def read_limited(*paths: Path, memory: int = 2**30) -> None:
    """Read the files in a process that may have so many bytes and half a minute of CPU: a bound, not a measure."""
    command = [sys.executable, "-P", "-c", LIMITED, str(memory), *map(str, paths)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("path", GOOD, ids=name_of)
def test_a_very_long_line_anywhere_is_read_in_bounded_memory_and_time(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    places = {0, data.find(b'"') + 1, len(data) // 2, len(data)}
    fillers = (b" ", b"\n", b"a", b"7", b"1,", b'"', b"a b ", b"\t|;", b"time: ", b"<!-- ", b"[1] ")
    written = []
    for number, place in enumerate(sorted(places)):
        for filler in fillers:
            file = tmp_path / f"{number}-{filler.hex()}"
            file.write_bytes(data[:place] + filler * (2**17 // len(filler)) + data[place:])
            written.append(file)
    read_limited(*written)


def test_a_gzip_bomb_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb", "wb", compresslevel=1) as file:
        file.write(GOOD[0].read_bytes())
        for _ in range(160):
            file.write(b" " * 2**20)
    read_limited(tmp_path / "bomb")
    with pytest.raises(UsageError, match="holds more than 128 MiB"):
        read_any(tmp_path / "bomb")


@pytest.mark.parametrize(
    ("start", "entry", "end"),
    [
        (b"timeStamp,elapsed,label,success\n", b"1,5,a%d,true\n", b""),
        (b"<testResults>", b'<sample t="5" lb="a%d"/>', b"</testResults>"),
        (b'[{"name":"a","unit":"","value":1}', b',{"name":"a%d","unit":"","value":1}', b"]"),
        (b'{"context":{"num_cpus":2},"benchmarks":[0', b',{"name":"a%d","real_time":1,"x":2}', b"]}"),
        (b'{"metrics":{"iterations":{"count":1,"rate":1}', b',"a%d":{"rate":1}', b"}}"),
        (b'{"lastUpdate":1,"entries":{"s":[0', b',{"commit":{"id":"a%d"},"date":1,"benches":[]}', b"]}}"),
        (
            b'{"version":"1.0","benchmarks":[{"runs":[]}',
            b',{"runs":[{"values":[1]}],"metadata":{"name":"a%d"}}',
            b"]}",
        ),
        (b"BenchmarkX 1 1 ns/op\n", b"BenchmarkA%d 1 1 ns/op\n", b""),
        (b"", b"test a%d ... bench: 1 ns/iter (+/- 1)\n", b""),
        (b'{"results":[{"command":"a","mean":1}', b',{"command":"a%d","mean":1}', b"]}"),
    ],
    ids=lambda part: part[:20].decode(),
)
def test_a_file_of_very_many_rows_is_read_in_bounded_memory(
    start: bytes, entry: bytes, end: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "many"
    file.write_bytes(start + b"".join(entry % number for number in range(20_000)) + end)
    read_limited(file, memory=280 * 2**20)


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"\x00" * 1000])
def test_a_file_of_nothing_is_refused(data: bytes, tmp_path: Path) -> None:
    assert spoilt(tmp_path, data) is None
