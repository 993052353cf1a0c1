"""Folders of asv's results: which runs they hold, and how one is named."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import UsageError
from perfbench.results import asv_tree
from perfbench.results.reading import read_any

from .samples import real_data


def store(
    folder: Path, commit: str, *, machine: str = "box", environment: str = "py3.12", day: int = 1
) -> Path:
    """A result file in a machine's folder, which is made where it is missing."""
    place = folder / machine
    place.mkdir(parents=True, exist_ok=True)
    (place / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
    content: dict[str, Any] = {
        "commit_hash": commit,
        "env_name": environment,
        "date": day * 86_400_000,
        "params": {"machine": machine},
        "python": "3.12",
        "requirements": {},
        "result_columns": ["result", "params"],
        "results": {"m.time_one": [[float(day)], []]},
        "version": 2,
    }
    path = place / f"{commit[:8]}-{environment}.json"
    path.write_text(json.dumps(content))
    return path


def test_runs_come_in_the_order_of_their_commits(tmp_path: Path) -> None:
    for day, commit in ((3, "aaa"), (1, "ccc"), (2, "bbb")):
        store(tmp_path, commit, day=day)
    tree = asv_tree.survey(tmp_path)
    assert [run.commit for run in tree.runs] == ["ccc", "bbb", "aaa"]
    medians = [row.summary.median for _, result in tree.results() for row in result.side() if row.summary]
    assert medians == [1, 2, 3]


def test_a_commit_is_named_by_its_beginning(tmp_path: Path) -> None:
    store(tmp_path, "1a2b3c4d", day=1)
    store(tmp_path, "4d5e6f70", day=2)
    result = read_any(tmp_path, "1a2b")
    assert result.header.sides["head"].commit == "1a2b3c4d"


def test_a_folder_of_one_run_needs_no_name(tmp_path: Path) -> None:
    store(tmp_path, "1a2b3c4d")
    assert read_any(tmp_path).header.sides["head"].commit == "1a2b3c4d"


def test_the_folder_of_one_machine_is_read_as_well(tmp_path: Path) -> None:
    store(tmp_path, "1a2b3c4d")
    (tmp_path / "benchmarks.json").write_text('{"m.time_one": {"type": "track", "unit": "calls"}}')
    assert read_any(tmp_path / "box").side()[0].metric.unit == "calls"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("", "3 commits: .*aaaa1111"),
        ("aaaa", "2 commits: aaaa1111, aaaa2222"),
        ("bbbb", "2 machines: box, other"),
        ("bbbb/box", "2 environments: py3.11, py3.12"),
        ("cccc", "no run 'cccc'"),
        ("bbbb/nowhere", "no run 'bbbb/nowhere'"),
    ],
)
def test_what_could_be_several_runs_or_is_none_is_told(tmp_path: Path, part: str, said: str) -> None:
    store(tmp_path, "aaaa1111", day=1)
    store(tmp_path, "aaaa2222", day=2)
    store(tmp_path, "bbbb1111", day=3)
    store(tmp_path, "bbbb1111", day=3, environment="py3.11")
    store(tmp_path, "bbbb1111", day=3, machine="other")
    with pytest.raises(UsageError, match=said) as caught:
        read_any(tmp_path, part)
    named = caught.value.remedy.rpartition("@")[2]
    assert read_any(tmp_path, named).side()


def test_a_name_that_fits_wholly_is_taken_before_one_that_only_begins_so(tmp_path: Path) -> None:
    store(tmp_path, "1a2b3c4d", environment="py3")
    store(tmp_path, "1a2b3c4d", environment="py3-foo")
    assert read_any(tmp_path, "1a2b/box/py3").side()


def test_what_is_no_result_of_that_machine_is_told_and_left_out(tmp_path: Path) -> None:
    path = store(tmp_path, "1a2b3c4d")
    (path.parent / "damaged.json").write_text("{")
    (path.parent / "other.json").write_text("{}")
    (path.parent / "text.txt").write_text("")
    foreign = store(tmp_path, "4d5e6f70", machine="elsewhere")
    foreign.rename(path.parent / foreign.name)
    tree = asv_tree.survey(tmp_path)
    assert [run.commit for run in tree.runs] == ["1a2b3c4d"]
    said = sorted(f"{Path(problem.path).name} {problem.message}" for problem in tree.problems)
    assert [line.partition(" ")[0] for line in said] == [foreign.name, "damaged.json", "other.json"]
    assert "'elsewhere'" in said[0]
    assert "not valid JSON" in said[1]
    assert "no result file of asv" in said[2]


