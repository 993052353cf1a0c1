"""Reading pyperf's files: as pyperf does where they are whole, with problems where they are not."""

from __future__ import annotations

import json
import re
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.results import pyperf
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data

SUITE: dict[str, Any] = {
    "version": "1.0",
    "metadata": {
        "hostname": "box",
        "cpu_count": 2,
        "cpu_model_name": "Model 1",
        "platform": "Linux-6.1-x86_64-with-glibc2.36",
        "cpu_config": "0-1=driver:acpi, governor:performance",
        "python_implementation": "cpython",
        "python_version": "3.11.2 (64-bit) revision abc",
        "inner_loops": 4,
    },
    "benchmarks": [
        {
            "metadata": {"name": "first", "loops": 8},
            "runs": [
                {"warmups": [[8, 9.0]], "metadata": {"calibrate_loops": 8}},
                {"warmups": [[8, 9.0]], "values": [1.0, 2.0], "metadata": {"date": "2024-03-01 12:00:00.5"}},
                {"values": [3.0, 4.0], "metadata": {"loops": 16}},
            ],
        },
        {"metadata": {"name": "second", "unit": "byte"}, "runs": [{"values": [1024]}]},
    ],
}


def read(suite: object) -> ResultFile:
    return pyperf.read(document(json.dumps(suite).encode(), "some.json"))


def changed(**parts: object) -> dict[str, Any]:
    """The suite with parts of its first benchmark replaced."""
    return SUITE | {"benchmarks": [SUITE["benchmarks"][0] | parts, SUITE["benchmarks"][1]]}


def test_each_process_is_a_run_without_warmups_and_calibration() -> None:
    result = read(SUITE)
    first, second = result.side()
    assert [run.values for run in first.runs] == [(1.0, 2.0), (3.0, 4.0)]
    assert [run.loops for run in first.runs] == [32, 64]
    assert [run.round for run in first.runs] == [0, 1]
    assert (str(first.benchmark), first.metric.unit, first.metric.better) == ("first", "seconds", "lower")
    assert (str(second.benchmark), second.metric.unit, second.runs[0].values) == (
        "second",
        "bytes",
        (1024.0,),
    )
    assert result.problems == ()
    assert result.complete


def test_metadata_tells_the_machine() -> None:
    found = read(SUITE).side()[0].environment
    assert (found.machine, found.cpu, found.cores, found.governor) == ("box", "Model 1", 2, "performance")
    assert (found.kernel, found.python) == ("Linux-6.1-x86_64", "CPython 3.11.2")


def test_the_layout_before_values_were_called_values_is_read() -> None:
    old = {
        "version": 5,
        "benchmarks": [
            {
                "common_metadata": {"name": "old", "inner_loops": 2},
                "runs": [{"samples": [1.0, 2.0], "warmups": [[1, 4.0]], "metadata": {"loops": 3}}],
            }
        ],
    }
    result = read(old)
    assert (str(result.side()[0].benchmark), result.side()[0].runs[0].values) == ("old", (1.0, 2.0))
    assert result.side()[0].runs[0].loops == 6
    assert pyperf.recognises(document(json.dumps(old).encode()))


