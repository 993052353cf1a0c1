"""Reading Go's benchmark text as its specification and benchstat do."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import BenchmarkId, Better, Outcome
from perfbench.results import go_text
from perfbench.results.document import load
from perfbench.results.go_words import benchmark_of
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

TEXT = """\
goos: linux
goarch: amd64
pkg: example.org/fib
cpu: Model 1
BenchmarkFib/n=10-8         \t 5000000\t       325.5 ns/op\t  12.5 MB/s\t  64 B/op\t  2 allocs/op
BenchmarkFib/n=10-8         \t 4000000\t       326 ns/op\t  12.6 MB/s\t  64 B/op\t  2 allocs/op
PASS
ok  \texample.org/fib\t3.614s
goos: linux
goarch: amd64
pkg: example.org/fib
cpu: Model 1
BenchmarkFib/n=10-8         \t 3000000\t       327 ns/op\t  12.7 MB/s\t  64 B/op\t  2 allocs/op
PASS
"""


def read(text: str) -> ResultFile:
    return go_text.read(document(text.encode(), "some.txt"))


def problems(text: str) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.message) for problem in read(text).problems]


def test_a_line_is_a_sample_and_a_process_a_run() -> None:
    result = read(TEXT)
    time, speed, size, count = result.side()
    assert str(time.benchmark) == "example.org/fib.BenchmarkFib(10, 8)"
    assert [run.values for run in time.runs] == [(3.255e-7, 3.26e-7), (3.27e-7,)]
    assert [run.loops for run in time.runs] == [5000000, 3000000]
    assert [run.round for run in time.runs] == [0, 1]
    assert (speed.metric.unit, speed.metric.better) == ("MB/s", Better.HIGHER)
    assert (size.metric.unit, size.runs[0].values) == ("bytes", (64.0, 64.0))
    assert count.metric.name == "allocs/op"
    assert (result.problems, result.complete) == ((), True)


def test_the_settings_tell_the_environment() -> None:
    environment = read(TEXT + "commit: abc\nBenchmarkX 1 2 ns/op\n").side()[-1].environment
    assert (environment.cpu, environment.architecture, environment.kernel) == (
        "Model 1",
        "x86_64",
        "linux/amd64",
    )
    assert environment.commit == "abc"


def test_rows_that_come_again_under_another_setting_are_sides() -> None:
    result = read(
        "note: before\nBenchmarkX 1 2 ns/op\nBenchmarkY 1 2 ns/op\nnote: after\nBenchmarkX 1 3 ns/op\n"
    )
    assert {label: len(rows) for label, rows in result.sides.items()} == {"before": 2, "after": 1}
    assert list(result.header.sides) == ["before", "after"]


def test_a_setting_that_is_withdrawn_makes_a_side_without_it() -> None:
    result = read("note: x\nBenchmarkX 1 2 ns/op\nnote:\nBenchmarkX 1 3 ns/op\n")
    assert list(result.sides) == ["x", "no note"]


def test_a_machine_that_is_not_told_is_no_other_one() -> None:
    assert list(read("BenchmarkX 1 2 ns/op\ncpu: a\nBenchmarkX 1 3 ns/op\n").sides) == ["head"]
    assert list(read("cpu: a\nBenchmarkX 1 2 ns/op\ncpu: b\nBenchmarkX 1 3 ns/op\n").sides) == ["a", "b"]


def test_several_settings_name_a_side_together() -> None:
    result = read("a: 1\nb: 1\nBenchmarkX 1 2 ns/op\na: 2\nb: 2\nBenchmarkX 1 3 ns/op\n")
    assert list(result.sides) == ["a=1, b=1", "a=2, b=2"]


def test_settings_of_other_rows_and_moments_make_no_sides() -> None:
    result = read(
        "tag: x\ndate: 1\nBenchmarkX 1 2 ns/op\ntag: y\nBenchmarkY 1 2 ns/op\ntag: x\ndate: 2\nBenchmarkX 1 3 ns/op\n"
    )
    assert list(result.sides) == ["head"]
    assert [run.values for run in result.side()[0].runs] == [(2e-9,), (3e-9,)]


def test_unit_lines_count_wherever_they_stand() -> None:
    result = read("BenchmarkX 1 2 frames\nUnit frames better=higher assume=exact\n")
    assert result.side()[0].metric.better is Better.HIGHER


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("BenchmarkX 1.5 2 ns/op", "no count of iterations"),
        ("BenchmarkX many 2 ns/op", "no count of iterations, but 'many'"),
        ("BenchmarkX 1", "a value without a unit"),
        ("BenchmarkX 1 2", "a value without a unit"),
        ("BenchmarkX 1 2 ns/op 3", "a value without a unit"),
        ("BenchmarkX 1 NaN ns/op", "'NaN' is not a finite number"),
        ("BenchmarkX 1 1e999 ns/op", "'1e999' is not a finite number"),
        ("BenchmarkX 1 0x1p2 ns/op", "not a finite number"),
        ("BenchmarkX 99999999999999999999 2 ns/op", "no count of iterations"),
        ("BenchmarkX" + 70_000 * " 1", "longer than 65536 characters"),
        ("Unit frames better", "where key=value belongs"),
        ("Unit ", "names no unit"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_others_count(line: str, said: str) -> None:
    text = f"BenchmarkA 1 2 ns/op\n{line}\nBenchmarkB 1 2 ns/op\n"
    (number, message), *more = problems(text)
    assert (number, said in message, more) == (2, True, []), message
    assert len(read(text).side()) == 2


def test_a_result_that_the_benchmarks_own_output_has_split_is_put_together() -> None:
    result = read("BenchmarkX-8   \tsome output\nmore of it\n     200\t  91.5 ns/op\t 3 B/op\n")
    assert [(str(row.benchmark), row.runs[0].values) for row in result.side()] == [
        ("BenchmarkX(8)", (9.15e-8,)),
        ("BenchmarkX(8)", (3.0,)),
    ]
    assert result.problems == ()


def test_contradicting_unit_lines_are_a_problem() -> None:
    text = "Unit x better=higher\nUnit x better=higher\nUnit x better=lower\nBenchmarkA 1 2 x\n"
    assert problems(text) == [(3, "better of x is higher already, not lower")]


def test_what_is_none_of_gos_lines_is_skipped() -> None:
    assert (
        problems(
            "# a comment\nBenchmarkX\nsome log\nKey: no\nBenchmarkX 1 2 ns/op\r\n--- BENCH: BenchmarkX\n"
        )
        == []
    )


def test_benchmarks_that_failed_or_were_skipped_are_outcomes() -> None:
    text = "pkg: p\nBenchmarkA 1 2 ns/op\n--- FAIL: BenchmarkX-8\n    x_test.go:3: no\n--- SKIP: BenchmarkY\nFAIL\n"
    result = read(text)
    found = {str(ended.benchmark): ended.outcome for ended in result.outcomes}
    assert found == {"p.BenchmarkX(8)": Outcome.FAILED, "p.BenchmarkY": Outcome.SKIPPED}
    assert (result.complete, result.problems[0].line) == (False, 6)


def test_a_process_that_failed_is_told_once() -> None:
    text = "BenchmarkA 1 2 ns/op\nFAIL\nexit status 1\nFAIL\texample.org/fib\t0.1s\n"
    assert problems(text) == [(4, "go test did not succeed: FAIL example.org/fib")]


def test_a_file_whose_settings_never_stop_changing_is_given_up() -> None:
    text = "".join(f"key: {n}\nBenchmarkX{n} 1 2 ns/op\n" for n in range(10_100))
    assert problems(text)[-1] == (
        20_002,
        "the settings have changed too often; the rest of the file was not read",
    )


def test_more_settings_than_anyone_needs_are_left_out() -> None:
    text = "".join(f"key{n}: 1\n" for n in range(102)) + "BenchmarkX 1 2 ns/op\n"
    assert [line for line, _ in problems(text)] == [101, 102]


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (TEXT.encode(), True),
        (TEXT.encode("utf-16"), True),
        (b"\nBenchmarkX 1 2 ns/op", True),
        (b"BenchmarkX\n", False),
        (b"Benchmarking x: Warming up\n", False),
        (b"BenchmarkX 1 2 ns/op\n\xff", False),
        (b"Benchmark results for 3 2 1", False),
    ],
)
def test_a_file_is_gos_when_one_of_its_lines_is_a_result(data: bytes, known: bool) -> None:
    assert go_text.recognises(document(data)) is known


words = st.sampled_from(
    ["Benchmark", "BenchmarkX", "/a=b", "-8", " ", "\t", "1", "2.5", "e999", "ns/op", "MB/s", "Unit", "better=", "=",
     "pkg:", "note:", "#", "PASS", "FAIL", "--- SKIP: ", "\n", "\r", "\x85", "\u2028", "%2", "é", "\0"]
)  # fmt: skip


@given(st.lists(words, max_size=40).map("".join))
def test_any_text_gives_measurements_or_problems(text: str) -> None:
    result = read(text)
    assert result.problems or any(result.sides.values()) or result.outcomes


@given(st.lists(words, max_size=30).map(lambda found: "# written by perfbench\n" + "".join(found)))
def test_any_text_that_says_it_is_perfbenchs_does_too(text: str) -> None:
    assert read(text).problems or any(read(text).sides.values()) or read(text).outcomes


BENCHSTAT = {"crc-old.txt": 72, "crc-new.txt": 72, "old.txt": 2, "new.txt": 2, "suffixarray.bench": 168}


@pytest.mark.parametrize("name", BENCHSTAT)
def test_benchstats_own_inputs_are_read_whole(name: str) -> None:
    result = go_text.read(load(real_data("go-benchstat") / name))
    assert (len(result.side()), result.problems) == (BENCHSTAT[name], ())


@pytest.mark.parametrize("name", ["issue19565", "issue19634", "smallSample", "units", "zero"])
def test_the_notes_of_benchstats_inputs_are_sides(name: str) -> None:
    result = go_text.read(load(real_data("go-benchstat") / f"{name}.txt"))
    assert (list(result.sides), result.problems) == (["before", "after"], ())


def test_medians_are_those_that_benchstat_prints() -> None:
    folder = real_data("go-benchstat")
    printed = iter((folder / "csvOldNew.stdout").read_text().splitlines())
    old, new = (go_text.read(load(folder / f"{side}.txt")).side() for side in ("old", "new"))
    shown = [line.split(",") for line in printed if line.startswith("Encode")]
    assert len(shown) == len(old) == 2
    for row, before, after in zip(shown, old, new, strict=True):
        medians = [median(found.runs[0].values) for found in (before, after)]
        assert medians == pytest.approx([float(row[1]), float(row[3])], rel=1e-6)


@pytest.mark.parametrize("half", ["even", "odd"])
def test_ratios_of_a_series_are_those_of_golang_perf(half: str) -> None:
    """The reference's centre is the middle of a bootstrap of ratios of medians, so ours lies close by."""
    folder = real_data("go-benchseries")
    reference = json.loads(gzip.decompress((folder / f"{half}-reference.json.gz").read_bytes()))[0]
    pair = reference["hashpairs"][reference["series"][0]]
    cells = dict(zip(reference["benchmarks"], reference["summaries"][0], strict=True))
    stamp = re.sub("[-:]|[+].*", "", next(cell["date"] for cell in cells.values() if cell.get("present")))
    with tarfile.open(folder / "benchseries-testdata.tar.xz") as archive:
        tip, base = (
            _medians(archive, f"{half}/{toolchain}-opt.{stamp}") for toolchain in (pair["NumHash"], "Go1.17")
        )
    expected = {name: cell["center"] for name, cell in cells.items() if cell.get("present")}
    assert len(expected) > 50
    for name, centre in expected.items():
        row = benchmark_of(f"Benchmark{name}", "", "", encoded=False)
        assert tip[row] / base[row] == pytest.approx(centre, rel=0.01), name


def _medians(archive: tarfile.TarFile, name: str) -> dict[BenchmarkId, float]:
    """The median time of each row of a file, without its package."""
    member = archive.extractfile(name)
    assert member is not None
    result = go_text.read(document(member.read()))
    return {
        replace(row.benchmark, name=re.sub(r".*\.(?=Benchmark)", "", row.benchmark.name), suite=""): median(
            [value for run in row.runs for value in run.values]
        )
        for row in result.side()
        if row.metric.name == "time"
    }


def test_a_truncated_file_keeps_what_it_says() -> None:
    cut = TEXT[: TEXT.index("327")]
    result = read(cut)
    assert len(result.side()) == 4
    assert "without a unit" in result.problems[0].message
