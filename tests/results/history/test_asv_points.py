"""The fast way to read a file of asv's finds what the tolerant one finds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.results.asv_benchmarks import Suite
from perfbench.results.document import Document
from perfbench.results.history.asv_points import AsvReader
from perfbench.results.history.row_table import ReadRun, RowTable
from perfbench.results.history.told import NOTHING
from perfbench.results.json_text import MalformedError
from tests.results.samples import real_data

_numbers = st.one_of(st.none(), st.floats(), st.integers(-(10**15), 10**15))
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["NaN", ", NaN,", '"NaN"', "\\"]
)
_column = st.one_of(st.none(), st.lists(_numbers, min_size=2, max_size=2))
_rows = st.tuples(
    st.lists(_numbers, min_size=2, max_size=2),
    st.just([["1", "2"]])
    | st.lists(_texts, min_size=2, max_size=2, unique=True).map(lambda values: [values]),
    st.one_of(st.none(), _texts),
    st.just(1.5e12),
    st.none(),
    _column,
    _column,
).map(list)


def content(results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "commit_hash": "c" * 40,
        "env_name": "py",
        "date": 1e12,
        "params": {"machine": "box"},
        "python": "3.12",
        "requirements": {},
        "result_columns": [
            "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"
        ],
        "results": results,
        "version": 2,
        **more,
    }  # fmt: skip


def document(value: object) -> Document:
    return Document("f.json", json.dumps(value).encode())


def named(table: RowTable, run: ReadRun) -> dict[object, tuple[str, str, str]]:
    """Value and bounds of each row, as text: NaN is NaN."""
    return {
        table.rows[row]: (repr(value), repr(low), repr(high))
        for row, value, low, high in zip(
            run.rows.tolist(), run.values.tolist(), run.low.tolist(), run.high.tolist(), strict=True
        )
    }


@given(st.dictionaries(_texts, _rows, max_size=4))
def test_both_ways_find_the_same(results: dict[str, Any]) -> None:
    table = RowTable()
    reader = AsvReader(table, Suite(), NOTHING)
    fast, slow = reader._strict(document(content(results))), reader._tolerant(document(content(results)))
    assert fast is not None
    assert slow is not None
    assert named(table, fast.run) == named(table, slow.run)
    assert (fast.run.commit, fast.run.date, fast.run.place) == (
        slow.run.commit,
        slow.run.date,
        slow.run.place,
    )


@given(
    st.recursive(
        _numbers | _texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    )
)
def test_no_results_make_it_raise_anything_unforeseen(results: Any) -> None:
    reader = AsvReader(RowTable(), Suite(), NOTHING)
    for value in (content({"m.time_one": results}), content(results), {**content({}), "params": results}):
        try:
            found = reader.read(document(value))
        except MalformedError:
            continue
        if found is not None:
            assert np.isfinite(found.run.values).all()


@pytest.mark.parametrize("more", [{"commit_hash": ""}, {"results": []}, {"params": 1}])
def test_what_is_no_file_of_asvs_is_none(more: dict[str, Any]) -> None:
    assert AsvReader(RowTable(), Suite(), NOTHING).read(document(content({}) | more)) is None


@pytest.mark.parametrize("more", [{"version": 3}, {"date": "soon"}])
def test_what_looks_like_one_and_cannot_be_read_is_said(more: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="asv"):
        AsvReader(RowTable(), Suite(), NOTHING).read(document(content({}) | more))


def test_values_that_do_not_fit_their_params_are_named() -> None:
    reader = AsvReader(RowTable(), Suite(), NOTHING)
    found = reader.read(
        document(content({"m.time_one": [[1.0, 2.0], [["1"]], "v"], "m.time_two": [[1.0], []]}))
    )
    assert found is not None
    assert found.run.values.tolist() == [1.0]
    assert [problem.message for problem in found.problems] == [
        "results['m.time_one']: 2 results do not fit its params"
    ]


def test_real_files_are_read_the_fast_way(tmp_path: Any) -> None:
    import tarfile

    from perfbench.results.document import load

    with tarfile.open(real_data("asv-kedro") / "raw_results.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    reader = AsvReader(RowTable(), Suite(), NOTHING)
    paths = sorted((tmp_path / "results").glob("*/????????-*.json"))
    assert len(paths) == 396
    assert all(reader._strict(load(path)) for path in paths[::10])
