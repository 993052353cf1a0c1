"""Rows of the files of a sandbox, through the runner's own code."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import folder
from benchmarks._workspace import workspace
from perfbench.sandbox.files import Folder
from tests.benchmarks.rows import run


@pytest.mark.parametrize("size", folder.SIZES)
@pytest.mark.parametrize("operation", ["read", "write"])
def test_one_file_is_measured(operation: str, size: str, tmp_path: Path) -> None:
    assert run(f"folder.File.time_{operation}({size})", tmp_path)["samples"][0] > 0


@pytest.mark.parametrize("operation", ["list", "search"])
def test_many_files_are_measured(operation: str, tmp_path: Path) -> None:
    assert run(f"folder.Many.time_{operation}", tmp_path)["samples"][0] > 0


def test_all_of_it_lies_in_the_workspace_which_goes_with_the_process() -> None:
    assert folder._folder().root == workspace().resolve() / "folder"
    assert len(folder._folder().list("many")) == folder.FILES


def test_a_read_of_the_wrong_length_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    row = folder.File()
    row.setup("1KiB")
    monkeypatch.setattr(Folder, "read", lambda *_: b"short")
    with pytest.raises(RuntimeError, match="5 bytes were read, not 1024"):
        row.time_read("1KiB")


def test_what_was_written_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    row = folder.File()
    row.setup("1KiB")
    monkeypatch.setattr(Folder, "write", lambda *_: None)
    row.time_write("1KiB")
    monkeypatch.setattr(Folder, "read", lambda *_: b"short")
    with pytest.raises(RuntimeError, match="5 bytes were read, not 1024"):
        row.teardown("1KiB")
    row.time_write("1KiB")
    row.teardown("1KiB")


@pytest.mark.parametrize(
    ("method", "row", "said"),
    [
        ("list", "time_list", "0 files were listed, not 1000"),
        ("search", "time_search", "0 lines were found, not 10"),
    ],
)
def test_an_answer_that_is_not_whole_is_no_measurement(
    method: str, row: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = folder.Many()
    many.setup()
    monkeypatch.setattr(Folder, method, lambda *_: [])
    with pytest.raises(RuntimeError, match=said):
        getattr(many, row)()


def test_teardown_without_setup_is_harmless() -> None:
    row = folder.File()
    row.teardown("1KiB")
    assert not any(vars(row).values())
