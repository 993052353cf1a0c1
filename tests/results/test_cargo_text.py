"""Reading what `cargo bench` prints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.model import Outcome, Summary
from perfbench.results import cargo_text
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

CRITERION = """\
Benchmarking group/short
Benchmarking group/short: Warming up for 3.0000 s
Benchmarking group/short: Analyzing
group/short             time:   [1.5000 µs 2.0000 µs 2.5000 µs]
                        thrpt:  [1.2000 GiB/s 1.3000 GiB/s 1.4000 GiB/s]
                        change: [-2.0565% -0.2521% +1.6377%] (p = 0.79 > 0.05)
Found 8 outliers among 100 measurements (8.00%)
Benchmarking group/a name that is too long
group/a name that is too long
                        time:   [320.62 ps 323.90 ps 327.55 ps]
"""
LIBTEST = """\
running 3 tests
test tests::ignored ... ignored
test tests::fast   ... bench:       1,234.56 ns/iter (+/- 56)
test tests::slow ... bench:  21,000,000 ns/iter (+/- 5,432) = 123 MB/s
"""


def read(text: str) -> ResultFile:
    return cargo_text.read(document(text.encode(), "some.txt"))


def summaries(text: str) -> dict[str, Summary | None]:
    return {row.benchmark.name: row.summary for row in read(text).side()}


def test_criterions_estimate_and_bounds_are_a_summary() -> None:
    found = summaries(CRITERION)
    assert list(found) == ["group/short", "group/a name that is too long"]
    first, second = found.values()
    assert first is not None
    assert (first.mean, first.low, first.high) == pytest.approx((2e-6, 1.5e-6, 2.5e-6))
    assert (first.median, first.confidence) == (None, 0.95)
    assert second is not None
    assert second.mean == pytest.approx(323.9e-12)
    assert (read(CRITERION).problems, read(CRITERION).complete) == ((), True)


def test_libtests_figure_is_the_median() -> None:
    found = [summary.median for summary in summaries(LIBTEST).values() if summary]
    assert found == pytest.approx([1.23456e-6, 0.021])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "µs", "μs", "ns", "ps"])
def test_all_units_of_criterion_are_read(unit: str) -> None:
    (found,) = summaries(f"x time: [1.0 {unit} 2.0 {unit} 3.0 {unit}]\n").values()
    assert found is not None
    assert found.low is not None
    assert found.mean == pytest.approx(2 * found.low)


def test_lines_that_a_terminal_overwrote_and_coloured_are_read() -> None:
    text = "Benchmarking x\rx: Analyzing\r\x1b[32mx\x1b[0m  time:   [\x1b[1m1 ns\x1b[0m 2 ns 3 ns]\r\n"
    assert list(summaries(text)) == ["x"]


def test_what_panicked_has_failed_and_the_file_is_not_complete() -> None:
    text = (
        CRITERION + "Benchmarking other\nthread 'main' panicked at src/x.rs:1:2:\nno\nerror: bench failed\n"
    )
    result = read(text)
    assert [(str(ended.benchmark), ended.outcome) for ended in result.outcomes] == [("other", Outcome.FAILED)]
    assert [problem.line for problem in result.problems] == [12, 14]
    assert (result.complete, len(result.side())) == (False, 2)


def test_a_failed_test_of_libtest_is_an_outcome() -> None:
    result = read(LIBTEST + "test tests::bad ... FAILED\n")
    assert [str(ended.benchmark) for ended in result.outcomes] == ["tests::bad"]
    assert not result.complete


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("   time:   [1 ns 2 ns 3 ns]", "a time without the name"),
        ("x  time:   [1.2.3 ns 2 ns 3 ns]", "no finite number"),
        ("x  time:   [1e999 ns 2 ns 3 ns]", "no finite number"),
        ("test x ... bench: 1.2.3 ns/iter (+/- 1)", "no finite number"),
        ("group/short  time:   [1 ns 2 ns 3 ns]", "group/short (time) is there already"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(line: str, said: str) -> None:
    result = read(CRITERION + "\n" + line + "\n")
    assert (result.problems[0].line, said in result.problems[0].message) == (12, True), result.problems
    assert len(result.side()) == 2


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (CRITERION.encode(), True),
        (LIBTEST.encode(), True),
        (CRITERION.encode("utf-16"), True),
        (b"time: [1 ns]", False),
        (b"x time: 3 s", False),
        (b"x time: [1 ns 2 ns 3 ns] \xff", False),
    ],
)
def test_a_file_is_cargos_when_one_of_its_lines_is_a_result(data: bytes, known: bool) -> None:
    assert cargo_text.recognises(document(data)) is known


words = st.sampled_from(
    ["x", " ", "time:", "[", "1", "2.5", "e9", " ns", " ps", "]", "\n", "\r", "test ", "... bench:", " ns/iter",
     "... FAILED", "Benchmarking ", ": Analyzing", "thread 'main' panicked at ", "\x1b[1m", "\x1b", "é", "\0"]
)  # fmt: skip


@given(st.lists(words, max_size=40).map("".join))
def test_any_text_gives_rows_outcomes_or_problems(text: str) -> None:
    result = read(text)
    assert result.problems or result.side() or result.outcomes


@pytest.mark.parametrize(("name", "rows"), [("dogfood", 4), ("failed", 4), ("many", 5)])
def test_real_outputs_are_read_whole(name: str, rows: int) -> None:
    data = load(real_data("format-samples") / f"bencher/rust_criterion_{name}.txt")
    result = cargo_text.read(data)
    assert cargo_text.recognises(data)
    assert (len(result.side()), result.complete) == (rows, name != "failed")
