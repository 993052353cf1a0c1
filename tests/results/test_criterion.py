"""Reading what criterion.rs keeps in its folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.results import criterion
from perfbench.results.document import load
from perfbench.results.result_file import ResultFile

from .samples import document, real_data
from .test_pytest_benchmark import any_json

IDENTITY = {"group_id": "group", "function_id": "function", "value_str": "10", "throughput": None}
SAMPLE = {"sampling_mode": "Linear", "iters": [1.0, 2.0, 4.0], "times": [100.0, 220.0, 420.0]}
BOUNDS = {"confidence_level": 0.95, "lower_bound": 90.0, "upper_bound": 130.0}
ESTIMATE = {"confidence_interval": BOUNDS, "point_estimate": 105.0, "standard_error": 1.0}
ESTIMATES: dict[str, Any] = {"mean": ESTIMATE, "median": ESTIMATE, "std_dev": ESTIMATE, "slope": None}
RAW = b"group,function,value,throughput_num,throughput_type,sample_measured_value,unit,iteration_count\n"


def kept(folder: Path, baseline: str = "new", **files: object) -> Path:
    """A folder as criterion.rs leaves it; `times` changes the sample."""
    place = folder / "group" / "function" / "10" / baseline
    place.mkdir(parents=True)
    for name, content in ({"benchmark": IDENTITY, "sample": SAMPLE, "estimates": ESTIMATES} | files).items():
        if content is not None:
            (place / f"{name}.json").write_text(json.dumps(content))
    return place


def test_a_sample_is_the_nanoseconds_of_one_call(tmp_path: Path) -> None:
    (row,) = criterion.read(load(kept(tmp_path) / "sample.json")).side()
    (run,) = row.runs
    assert (row.benchmark.name, row.benchmark.params) == ("group/function", (("value", "10"),))
    assert run.values == pytest.approx((100e-9, 110e-9, 105e-9))
    assert run.loops == 2


def test_benchmark_json_stands_for_the_samples_beside_it_or_the_estimates(tmp_path: Path) -> None:
    place = kept(tmp_path)
    assert criterion.read(load(place / "benchmark.json")).side()[0].runs
    (place / "sample.json").unlink()
    assert criterion.read(load(place / "benchmark.json")).side()[0].summary
    (place / "estimates.json").unlink()
    assert "stands beside it" in criterion.read(load(place / "benchmark.json")).problems[0].message


@pytest.mark.parametrize("capital", [False, True])
def test_estimates_are_a_summary_with_bounds_of_the_median(tmp_path: Path, capital: bool) -> None:
    old = {"Mean": ESTIMATE, "Median": ESTIMATE, "StdDev": ESTIMATE}
    place = kept(tmp_path, estimates=old if capital else ESTIMATES)
    (row,) = criterion.read(load(place / "estimates.json")).side()
    assert row.summary is not None
    found = (row.summary.median, row.summary.mean, row.summary.stddev, row.summary.low, row.summary.high)
    assert found == pytest.approx((105e-9, 105e-9, 105e-9, 90e-9, 130e-9))
    assert row.summary.confidence == 0.95


def test_a_file_alone_is_called_by_its_own_name(tmp_path: Path) -> None:
    result = criterion.read(load(kept(tmp_path, benchmark=None) / "sample.json"))
    assert result.side()[0].benchmark.name == "sample"
    assert "would name the benchmark" in result.problems[0].message


def test_the_oldest_layouts_are_read() -> None:
    pair = document(json.dumps([SAMPLE["iters"], SAMPLE["times"]]).encode(), "x")
    table = b"group,function,value,sample_time_nanos,iteration_count\ng,,,100,1\ng,,,210,2\n"
    assert criterion.recognises(pair)
    assert criterion.read(pair).side()[0].runs[0].values[0] == pytest.approx(100e-9)
    (row,) = criterion.read(document(table, "raw.csv")).side()
    assert (row.benchmark.name, row.benchmark.params) == ("g", ())
    assert row.runs[0].values == pytest.approx((100e-9, 105e-9))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (b"g,f,1,,,100,cycles,1\n", "is not in nanoseconds"),
        (b"g,f,1,,,100,ns,1\ng,f,2,,,100,ns,1\n", "more than one benchmark"),
        (b"", "holds no samples"),
        (b"g,f,1,,,x,ns,1\n", "without a time or a count"),
        (b"g,f,1\n", "without a time or a count"),
        (b"g,f,1,,,100,ns,0\n", "above zero"),
        (b"g,f,1,,,1e999,ns,1\n", "not a finite number"),
        (b",f,1,,,100,ns,1\n", "has no name"),
        (b"g,f,1,,,100,ns,1\n\xff", "is not UTF-8"),
        (b"g,f,1,,,100,ns," + b"1" * 200_000, "field larger"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(lines: bytes, said: str) -> None:
    result = criterion.read(document(RAW + lines, "raw.csv"))
    assert said in result.problems[0].message, result.problems


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sample", SAMPLE | {"times": [1.0]}, "has 1 times but 3 counts"),
        ("sample", SAMPLE | {"iters": [0.0, 1.0, 1.0]}, "above zero"),
        ("sample", SAMPLE | {"times": [1.0, 2.0, float("nan")]}, "not a finite number"),
        ("sample", SAMPLE | {"times": [1.0, 2.0, 10**400]}, "out of range"),
        ("sample", SAMPLE | {"times": "x"}, "Expected `array`"),
        ("sample", [1, 2], "is none of Criterion's files"),
        ("benchmark", {}, "missing required field `group_id`"),
        ("benchmark", IDENTITY | {"group_id": ""}, "has no name"),
    ],
)
def test_a_benchmark_that_cannot_be_used_is_named_and_the_others_count(
    tmp_path: Path, name: str, content: object, said: str
) -> None:
    kept(tmp_path / "a")
    kept(tmp_path / "b", "new", **{name: content})
    result = criterion.read_folder(tmp_path)
    (problem,) = result.problems
    assert said in problem.message
    assert problem.message.startswith("b/group/function/10/new: ")
    assert len(result.side()) == 1


def faster() -> dict[str, Any]:
    return SAMPLE | {"times": [50.0, 110.0, 210.0]}


def test_new_is_head_and_baselines_are_sides(tmp_path: Path) -> None:
    kept(tmp_path)
    kept(tmp_path, "base", sample=faster())
    kept(tmp_path, "main", sample=faster())
    result = criterion.read_folder(tmp_path)
    assert list(result.sides) == ["base", "main", "head"]
    assert result.side("base")[0].runs[0].values[0] == pytest.approx(50e-9)


def test_a_base_that_criterion_copied_from_new_is_no_side(tmp_path: Path) -> None:
    kept(tmp_path)
    kept(tmp_path, "base")
    assert list(criterion.read_folder(tmp_path).sides) == ["head"]


def test_one_baseline_alone_is_head(tmp_path: Path) -> None:
    kept(tmp_path)
    kept(tmp_path, "main", sample=faster())
    result = criterion.read_folder(tmp_path, "main")
    assert list(result.sides) == ["head"]
    assert result.side()[0].runs[0].values[0] == pytest.approx(50e-9)
    with pytest.raises(UsageError, match="no baseline 'mian'; it has main, new"):
        criterion.read_folder(tmp_path, "mian")


def test_a_folder_is_criterions_when_one_benchmark_lies_in_it(tmp_path: Path) -> None:
    assert not criterion.recognises_folder(tmp_path)
    (tmp_path / "benchmark.json").write_text("{}")
    assert not criterion.recognises_folder(tmp_path)
    kept(tmp_path)
    assert criterion.recognises_folder(tmp_path)
    assert criterion.recognises_folder(tmp_path / "group")


def test_links_are_not_followed(tmp_path: Path) -> None:
    kept(tmp_path / "outside")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside")
    assert not criterion.recognises_folder(tmp_path / "inside")


@given(st.sampled_from(["identity", *SAMPLE, *ESTIMATES, *BOUNDS, *ESTIMATE]), any_json)
def test_any_json_in_any_place_gives_problems_or_rows(key: str, value: object) -> None:
    bounds = BOUNDS | {key: value}
    estimate = ESTIMATE | {"confidence_interval": bounds, key: value}
    for content in (SAMPLE | {key: value}, ESTIMATES | {"median": estimate}, ESTIMATES | {key: value}, value):
        data = document(json.dumps(content).encode(), "no/such/folder/x.json")
        if criterion.recognises(data):
            result: ResultFile = criterion.read(data)
            assert result.problems


def test_a_real_folder_has_the_estimates_that_criterion_found() -> None:
    folder = real_data("format-samples") / "criterion"
    result = criterion.read_folder(folder)
    assert (len(result.side()), result.problems) == (6, ())
    for row in result.side():
        place = Path(row.origin).parent
        (estimates,) = criterion.read(load(place / "estimates.json")).side()
        (table,) = criterion.read(load(place / "raw.csv")).side()
        assert estimates.summary is not None
        values = row.runs[0].values
        assert median(values) == pytest.approx(estimates.summary.median, rel=1e-6)
        assert mean(values) == pytest.approx(estimates.summary.mean, rel=1e-6)
        assert (table.benchmark, table.runs) == (row.benchmark, row.runs)


def test_the_change_that_criterion_keeps_is_no_benchmark(tmp_path: Path) -> None:
    change = real_data("format-samples") / "criterion/Fibonacci/Iterative/change/estimates.json"
    shutil.copy(change, tmp_path / "x.json")
    assert criterion.read(load(tmp_path / "x.json")).sides == {}