@pytest.mark.parametrize("results", [None, [], "x"])
def test_a_file_with_the_head_of_a_run_and_no_results_is_a_problem(tmp_path: Path, results: object) -> None:
    path = store(tmp_path, "1a2b3c4d")
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"results": results}))
    ((_, result),) = asv_tree.survey(tmp_path).results()
    assert [problem.message for problem in result.problems] == ["is no result file of asv"]


def test_a_run_that_lies_there_twice_counts_once(tmp_path: Path) -> None:
    path = store(tmp_path, "1a2b3c4d")
    path.with_name("zzz.json").write_bytes(path.read_bytes())
    tree = asv_tree.survey(tmp_path)
    assert [run.path.name for run in tree.runs] == [path.name]
    assert "already" in tree.problems[0].message


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = store(tmp_path / "results", "1a2b3c4d")
    outside = store(tmp_path / "outside", "4d5e6f70")
    (path.parent / "link.json").symlink_to(outside)
    (tmp_path / "results" / "loop").symlink_to(tmp_path / "results")
    (tmp_path / "results" / "escape").symlink_to(tmp_path / "outside" / "box")
    tree = asv_tree.survey(tmp_path / "results")
    assert [run.commit for run in tree.runs] == ["1a2b3c4d"]
    assert [problem.message for problem in tree.problems] == ["is a link, and not followed"] * 3


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    path = store(tmp_path, "1a2b3c4d")
    os.mkfifo(path.parent / "pipe.json")
    assert len(asv_tree.survey(tmp_path).runs) == 1


def test_a_tree_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        store(tmp_path, f"{number}aaaaaaa", day=number + 1)
    monkeypatch.setattr(asv_tree, "MAX_FILES", 3)
    tree = asv_tree.survey(tmp_path)
    assert len(tree.runs) < 5
    assert "the rest is left out" in tree.problems[0].message


def test_a_tree_of_too_many_bytes_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = max(store(tmp_path, f"{number}aaaaaaa", day=number + 1).stat().st_size for number in range(4))
    monkeypatch.setattr(asv_tree, "MAX_BYTES", 2 * size)
    tree = asv_tree.survey(tmp_path)
    assert 0 < len(tree.runs) < 4
    assert ["the rest is left out" in problem.message for problem in tree.problems] == [True]


def test_what_packed_files_unpack_to_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store(tmp_path, "1a2b3c4d")
    for number in range(4):
        (path.parent / f"{number}.json").write_bytes(gzip.compress(b" " * 100_000))
    monkeypatch.setattr(asv_tree, "MAX_BYTES", 150_000)
    problems = asv_tree.survey(tmp_path).problems
    assert sum("the rest is left out" in problem.message for problem in problems) == 1
    assert sum("not valid JSON" in problem.message for problem in problems) == 2


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"machine": 1}', b"\xff", b"[" * 10**5])
def test_a_folder_without_a_machine_is_no_tree(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "machine.json").write_bytes(data)
    assert not asv_tree.recognises_folder(tmp_path)
    assert asv_tree.survey(tmp_path).runs == ()


def test_a_folder_that_is_not_there_is_no_tree(tmp_path: Path) -> None:
    assert not asv_tree.recognises_folder(tmp_path / "nowhere")


def test_the_results_with_which_asv_tests_itself_are_read(tmp_path: Path) -> None:
    with tarfile.open(real_data("asv-testsuite") / "example_results.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    tree = asv_tree.survey(tmp_path / "example_results")
    assert sorted(Path(problem.path).name[:8] for problem in tree.problems) == [
        "aaaaaaaa",
        "bbbbbbbb",
        "cccccccc",
    ]
    assert {run.machine for run in tree.runs} == {"cheetah"}
    assert len(tree.runs) == 38
    environments = {run.environment for run in tree.runs if run.commit.startswith("fcf8c079")}
    assert environments == {"py2.7-numpy1.8", "py2.7-foo-numpy1.8"}
    result = tree.result(tree.find("fcf8c079/cheetah/py2.7-numpy1.8"))
    assert {str(ended.benchmark): ended.outcome.value for ended in result.outcomes} == {
        "time_AAA_failure": "failed",
        "time_AAA_skip": "skipped",
        "time_coordinates.time_latitude": "failed",
        "time_other.time_parameterized(3)": "failed",
        "params_examples.ParamSuite.track_value": "failed",
    }
    small = next(row.summary for row in result.side() if row.benchmark.name == "time_ci_small")
    assert small is not None
    assert (small.median, small.low, small.high, small.q25) == (3, 3.1, 3.9, 3)
