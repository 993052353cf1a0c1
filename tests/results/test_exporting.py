"""A file that is written is new and whole, or is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.errors import PerfbenchError, UsageError
from perfbench.results.exporting import write_new


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_new(tmp_path / "a", "é\r\nb\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\r\nb\n"


def test_an_existing_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_new(tmp_path / "a", "theirs")
    assert (tmp_path / "a").read_text() == "mine"


@pytest.mark.parametrize("name", ["no/such/folder", "nul\0"])
def test_a_file_that_cannot_be_made_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(PerfbenchError, match="cannot write"):
        write_new(tmp_path / name, "text")