@pytest.mark.parametrize("version", [1, 4, "2.0", True, None, [], "x" * 1000])
def test_other_layouts_are_named(version: object) -> None:
    result = read(SUITE | {"version": version})
    assert "layout" in result.problems[0].message
    assert result.sides == {}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"runs": [{"values": ["x"]}, {"values": [1.0]}]}, r"benchmarks\[0\].runs\[0\]: Expected `float`"),
        ({"runs": [{"values": [True]}, {"values": [1.0]}]}, r"runs\[0\]: Expected `float`"),
        (
            {"runs": [{"values": [float("nan")]}, {"values": [1.0]}]},
            r"runs\[0\]: has a value that is not a finite",
        ),
        ({"runs": [{"values": [10**400]}, {"values": [1.0]}]}, r"runs\[0\]: .*out of range"),
        ({"runs": [3, {"values": [1.0]}]}, r"runs\[0\]: is not a run"),
        ({"runs": []}, "first has no values"),
        ({"runs": 3}, "is not a benchmark with runs"),
        ({"metadata": {}}, "has no name"),
        ({"metadata": {"name": "x", "unit": "mile"}}, "unit 'mile'"),
        ({"metadata": {"name": "second", "unit": "byte"}}, "second is there already"),
        ({"metadata": {"name": "x", "perfbench_row": "["}}, "perfbench_row"),
        ({"metadata": 7}, "has no name"),
        ({"metadata": {"name": "first", "hooks": "_test_hook, perfbench_py_spy"}}, "under a profiler .perf"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_and_the_others_count(parts: dict[str, Any], said: str) -> None:
    result = read(changed(**parts))
    assert re.search(said, result.problems[0].message)
    assert "second" in {str(measurement.benchmark) for measurement in result.side()}


def test_a_repeated_key_is_a_problem() -> None:
    text = json.dumps(SUITE).replace('"values": [1024]', '"values": [1], "values": [1024]')
    result = pyperf.read(document(text.encode()))
    assert "'values' stands twice" in result.problems[0].message


def test_a_file_without_values_is_not_complete() -> None:
    result = read(SUITE | {"benchmarks": []})
    assert (result.problems[0].message, result.complete) == ("holds no values", False)


def test_a_truncated_file_says_where() -> None:
    result = pyperf.read(document(json.dumps(SUITE, indent=1).encode()[:-20]))
    assert "not valid JSON" in result.problems[0].message
    assert result.problems[0].line is not None


@given(st.data())
def test_any_json_in_any_place_gives_problems_never_a_traceback(data: st.DataObject) -> None:
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    any_json = st.recursive(
        leaf,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
    suite = json.loads(json.dumps(SUITE))
    place = suite
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else sorted(place)
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(any_json)
        break
    file = document(json.dumps(suite).encode())
    if pyperf.recognises(file):
        result = pyperf.read(file)
        for problem in result.problems:
            assert problem.message.isprintable()
        assert all(run.values for measurement in result.side() for run in measurement.runs)


SUITES = [
    "mult_list_py36", "mult_list_py36_tags", "mult_list_py37", "mult_list_py37_tags", "mult_list_py38",
    "pyperformance_mem1", "pyperformance_mem2", "pyperformance_py36", "pyperformance_py38",
    "pyperformance_py3_performance03", "telco", "track_memory",
]  # fmt: skip
UNITS = {"seconds": "second", "bytes": "byte", "count": "integer"}


@pytest.mark.parametrize("suite", SUITES)
def test_real_files_agree_with_pyperf(suite: str) -> None:
    folder = real_data("pyperf-testsuite")
    library = pytest.importorskip("pyperf")
    ours = pyperf.read(load(folder / f"{suite}.json"))
    theirs = library.BenchmarkSuite.load(str(folder / f"{suite}.json")).get_benchmarks()
    assert ours.problems == ()
    assert [str(m.benchmark) for m in ours.side()] == [benchmark.get_name() for benchmark in theirs]
    for measurement, benchmark in zip(ours.side(), theirs, strict=True):
        values = [value for run in measurement.runs for value in run.values]
        assert values == list(benchmark.get_values())
        assert statistics.mean(values) == pytest.approx(benchmark.mean(), rel=1e-12)
        assert statistics.median(values) == pytest.approx(benchmark.median(), rel=1e-12)
        assert len(values) == benchmark.get_nvalue()
        assert UNITS[measurement.metric.unit] == benchmark.get_unit()
        if len(values) > 1:
            assert statistics.stdev(values) == pytest.approx(benchmark.stdev(), rel=1e-9)
        assert {run.loops for run in measurement.runs} == {benchmark.get_total_loops()}


def test_every_real_file_is_recognised_and_read() -> None:
    for path in sorted(real_data("pyperf-testsuite").glob("*.json")):
        file = load(path)
        assert pyperf.recognises(file), path
        assert pyperf.read(file).problems == (), path


PRINTED_UNITS = {"us": 1e-6, "ms": 1e-3, "sec": 1.0, "bytes": 1.0, "KiB": 1024.0, "MiB": 1024.0**2}
_LINE = re.compile(
    r"(Minimum|Median \+- MAD|Mean \+- std dev|Maximum): +([\d.]+) (\w+)(?: \+- ([\d.]+) (\w+))?"
)


def printed_as(value: float, number: str, unit: str) -> str:
    """The value with as many decimals as pyperf printed."""
    return f"{value / PRINTED_UNITS[unit]:.{len(number.partition('.')[2])}f}"


@pytest.mark.parametrize("suite", ["mult_list_py36", "pyperformance_py36", "telco", "track_memory"])
def test_the_figures_that_pyperf_prints_are_ours(suite: str) -> None:
    folder = real_data("pyperf-testsuite")
    printed = (folder / "expected" / f"stats_{suite}.txt").read_text()
    measured = pyperf.read(load(folder / f"{suite}.json")).side()
    ours = []
    for measurement in measured:
        values = [value for run in measurement.runs for value in run.values]
        median = statistics.median(values)
        ours.append(
            {
                "Minimum": (min(values), 0.0),
                "Median +- MAD": (median, statistics.median(abs(value - median) for value in values)),
                "Mean +- std dev": (statistics.mean(values), statistics.stdev(values)),
                "Maximum": (max(values), 0.0),
            }
        )
        assert f"Total number of values: {len(values)}\n" in printed
    found = list(_LINE.finditer(printed))
    assert len(found) == 4 * len(measured)
    for number, match in enumerate(found):
        value, spread = ours[number // 4][match[1]]
        assert printed_as(value, match[2], match[3]) == match[2]
        if match[4]:
            assert printed_as(spread, match[4], match[5]) == match[4]
