"""What was told is remembered in one step, in bounds, and made anew where it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.analysis.alerts import ToldAlert
from perfbench.commands import told_alerts
from perfbench.commands.told_alerts import KEPT, STATE_FILE, read_told, telling, write_told
from perfbench.errors import PerfbenchError, UsageError

ONE = ToldAlert("a1", "s1", ("c1", "c0"), told=True)
SEEN = ToldAlert("a2", "s2", ("c2",), told=False)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_told(tmp_path, [ONE, SEEN])
    assert read_told(tmp_path) == ((ONE, SEEN), "")
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert read_told(tmp_path) == ((), "")


def test_the_last_ones_are_kept_where_there_are_too_many(tmp_path: Path) -> None:
    many = [ToldAlert(f"a{number}", "s", ("c",)) for number in range(KEPT + 3)]
    write_told(tmp_path, many)
    assert read_told(tmp_path)[0] == tuple(many[3:])


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff", b"[]", b'{"version": 1}', b'{"version": 1, "alerts": [{"id": "a"}]}', b"[" * 100_000,
        b'{"version": 1, "alerts": [{"id": "a", "series": "s", "commits": [], "told": true}]}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_said_and_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATE_FILE).write_bytes(content)
    told, damage = read_told(tmp_path)
    assert told == ()
    assert "is damaged and is made anew" in damage
    write_told(tmp_path, [ONE])
    assert read_told(tmp_path) == ((ONE,), "")


def test_a_later_version_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_text(json.dumps({"version": 2, "alerts": []}))
    with pytest.raises(PerfbenchError, match="is of version 2"):
        read_told(tmp_path)


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PerfbenchError, match=r"cannot use .*told\.json: No such file or directory"):
        write_told(tmp_path / "gone", [ONE])


def test_very_wide_ranges_make_no_file_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told_alerts, "LARGEST_FILE", 10_000)
    wide = [ToldAlert(f"a{number}", "s", ("c" * 40,) * 100) for number in range(9)]
    write_told(tmp_path, wide)
    assert read_told(tmp_path) == (tuple(wide[-2:]), "")


def test_two_at_once_do_not_both_tell(tmp_path: Path) -> None:
    with (
        telling(tmp_path),
        pytest.raises(UsageError, match="another process tells the alerts"),
        telling(tmp_path),
    ):
        pass
    with telling(tmp_path):
        pass


@given(st.binary(max_size=200))
def test_whatever_lies_there_it_is_read_or_said(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / STATE_FILE).write_bytes(content)
    told, damage = read_told(folder)
    assert bool(damage) == (told == ())
