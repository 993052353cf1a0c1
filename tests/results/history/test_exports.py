"""Points written out again, and taken in again."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.model_history import Series
from perfbench.results.history.asv_export import write_tree
from perfbench.results.history.tabular_export import COLUMNS, csv_lines, json_lines
from perfbench.results.history.told import Told
from tests.results.samples import real_data

from .trees import bring, commit, contents, describe, index_of, store

ROW = [
    [0.5, None, 0.7, 0.8],
    [["1", "2"], ["'a'", "b"]],
    "v1",
    None,
    None,
    [0.4, None, None, 0.7],
    [0.6, None, None, 0.9],
]


def stored(history: Path) -> list[Series]:
    with index_of(history) as index:
        return list(index.all_series())


@pytest.fixture
def history(tmp_path: Path) -> Path:
    describe(
        tmp_path / "t",
        m__time_one={"type": "time", "unit": "seconds", "param_names": ["n", "kind"]},
        m__peakmem_two={"type": "peakmemory", "unit": "bytes", "param_names": []},
        m__track_three={"type": "track", "unit": "rows", "param_names": []},
    )
    for number in (1, 2, 3):
        results = {"m.time_one": ROW, "m.peakmem_two": 1e6 * number, "m.track_three": 7}
        store(tmp_path / "t", number, results, machine="box" if number < 3 else "odd*name")
    bring(tmp_path / "h", tmp_path / "t", told=Told(project="p"))
    return tmp_path / "h"


def columns(series: Series) -> list[object]:
    """All of a series, fit to be compared."""
    numbers = (series.dates, series.values, series.low, series.high)
    return [
        str(series.key),
        series.key.metric,
        list(series.commits),
        list(series.versions),
        *map(str, numbers),
    ]


def test_a_tree_that_was_written_gives_the_same_series_again(history: Path, tmp_path: Path) -> None:
    before = stored(history)
    files, problems = write_tree(tmp_path / "out", before)
    assert (files, problems) == (3, [])
    bring(tmp_path / "again", tmp_path / "out", told=Told(project="p"))
    assert [columns(one) for one in stored(tmp_path / "again")] == [columns(one) for one in before]


def test_asv_reads_the_tree_itself(history: Path, tmp_path: Path) -> None:
    results = pytest.importorskip("asv.results")
    write_tree(tmp_path / "out", stored(history))
    found = {one.commit_hash: one for one in results.iter_results(str(tmp_path / "out"))}
    assert set(found) == {commit(1), commit(2), commit(3)}
    one = found[commit(1)]
    assert one.get_result_value("m.time_one", one._benchmark_params["m.time_one"]) == [0.5, None, 0.7, 0.8]
    assert one.benchmark_version["m.time_one"] == "v1"
    assert one._stats["m.time_one"][0] == {"ci_99_a": 0.4, "ci_99_b": 0.6}
    (folder,) = (tmp_path / "out").glob("odd*")
    assert json.loads((folder / "machine.json").read_text())["machine"] == "odd*name"


def test_what_asv_has_no_words_for_is_said(tmp_path: Path) -> None:
    stats = {"min": 1, "max": 1, "mean": 1.0, "median": 1.0, "rounds": 3, "iterations": 1}
    content = {
        "machine_info": {"node": "box"},
        "commit_info": {"id": "e" * 40, "time": "2024-02-03T04:05:06+00:00", "dirty": False},
        "benchmarks": [{"fullname": "t.py::test_one", "stats": stats, "extra_info": {"size": 3}}],
        "datetime": "2024-03-01T00:00:00+00:00",
    }
    (tmp_path / "p.json").write_text(json.dumps(content))
    bring(tmp_path / "h", tmp_path / "p.json")
    files, problems = write_tree(tmp_path / "out", stored(tmp_path / "h"))
    assert files == 1
    assert "one metric, unit and set of params" in problems[0].message


def test_csv_has_a_line_for_each_point(history: Path) -> None:
    rows = list(csv.reader(io.StringIO("".join(csv_lines(stored(history))))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 1 + 3 * 5
    found = dict(zip(COLUMNS, next(row for row in rows if "time_one" in row[1]), strict=True))
    assert (found["params"], found["value"], found["low"], found["date"]) == (
        "n=1; kind=a", "0.5", "0.4", "1970-01-02T00:00:00+00:00"
    )  # fmt: skip


def test_no_cell_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1}, machine="=cmd()")
    bring(tmp_path / "h", tmp_path / "t")
    assert "'=cmd()" in "".join(csv_lines(stored(tmp_path / "h")))


def test_json_lines_have_one_too(history: Path) -> None:
    lines = [json.loads(line) for line in "".join(json_lines(stored(history))).splitlines()]
    assert len(lines) == 15
    first = next(line for line in lines if line["benchmark"] == "m.time_one")
    assert first["params"] == [["n", "1"], ["kind", "a"]]
    assert (first["value"], first["low"], first["high"], first["version"]) == (0.5, 0.4, 0.6, "v1")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    params=st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1, max_size=3, unique=True
        ),
        max_size=2,
    ),
    value=st.floats(-1e200, 1e200),
)
def test_any_params_come_through(
    params: list[list[str]], value: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from math import prod

    folder = tmp_path_factory.mktemp("any")
    values = [value] * prod(map(len, params))
    store(folder / "t", 1, {"m.time_one": [values, [[repr(one) for one in each] for each in params], "v"]})
    bring(folder / "h", folder / "t")
    write_tree(folder / "out", stored(folder / "h"))
    bring(folder / "again", folder / "out")
    assert contents(folder / "again") == contents(folder / "h")


def test_a_real_tree_comes_through(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(real_data("asv-testsuite") / "example_results.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    done = bring(tmp_path / "h", tmp_path / "example_results")
    assert (done.files, done.unusable) == (38, 3)
    write_tree(tmp_path / "out", stored(tmp_path / "h"))
    bring(tmp_path / "again", tmp_path / "out")
    assert contents(tmp_path / "again") == contents(tmp_path / "h")
