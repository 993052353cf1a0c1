"""A private folder goes with its store, with its process, or when the next one finds its owner dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perfbench.sandbox import sessions
from perfbench.sandbox.sessions import open_store

OPEN = """
from perfbench.sandbox.sessions import open_store
store = open_store({name!r})
store.create()
print(len(store.ids()), flush=True)
{then}
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def folders(temporary: Path) -> list[Path]:
    return list(temporary.glob("perfbench-*/*/perfbench-sessions-*"))


@pytest.mark.parametrize("name", ["json", "sqlite"])
def test_a_private_folder_goes_when_the_store_is_closed(name: str, temporary: Path) -> None:
    with open_store(name) as store:
        store.create()
        (folder,) = folders(temporary)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert folders(temporary) == []


@pytest.mark.parametrize("name", ["json", "sqlite"])
def test_two_stores_share_no_private_folder(name: str) -> None:
    with open_store(name) as one, open_store(name) as other:
        one.create()
        assert other.ids() == []


def test_a_folder_of_the_caller_s_stays(tmp_path: Path) -> None:
    with open_store("json", place=tmp_path / "mine") as store:
        session = store.create()
    assert (tmp_path / "mine" / f"{session.id}.json").exists()


@pytest.mark.parametrize("name", ["json", "sqlite"])
def test_a_store_that_nobody_closes_leaves_nothing_when_its_process_ends(name: str, temporary: Path) -> None:
    argv = [sys.executable, "-W", "ignore", "-c", OPEN.format(name=name, then="")]
    assert subprocess.run(argv, capture_output=True, check=True).stdout == b"1\n"
    assert list(temporary.glob("perfbench-*/*")) == []


def test_what_a_killed_process_left_is_swept_by_the_next(temporary: Path) -> None:
    argv = [sys.executable, "-c", OPEN.format(name="json", then="input()")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (left,) = folders(temporary)
        assert sessions.sweep() == []  # its owner lives
        os.kill(process.pid, signal.SIGKILL)
    assert left.exists()
    assert sessions.sweep() == [left.name]
    assert not left.exists()
