"""What an import takes in, leaves as it is, replaces, and says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.results.history.importing import Means, rebuild
from perfbench.results.history.told import Told
from tests.results.samples import ENVIRONMENT, START, TIME, run

from .trees import DAY, HERE, bring, commit, contents, describe, index_of, messages, points, some, store

KEY = "m.time_one time [box/py3.12]"


def write_hyperfine(path: Path, seconds: float = 1.0) -> Path:
    path.write_text(
        json.dumps(
            {"results": [{"command": "sleep 1", "mean": seconds, "times": [seconds] * 3, "exit_codes": [0]}]}
        )
    )
    return path


def test_points_come_in_the_order_of_their_commits_dates(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        store(tmp_path / "t", number, {"m.time_one": number / 10})
    done = bring(tmp_path / "h", tmp_path / "t")
    assert (done.files, done.runs, done.points, done.problems) == (3, 3, 3, [])
    assert contents(tmp_path / "h") == {KEY: [(commit(n), n * DAY, n / 10) for n in (1, 2, 3)]}


def test_importing_the_same_twice_changes_nothing(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t")
    before = contents(tmp_path / "h")
    done = bring(tmp_path / "h", tmp_path / "t")
    assert (done.files, done.unchanged, done.problems) == (0, 1, [])
    assert contents(tmp_path / "h") == before


def test_a_copy_of_the_tree_elsewhere_changes_nothing_either(tmp_path: Path) -> None:
    for folder in ("t", "elsewhere"):
        store(tmp_path / folder, 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t")
    done = bring(tmp_path / "h", tmp_path / "elsewhere")
    assert (done.files, done.unchanged, done.problems) == (0, 1, [])


def test_a_file_that_grew_replaces_its_points(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t")
    store(tmp_path / "t", 1, {"m.time_one": 0.1, "m.time_two": 0.2})
    done = bring(tmp_path / "h", tmp_path / "t")
    assert (done.files, done.replaced, done.problems) == (1, 1, [])
    assert [len(found) for found in contents(tmp_path / "h").values()] == [1, 1]


def test_a_file_that_changed_counts_and_says_so(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t")
    store(tmp_path / "t", 1, {"m.time_one": 0.5})
    done = bring(tmp_path / "h", tmp_path / "t")
    assert messages(done) == ["holds 1 other values than were imported before: these count"]
    assert contents(tmp_path / "h") == {KEY: [(commit(1), DAY, 0.5)]}


def test_machines_and_environments_stay_apart(tmp_path: Path) -> None:
    for machine in ("box", "crate"):
        for environment in ("py3.11", "py3.12"):
            store(tmp_path / "t", 1, {"m.time_one": 0.1}, machine=machine, environment=environment)
    bring(tmp_path / "h", tmp_path / "t")
    assert sorted(contents(tmp_path / "h")) == [
        f"m.time_one time [{machine}/{environment}]"
        for machine in ("box", "crate")
        for environment in ("py3.11", "py3.12")
    ]


def test_the_index_is_built_again_from_what_is_kept(tmp_path: Path) -> None:
    for number in (1, 2):
        store(tmp_path / "t", number, {"m.time_one": number / 10})
    bring(tmp_path / "h", tmp_path / "t", told=Told(project="p"))
    write_hyperfine(tmp_path / "one.json")
    bring(tmp_path / "h", tmp_path / "one.json", told=Told(commit="abcdef1", date=5.0, machine="m"))
    before = contents(tmp_path / "h")
    for path in (tmp_path / "t").rglob("*.json"):
        path.unlink()
    (tmp_path / "one.json").unlink()
    done = rebuild(tmp_path / "h", None, HERE)
    assert (done.files, done.unusable) == (3, 0)
    assert contents(tmp_path / "h") == before


def test_files_that_stay_in_place_are_referred_to(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t", in_place=True)
    assert not (tmp_path / "h/trees").exists()
    before = contents(tmp_path / "h")
    assert rebuild(tmp_path / "h", None, HERE).files == 1
    assert contents(tmp_path / "h") == before


def test_what_is_kept_is_a_tree_that_asv_would_read(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    describe(tmp_path / "t", m__time_one={"type": "time", "unit": "seconds", "param_names": []})
    bring(tmp_path / "h", tmp_path / "t")
    kept = tmp_path / "h/trees/results"
    original = tmp_path / "t/box/00000001-py3.12.json"
    assert (kept / "box/00000001-py3.12.json").read_bytes() == original.read_bytes()
    assert json.loads((kept / "benchmarks.json").read_text())["m.time_one"]["type"] == "time"
    assert json.loads((kept / "box/machine.json").read_text())["machine"] == "box"


def test_older_layouts_are_read_too(tmp_path: Path) -> None:
    path = store(tmp_path / "t", 1, {})
    content = json.loads(path.read_text())
    del content["result_columns"]
    content |= {
        "version": 1,
        "results": {"m.time_one": 0.25, "m.time_two": {"params": [["1", "2"]], "result": [1.0, None]}},
    }
    path.write_text(json.dumps(content))
    bring(tmp_path / "h", tmp_path / "t")
    assert [found[0][2] for found in contents(tmp_path / "h").values()] == [0.25, 1.0]


def test_failed_and_skipped_rows_are_no_points(tmp_path: Path) -> None:
    row = [[None, float("nan"), 0.5, float("inf")], [["1", "2", "3", "4"]], "v1"]
    store(tmp_path / "t", 1, {"m.time_one": row, "m.time_two": [None, [], "v1"]})
    done = bring(tmp_path / "h", tmp_path / "t")
    assert (done.points, done.problems) == (1, [])
    assert list(contents(tmp_path / "h")) == ["m.time_one(3) time [box/py3.12]"]


def test_asvs_intervals_are_kept(tmp_path: Path) -> None:
    row = [[0.5, 0.6], [["1", "2"]], "v1", None, None, [0.4, None], [0.7, float("inf")]]
    store(tmp_path / "t", 1, {"m.time_one": row})
    bring(tmp_path / "h", tmp_path / "t")
    with index_of(tmp_path / "h") as index:
        known, unknown = index.all_series()
    assert (known.low.tolist(), known.high.tolist()) == ([0.4], [0.7])
    assert [str(bound[0]) for bound in (unknown.low, unknown.high)] == ["nan", "nan"]


def test_what_cannot_be_used_is_named_and_the_rest_comes_in(tmp_path: Path) -> None:
    sound = store(tmp_path / "t", 1, {"m.time_one": 0.1})
    (tmp_path / "t/box/cut.json").write_text(sound.read_text()[:100])
    (tmp_path / "t/box/foreign.json").write_text('{"hello": 1}')
    (tmp_path / "t/box/empty.json").write_text("")
    (tmp_path / "t/box/binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "t/box/link.json").symlink_to(sound)
    store(tmp_path / "other", 2, {"m.time_one": 0.1}, machine="elsewhere").rename(
        tmp_path / "t/box/moved.json"
    )
    done = bring(tmp_path / "h", tmp_path / "t")
    assert (done.files, done.unusable) == (1, 5)
    said = {Path(problem.path).name: problem.message for problem in done.problems}
    assert said["foreign.json"] == "is not a result file that perfbench reads"
    assert said["empty.json"] == "is empty"
    assert said["link.json"] == "is a link, and not followed"
    assert said["moved.json"] == "was measured on 'elsewhere', and lies in the folder of 'box': left out"
    assert said["cut.json"].startswith("is not valid JSON")
    assert "binary.json" in said
    with index_of(tmp_path / "h") as index:
        assert len(index.problems()) == 5  # a link is no file of the history


def test_a_problem_goes_when_its_file_is_mended(tmp_path: Path) -> None:
    path = store(tmp_path / "t", 1, {"m.time_one": 0.1})
    text = path.read_text()
    path.write_text(text[:50])
    bring(tmp_path / "h", tmp_path / "t")
    path.write_text(text)
    assert bring(tmp_path / "h", tmp_path / "t").problems == []
    with index_of(tmp_path / "h") as index:
        assert index.problems() == []


def test_duplicates_are_left_out_by_name(tmp_path: Path) -> None:
    path = store(tmp_path / "t", 1, {"m.time_one": 0.1})
    path.with_name("copy.json").write_bytes(path.read_bytes())
    done = bring(tmp_path / "h", tmp_path / "t")
    assert (done.files, done.unchanged) == (1, 1)
    assert some(messages(done), "holds the same as")


def test_of_clashing_files_the_first_counts(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    store(tmp_path / "t", 1, {"m.time_one": 0.9}, name="zzz.json")
    done = bring(tmp_path / "h", tmp_path / "t")
    assert some(messages(done), "was measured in")
    assert some(messages(done), "the first counts")
    assert contents(tmp_path / "h") == {KEY: [(commit(1), DAY, 0.1)]}
    assert not (tmp_path / "h/trees/results/box/zzz.json").exists()


def test_two_trees_that_clash_in_one_import_keep_the_first(tmp_path: Path) -> None:
    store(tmp_path / "a", 1, {"m.time_one": 0.1})
    store(tmp_path / "b", 1, {"m.time_one": 0.9})
    done = bring(tmp_path / "h", tmp_path / "a", tmp_path / "b")
    assert some(messages(done), "the first counts")
    assert contents(tmp_path / "h") == {KEY: [(commit(1), DAY, 0.1)]}
    assert rebuild(tmp_path / "h", None, HERE).files == 1
    assert contents(tmp_path / "h") == {KEY: [(commit(1), DAY, 0.1)]}


def test_units_that_change_begin_a_series_of_their_own(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.track_size": 10.0})
    describe(tmp_path / "t", m__track_size={"type": "track", "unit": "KiB", "param_names": []})
    bring(tmp_path / "h", tmp_path / "t")
    store(tmp_path / "t", 2, {"m.track_size": 10240.0})
    describe(tmp_path / "t", m__track_size={"type": "track", "unit": "bytes", "param_names": []})
    done = bring(tmp_path / "h", tmp_path / "t")
    assert some(messages(done), "has the units 'KiB' and 'bytes': a series of each")
    with index_of(tmp_path / "h") as index:
        found = [(series.key.metric.unit, series.values.tolist()) for series in index.all_series()]
    assert sorted(found) == [("KiB", [10.0]), ("bytes", [10240.0])]
    rebuild(tmp_path / "h", None, HERE)
    with index_of(tmp_path / "h") as index:
        again = [(series.key.metric.unit, series.values.tolist()) for series in index.all_series()]
    assert sorted(again) == sorted(found)


def test_a_version_that_changes_is_said_and_stays_one_series(tmp_path: Path) -> None:
    for number, version in ((1, "old"), (2, "new")):
        store(tmp_path / "t", number, {"m.time_one": [[0.1], [], version]})
    done = bring(tmp_path / "h", tmp_path / "t")
    assert messages(done) == [
        "the code of m.time_one changed: points of different versions of it are not compared"
    ]
    with index_of(tmp_path / "h") as index:
        (series,) = index.all_series()
    assert series.versions == ["old", "new"]


def test_a_renamed_machine_is_noticed_and_can_be_merged(tmp_path: Path) -> None:
    for number, machine in ((1, "box"), (2, "tin")):
        store(
            tmp_path / "t",
            number,
            {"m.time_one": 0.1},
            machine=machine,
            params={"machine": machine, "cpu": "x"},
        )
    done = bring(tmp_path / "h", tmp_path / "t")
    assert some(messages(done), "'tin' has the hardware of 'box'")
    assert some(messages(done), "--machine box")
    bring(tmp_path / "merged", tmp_path / "t", told=Told(machine="box"))
    assert [len(found) for found in contents(tmp_path / "merged").values()] == [2]
    rebuild(tmp_path / "merged", None, HERE)
    assert [len(found) for found in contents(tmp_path / "merged").values()] == [2]


def test_machines_side_by_side_are_no_renamed_one(tmp_path: Path) -> None:
    for machine in ("box", "tin"):
        for number in (1, 2, 3):
            store(
                tmp_path / "t",
                number,
                {"m.time_one": 0.1},
                machine=machine,
                params={"machine": machine, "cpu": "x"},
            )
    assert bring(tmp_path / "h", tmp_path / "t").problems == []


def test_files_without_a_commit_need_one_told(tmp_path: Path) -> None:
    path = write_hyperfine(tmp_path / "one.json")
    assert messages(bring(tmp_path / "h", path)) == [
        "tells no commit; name it with --commit, and its date with --date"
    ]
    done = bring(tmp_path / "h", path, told=Told(commit="abcdef1", date=7.0, machine="box", branch="main"))
    assert (done.files, done.problems) == (1, [])
    assert contents(tmp_path / "h") == {"sleep 1 time [box/main]": [("abcdef1", 7.0, 1.0)]}


def test_a_file_that_is_written_over_every_night_keeps_its_nights(tmp_path: Path) -> None:
    for number, name in enumerate(("aaaaaaa", "bbbbbbb"), start=1):
        write_hyperfine(tmp_path / "results.json", number)
        bring(tmp_path / "h", tmp_path / "results.json", told=Told(commit=name, date=float(number)))
    assert list(contents(tmp_path / "h").values()) == [[("aaaaaaa", 1.0, 1.0), ("bbbbbbb", 2.0, 2.0)]]


def test_the_same_file_measured_again_replaces_what_it_was(tmp_path: Path) -> None:
    told = Told(commit="aaaaaaa", date=1.0)
    for seconds in (1.0, 2.0):
        bring(tmp_path / "h", write_hyperfine(tmp_path / "results.json", seconds), told=told)
    assert list(contents(tmp_path / "h").values()) == [[("aaaaaaa", 1.0, 2.0)]]
    rebuild(tmp_path / "h", None, HERE)
    assert list(contents(tmp_path / "h").values()) == [[("aaaaaaa", 1.0, 2.0)]]


def test_a_commit_that_another_file_measured_again_stands_twice(tmp_path: Path) -> None:
    told = Told(commit="aaaaaaa", date=1.0)
    bring(tmp_path / "h", write_hyperfine(tmp_path / "one.json", 1.0), told=told)
    done = bring(tmp_path / "h", write_hyperfine(tmp_path / "two.json", 2.0), told=told)
    assert some(messages(done), "both stand in the series")
    assert list(contents(tmp_path / "h").values()) == [[("aaaaaaa", 1.0, 1.0), ("aaaaaaa", 1.0, 2.0)]]


def test_git_knows_the_date_where_the_file_does_not(tmp_path: Path) -> None:
    asked = Means(processes=0, dates=lambda commits: dict.fromkeys(commits, 42.0))
    bring(tmp_path / "h", write_hyperfine(tmp_path / "one.json"), told=Told(commit="abcdef1"), means=asked)
    assert list(contents(tmp_path / "h").values()) == [[("abcdef1", 42.0, 1.0)]]


def test_without_any_date_the_files_own_time_counts_and_that_is_said(tmp_path: Path) -> None:
    path = write_hyperfine(tmp_path / "one.json")
    done = bring(tmp_path / "h", path, told=Told(commit="abcdef1"))
    assert messages(done) == ["does not tell the date of abcdef1: the file's own time counts"]
    (found,) = contents(tmp_path / "h").values()
    assert found[0][1] == pytest.approx(path.stat().st_mtime)
    rebuild(tmp_path / "h", None, HERE)
    assert list(contents(tmp_path / "h").values()) == [found]


def test_every_clean_side_of_an_own_file_is_a_run(tmp_path: Path) -> None:
    from dataclasses import replace

    from perfbench.results.result_file import Header, SideHeader
    from perfbench.results.writer import ResultWriter

    sides = {
        label: SideHeader(label, name, dirty, replace(ENVIRONMENT, commit=name))
        for label, name, dirty in (
            ("base", "aaaaaaa", False),
            ("head", "bbbbbbb", True),
            ("old", "ccccccc", False),
        )
    }
    with ResultWriter(tmp_path / "own.jsonl", Header("", 9.0, sides)) as writer:
        for label in sides:
            writer.run(label, START, TIME, run(0.5, 0.7, 0.6))
        writer.finish()
    done = bring(tmp_path / "h", tmp_path / "own.jsonl")
    assert some(messages(done), "was measured with changes that its commit does not hold")
    (found,) = contents(tmp_path / "h").values()
    assert [(name, value) for name, _, value in found] == [("aaaaaaa", 0.6), ("ccccccc", 0.6)]


def test_pyperfs_commit_metadata_are_used(tmp_path: Path) -> None:
    metadata = {
        "commit_id": "f" * 40, "commit_branch": "main", "commit_date": "2024-02-03T04:05:06+00:00",
        "hostname": "box", "python_version": "3.13.0a3 (64-bit)", "python_implementation": "cpython",
    }  # fmt: skip
    entry = {"metadata": {"name": "nbody", "unit": "second"}, "runs": [{"values": [0.5]}, {"values": [0.7]}]}
    (tmp_path / "p.json").write_text(
        json.dumps({"version": "1.0", "metadata": metadata, "benchmarks": [entry]})
    )
    assert bring(tmp_path / "h", tmp_path / "p.json").problems == []
    assert contents(tmp_path / "h") == {"nbody time [box/CPython 3.13/main]": [("f" * 40, 1706933106.0, 0.6)]}


def test_pytest_benchmarks_commit_is_used(tmp_path: Path) -> None:
    stats = {"min": 1, "max": 1, "mean": 1.0, "median": 1.0, "rounds": 3, "iterations": 1}
    content = {
        "machine_info": {"node": "box", "python_version": "3.12.1", "python_implementation": "CPython"},
        "commit_info": {"id": "e" * 40, "time": "2024-02-03T04:05:06+00:00", "dirty": False, "branch": "dev"},
        "benchmarks": [{"fullname": "t.py::test_one", "stats": stats}],
        "datetime": "2024-03-01T00:00:00+00:00",
    }
    (tmp_path / "p.json").write_text(json.dumps(content))
    assert bring(tmp_path / "h", tmp_path / "p.json").problems == []
    assert contents(tmp_path / "h") == {
        "t.py::test_one time [box/CPython 3.12/dev]": [("e" * 40, 1706933106.0, 1.0)]
    }


def test_all_entries_of_the_actions_history_come_in_and_more_when_it_grew(tmp_path: Path) -> None:
    entries = [
        {
            "commit": {"id": f"{number}" * 40, "timestamp": f"2024-01-0{number}T00:00:00Z"},
            "date": 1_700_000_000_000,
            "tool": "customBiggerIsBetter",
            "benches": [{"name": "speed", "unit": "ops/s", "value": number * 1.0}],
        }
        for number in (1, 2, 3)
    ]
    path = tmp_path / "data.js"
    for count in (2, 3):
        content = {"lastUpdate": 1, "entries": {"Suite": entries[:count]}}
        path.write_text(f"window.BENCHMARK_DATA = {json.dumps(content)};")
        bring(tmp_path / "h", path)
        (found,) = contents(tmp_path / "h").values()
        assert [value for _, _, value in found] == [1.0, 2.0, 3.0][:count]
    assert found[0][1] == 1704067200.0


def test_go_settings_tell_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "go.txt"
    path.write_text(
        "experiment-commit: 1234567\nexperiment-commit-time: 2024-01-01T00:00:00Z\npkg: p\nBenchmarkA 1 5 ns/op\n"
    )
    assert bring(tmp_path / "h", path).problems == []
    (found,) = contents(tmp_path / "h").values()
    assert found[0][:2] == ("1234567", 1704067200.0)


def test_there_has_to_be_something_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        bring(tmp_path / "h", tmp_path / "missing")


def test_reading_in_other_processes_gives_the_same(tmp_path: Path) -> None:
    for number in range(1, 70):
        store(tmp_path / "t", number, {"m.time_one": number / 10, "m.time_two": 1.0})
    bring(tmp_path / "here", tmp_path / "t")
    bring(tmp_path / "there", tmp_path / "t", means=Means(processes=2))
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_many_small_imports_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from perfbench.results.history import appending

    monkeypatch.setattr(appending, "LOOSE_RUNS", 3)
    count = 8
    for number in range(1, count + 1):
        store(tmp_path / "t", number, {"m.time_one": number / 10})
        bring(tmp_path / "h", tmp_path / "t")
    with index_of(tmp_path / "h") as index:
        (series,) = index.all_series()
        (end,) = index.ends(4)
    assert points(series) == [(commit(n), n * DAY, n / 10) for n in range(1, count + 1)]
    assert (end.key, end.length) == (series.key, count)
    assert end.values.tolist() == [n / 10 for n in range(count - 3, count + 1)]
    assert end.commits == [commit(n) for n in range(count - 3, count + 1)]


def test_many_commits_at_once_leave_nothing_loose(tmp_path: Path) -> None:
    for number in range(1, 11):
        store(tmp_path / "t", number, {"m.time_one": number / 10})
    bring(tmp_path / "h", tmp_path / "t")
    assert list(contents(tmp_path / "h").values()) == [[(commit(n), n * DAY, n / 10) for n in range(1, 11)]]
