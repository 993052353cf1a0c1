"""An index answers the same from SQLite and from PostgreSQL, and is never left half written."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import BenchmarkId, Metric
from perfbench.model_history import SeriesKey
from perfbench.results.history.importing import Imported, import_paths, rebuild
from perfbench.results.history.index import FILE, HistoryIndex, open_index
from perfbench.results.history.keeping import HistoryFolder
from perfbench.results.history.told import Told
from tests.servers import server_urls, url_or_skip  # noqa: F401  (a fixture)

from .trees import DAY, HERE, bring, commit, contents, index_of, points, store

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None for a history's own index, else the URL of a shared one in which there is nothing yet."""
    if request.param == "sqlite":
        yield None
        return
    server = url_or_skip(request.getfixturevalue("server_urls"), "postgres")
    import psycopg

    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE SCHEMA {name}".encode())
        try:
            yield f"{server}?options=-csearch_path%3D{name}"
        finally:
            admin.execute(f"DROP SCHEMA {name} CASCADE".encode())


@pytest.fixture
def opened(tmp_path: Path, url: str | None) -> Iterator[Callable[[], HistoryIndex]]:
    """Opens the index anew each time it is called."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(open_index(tmp_path / "h", url, HERE))


def take(tmp_path: Path, url: str | None, folder: str = "h", **more: Any) -> Imported:
    return import_paths(tmp_path / folder, url, [tmp_path / "t"], means=HERE, **more)


def test_series_are_found_by_pattern_machine_and_environment(
    tmp_path: Path, url: str | None, opened: Callable[[], HistoryIndex]
) -> None:
    row = [[0.1, 0.2], [["'a'", "'b'"]], "v1"]
    for machine in ("box", "tin"):
        store(tmp_path / "t", 1, {"m.time_one": row, "n.time_two": 0.3}, machine=machine)
    take(tmp_path, url)
    index = opened()
    assert [str(key.benchmark) for key in index.keys("*", "box")] == [
        "m.time_one(a)", "m.time_one(b)", "n.time_two"
    ]  # fmt: skip
    assert len(index.keys("m.time_one")) == 4
    assert len(index.keys("*(b)")) == 2
    assert [key.machine for key in index.keys("n.*", "t?n", "py*")] == ["tin"]
    assert index.keys("n.*", environment="py2*") == []
    assert index.count() == (2, 2)


def test_a_series_that_there_is_not_has_no_points(
    tmp_path: Path, url: str | None, opened: Callable[[], HistoryIndex]
) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    take(tmp_path, url)
    key = SeriesKey(BenchmarkId("", "m.time_none"), Metric("time", "seconds"), "box", "py3.12")
    assert len(opened().series(key)) == 0
    assert list(opened().all_series([key])) == []


def test_one_series_is_read_as_all_are(
    tmp_path: Path, url: str | None, opened: Callable[[], HistoryIndex]
) -> None:
    for number in range(1, 30):
        store(
            tmp_path / "t", number, {"m.time_one": number / 10, "m.time_two": [[1.0], [], f"v{number // 10}"]}
        )
    take(tmp_path, url)
    store(tmp_path / "t", 30, {"m.time_one": 3.0})
    take(tmp_path, url)
    for series in opened().all_series():
        alone = opened().series(series.key)
        assert points(alone) == points(series)
        assert alone.versions == series.versions
        assert alone.dates.tolist() == sorted(alone.dates.tolist())


def test_ends_are_the_newest_values_of_the_newest_version(
    tmp_path: Path, url: str | None, opened: Callable[[], HistoryIndex]
) -> None:
    for number in (3, 1, 2, 4):
        version = "old" if number < 3 else "new"
        store(
            tmp_path / "t", number, {"m.time_one": number / 10, "m.time_two": [[number * 1.0], [], version]}
        )
    take(tmp_path, url)
    found = {end.key.benchmark.name: end for end in opened().ends(3)}
    assert found["m.time_one"].values.tolist() == [0.2, 0.3, 0.4]
    assert found["m.time_two"].values.tolist() == [3.0, 4.0]
    assert found["m.time_two"].commits == [commit(3), commit(4)]
    assert [end.length for end in found.values()] == [4, 4]


def test_points_of_a_file_that_was_replaced_are_gone(
    tmp_path: Path, url: str | None, opened: Callable[[], HistoryIndex]
) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1, "m.time_two": 0.2})
    take(tmp_path, url)
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    take(tmp_path, url)
    assert [series.key.benchmark.name for series in opened().all_series()] == ["m.time_one"]


def test_a_shared_index_holds_what_every_folder_has_given(tmp_path: Path, url: str | None) -> None:
    if url is None:
        pytest.skip("an index of a folder's own is not shared")
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    take(tmp_path, url, "mine")
    assert take(tmp_path, url, "yours").unchanged == 1
    store(tmp_path / "t", 2, {"m.time_one": 0.2})
    take(tmp_path, url, "yours")
    rebuild(tmp_path / "mine", url, HERE)
    with open_index(tmp_path / "mine", url, HERE) as index:
        (series,) = index.all_series()
    assert series.values.tolist() == [0.1, 0.2]


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    for broken in (
        "postgresql://me:hush@127.0.0.1:1/none",
        "postgresql://me:hush@[::1",
        "postgresql://a:hush@b c",
    ):
        with pytest.raises(PerfbenchError) as caught:
            import_paths(tmp_path / "h", broken, [tmp_path], means=HERE)
        assert "hush" not in str(caught.value)


def test_there_is_no_index_without_a_history(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no history"), open_index(tmp_path / "none"):
        pass


@pytest.mark.parametrize("damage", ["gone", "rubbish", "cut", "empty", "older"])
def test_an_index_that_cannot_be_read_is_built_again(tmp_path: Path, damage: str) -> None:
    for number in range(1, 6):
        store(tmp_path / "t", number, {"m.time_one": number / 10})
    bring(tmp_path / "h", tmp_path / "t")
    before = contents(tmp_path / "h")
    path = tmp_path / "h" / FILE
    match damage:
        case "gone":
            path.unlink()
        case "rubbish":
            path.write_bytes(b"this is no database at all, but long enough to be looked at" * 100)
        case "cut":
            path.write_bytes(path.read_bytes()[:5000])
        case "empty":
            path.write_bytes(b"")
        case _:
            import sqlite3

            with contextlib.closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("UPDATE history_meta SET value = '0' WHERE name = 'layout'")
    assert contents(tmp_path / "h") == before


def test_that_it_was_built_again_is_said(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t")
    (tmp_path / "h" / FILE).write_bytes(b"rubbish" * 1000)
    with index_of(tmp_path / "h") as index:
        (problem,) = index.problems()
    assert "it was built again from the files" in problem.message


def test_an_import_that_is_killed_leaves_an_index_that_can_be_used(tmp_path: Path) -> None:
    for number in range(1, 400):
        store(tmp_path / "t", number, {f"m.time_{row}": number / 10 for row in range(20)})
    program = (
        "import sys; from pathlib import Path; from perfbench.results.history import appending, importing\n"
        "appending.HELD = 200\n"
        "importing.import_paths(Path(sys.argv[1]), None, [Path(sys.argv[2])], means=importing.Means(processes=0))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "h"), str(tmp_path / "t")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    path = tmp_path / "h" / FILE
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if path.exists() and path.stat().st_size > 400_000:
            process.kill()
            break
        time.sleep(0.005)
    process.wait()
    with index_of(tmp_path / "h") as index:
        sizes = {len(series) for series in index.all_series()}
        said = [problem.message for problem in index.problems()]
    assert len(sizes) == 1, "files are in with all their rows, or not at all"
    if process.returncode:
        assert any("was interrupted" in message for message in said)
    bring(tmp_path / "h", tmp_path / "t")
    found = contents(tmp_path / "h")
    assert {len(each) for each in found.values()} == {399}
    assert found["m.time_0 time [box/py3.12]"][0] == (commit(1), DAY, 0.1)
    assert not list((tmp_path / "h/trees").rglob(".*.new"))


def test_two_imports_do_not_run_at_once(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    (tmp_path / "h").mkdir()
    program = (
        "import sys; from pathlib import Path; from perfbench.results.history import importing\n"
        "means = importing.Means(processes=0, waiting=lambda: print('waiting', flush=True))\n"
        "print(importing.import_paths(Path(sys.argv[1]), None, [Path(sys.argv[2])], means=means).files)"
    )
    with HistoryFolder(tmp_path / "h").locked():
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "h"), str(tmp_path / "t")],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        assert not (tmp_path / "h" / FILE).exists()
    assert process.communicate()[0] == "1\n"


def test_what_was_told_keeps_series_apart(tmp_path: Path) -> None:
    store(tmp_path / "t", 1, {"m.time_one": 0.1})
    bring(tmp_path / "h", tmp_path / "t", told=Told(branch="main"))
    bring(tmp_path / "h", tmp_path / "t", told=Told(branch="dev", project="p"))
    with index_of(tmp_path / "h") as index:
        found = [(series.key.branch, series.key.benchmark.suite) for series in index.all_series()]
    assert sorted(found) == [("dev", "p"), ("main", "")]
