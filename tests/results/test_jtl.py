"""Reading JMeter's logs: CSV and XML tell the same, and a log that breaks off counts as far as it goes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from perfbench.model import Metric, Outcome, Summary
from perfbench.results import jtl, sampled
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document

FILES = Path(__file__).parent / "files"

COLUMNS = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success"


def read_csv(*lines: str, columns: str = COLUMNS) -> ResultFile:
    return read("\n".join((columns, *lines)).encode())


def read_xml(body: str, root: str = '<testResults version="1.2">') -> ResultFile:
    return read(f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n{body}'.encode())


def read(data: bytes) -> ResultFile:
    file = document(data)
    assert jtl.recognises(file)
    return jtl.read(file)


def times(result: ResultFile) -> dict[str, tuple[float, ...]]:
    return {str(row.benchmark): row.runs[0].values for row in result.side() if row.metric == sampled.TIME}


@pytest.mark.parametrize("name", ["jmeter.csv", "jmeter.xml"])
def test_each_label_is_a_row_with_its_samples_as_one_run(name: str) -> None:
    result = jtl.read(load(FILES / name))
    assert (result.problems, result.complete) == ((), True)
    found = times(result)
    assert list(found) == ["order, pay", "read"]
    assert {label: len(values) for label, values in found.items()} == {"order, pay": 8, "read": 8}
    assert all(0.001 <= value <= 0.1 for values in found.values() for value in values)
    assert 1.79e9 < result.header.created < 1.8e9
    assert [len(row.runs) for row in result.side() if row.metric == sampled.TIME] == [1, 1]


@pytest.mark.parametrize("name", ["jmeter.csv", "jmeter.xml"])
def test_a_label_of_which_all_samples_failed_is_an_outcome(name: str) -> None:
    result = jtl.read(load(FILES / name))
    assert [(str(row.benchmark), row.outcome, row.reason) for row in result.outcomes] == [
        ("write <fails>", Outcome.FAILED, "all 8 samples failed: 503 no room")
    ]


def test_failures_are_a_share_and_no_times() -> None:
    result = read_csv(
        "1,10,a,200,OK,t,true", "2,1,a,500,no,t,false", "3,30,a,200,OK,t,true", "4,1,a,500,,t,false"
    )
    assert times(result) == {"a": (0.01, 0.03)}
    share = result.side()[1]
    assert share.metric == Metric("failed", "share")
    assert share.summary == Summary(mean=0.5, stddev=0.5, count=4)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_columns_may_stand_in_any_order_and_be_divided_otherwise(delimiter: str) -> None:
    lines = ["label,success,elapsed", '"a",true,5', "b,true,7"]
    result = read("\n".join(lines).replace(",", delimiter).encode())
    assert times(result) == {"a": (0.005,), "b": (0.007,)}


def test_a_start_that_is_written_as_a_date_is_not_known() -> None:
    result = read_csv("2024/03/01 12:00:00.000,10,a,200,OK,t,true")
    assert (times(result), result.header.created) == ({"a": (0.01,)}, 0.0)


def test_the_attributes_of_jmeter_2_0_are_read() -> None:
    result = read_xml(
        '<sampleResult timeStamp="1700000000000" label="/" time="12" success="true"/></testResults>'
    )
    assert (times(result), result.header.created) == ({"/": (0.012,)}, 1.7e9)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,x,a,200,OK,t,true", "elapsed time 'x'"),
        ("1,-1,a,200,OK,t,true", "elapsed time '-1'"),
        ("1,nan,a,200,OK,t,true", "elapsed time 'nan'"),
        (f"1,{'9' * 5000},a,200,OK,t,true", "elapsed time '999"),
        ("1,5, ,200,OK,t,true", "has no label"),
        ("1,5,a,200,OK,t,perhaps", "success 'perhaps'"),
        ("1,5,a", "has 3 of 7 columns"),
        (f'1,5,"{"a" * 200_000}",200,OK,t,true', "field larger than"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_others_count(line: str, said: str) -> None:
    result = read_csv("1,10,a,200,OK,t,true", line, "1,30,a,200,OK,t,true")
    assert said in result.problems[0].message
    assert result.problems[0].line == 3
    assert times(result) == {"a": (0.01, 0.03)}


def test_a_line_that_stands_for_many_samples_cannot_be_used() -> None:
    result = read_csv("5,a,true,20", columns="elapsed,label,success,SampleCount")
    assert "stands for 20 samples" in result.problems[0].message
    result = read_xml('<sample t="5" lb="a" sc="20"/><sample t="7" lb="a" sc="1"/></testResults>')
    assert "the sample stands for 20 samples" in result.problems[0].message
    assert times(result) == {"a": (0.007,)}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<sample t="5" lb="a"/>', "no element found"),
        ('<sample t="5" lb="a"/><sample t="6" lb', "no element found|unclosed token"),
        ('<sample t="5" lb="a"/></wrong>', "mismatched tag"),
        ('<sample t="5" lb="a"/>' + "<x>" * 101, "nested too deeply"),
        ('<sample t="5" lb="a"/>&lol;', "undefined entity"),
    ],
)
def test_xml_that_breaks_off_gives_what_stands_before(body: str, said: str) -> None:
    result = read_xml(body)
    assert any(part in result.problems[0].message for part in said.split("|"))
    assert result.problems[0].line == 3
    assert (times(result), result.complete) == ({"a": (0.005,)}, False)


def test_a_document_type_is_refused_and_with_it_every_entity() -> None:
    entities = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 40))
    data = f'<?xml version="1.0"?><!DOCTYPE testResults [<!ENTITY e0 "lol">{entities}]>'
    assert not jtl.recognises(document(f"{data}<testResults>&e39;</testResults>".encode()))
    result = read_xml("</testResults>", root="<testResults><!DOCTYPE x>")
    assert (result.sides, result.complete) == ({}, False)


def test_an_encoding_that_is_none_is_a_problem() -> None:
    result = read(b'<?xml version="1.0" encoding="rot13"?><testResults></testResults>')
    assert "is not" in result.problems[0].message


def test_text_that_is_not_utf8_is_a_problem_and_what_stands_before_it_counts() -> None:
    good = "".join(f"1,{n},a,200,OK,t,true\n" for n in range(2000))
    result = read(f"{COLUMNS}\n{good}".encode() + b"1,5,\xff,200,OK,t,true\n")
    assert "not UTF-8" in result.problems[0].message
    assert not result.complete
    assert times(result)["a"][:2] == (0.0, 0.001)


def test_a_log_of_many_labels_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "MAX_LABELS", 2)
    result = read_csv(*(f"1,5,{label},200,OK,t,true" for label in "abcab"))
    assert list(times(result)) == ["a", "b"]
    assert "'c' is left out" in result.problems[0].message


def test_a_tag_without_an_end_is_refused_before_it_is_read_again_and_again() -> None:
    result = read_xml(f'<sample t="5" lb="a"/><sample lb="{"a" * 20 * 1024**2}"/></testResults>')
    assert "tag that is too long" in result.problems[0].message
    assert times(result) == {"a": (0.005,)}


@pytest.mark.parametrize("kind", ["csv", "xml"])
def test_a_long_log_takes_little_more_memory_than_its_samples(kind: str) -> None:
    count = 50_000
    line, start, end = {
        "csv": ("1,5,a,200,OK,Thread Group 1-1,true\n", f"{COLUMNS}\n", ""),
        "xml": ('<httpSample t="5" lb="a" s="true"><responseData>xxx</responseData></httpSample>\n',
                "<testResults>", "</testResults>"),
    }[kind]  # fmt: skip
    file = document((start + line * count + end).encode())
    tracemalloc.start()
    try:
        result = jtl.read(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(times(result)["a"]) == count
    assert peak < 100 * count + 8 * 1024**2
