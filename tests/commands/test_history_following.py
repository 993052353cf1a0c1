"""What `perfbench history import` says of changes, import after import."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perfbench.commands.history_following import Followed, follow, said
from perfbench.commands.history_place import history_place
from perfbench.model_history import Status
from perfbench.results.history.importing import import_paths
from perfbench.results.history.watched_file import STATE_FILE, read_watched
from tests.commands.command_line import perfbench
from tests.results.history.trees import HERE, commit, store


def value(number: int, regressed_at: int) -> float:
    """About 1, with a little noise of its own, and 1.5 from some commit on."""
    return (1.5 if number >= regressed_at else 1.0) * (1 + 0.002 * (number * 7919 % 11 - 5))


class Night:
    """A history into which one commit more is imported each night."""

    def __init__(self, folder: Path, regressed_at: int) -> None:
        self._folder = folder
        self._regressed_at = regressed_at
        self._place = history_place(folder / "history", folder)

    def imported(self, numbers: range, **more: float) -> list[Followed]:
        """What is said after an import of these commits."""
        for number in numbers:
            tree = {
                "m.time_slow": value(number, self._regressed_at),
                "m.time_even": value(number, 10**6),
                **more,
            }
            store(self._folder / "results", number, tree)
        import_paths(self._place.folder, None, [self._folder / "results"], means=HERE)
        return follow(self._place)


def test_a_regression_is_new_once_and_confirmed_once(tmp_path: Path) -> None:
    night = Night(tmp_path, regressed_at=40)
    assert night.imported(range(1, 38)) == []
    told = [one for number in range(38, 52) for one in night.imported(range(number, number + 1))]
    assert [(one.key.benchmark.name, one.watched.status, one.commit) for one in told] == [
        ("m.time_slow", Status.NEW, commit(40)),
        ("m.time_slow", Status.CONFIRMED, commit(40)),
    ]
    lines = said(told, 1)
    assert lines[0] == "changes: 1 new, 1 confirmed"
    assert re.fullmatch(
        r"  new: m.time_slow time \[box/py3.12\] \+(49|50) % at 00000028 \(regression\)", lines[1]
    )
    assert lines[2] == "  and 1 more: perfbench history show"


def test_what_was_there_at_first_is_known_and_not_told(tmp_path: Path) -> None:
    night = Night(tmp_path, regressed_at=20)
    assert night.imported(range(1, 41)) == []
    (lines,) = (read_watched(tmp_path / "history") or {}).values()
    assert [(line.commit, line.status) for line in lines] == [(commit(20), Status.CONFIRMED)]
    assert night.imported(range(41, 42)) == []


def test_a_false_start_is_gone_and_then_forgotten(tmp_path: Path) -> None:
    night = Night(tmp_path, regressed_at=40)
    night.imported(range(1, 40))
    first = [one for number in range(40, 44) for one in night.imported(range(number, number + 1))]
    assert [one.watched.status for one in first] == [Status.NEW]
    calm = Night(tmp_path, regressed_at=10**6)
    # The commits are measured once more, without whatever it was.
    assert [one.watched.status for one in calm.imported(range(40, 48))] == [Status.GONE]
    assert calm.imported(range(48, 49)) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"version": 9, "series": {}}', b'{"version": 1, "series": 3}']
)
def test_a_damaged_memory_is_made_anew(tmp_path: Path, content: bytes) -> None:
    night = Night(tmp_path, regressed_at=20)
    night.imported(range(1, 41))
    (tmp_path / "history" / STATE_FILE).write_bytes(content)
    assert night.imported(range(41, 42)) == []
    assert read_watched(tmp_path / "history") is not None


def test_the_command_tells(tmp_path: Path) -> None:
    for number in range(1, 31):
        store(tmp_path / "results", number, {"m.time_it": value(number, 10**6)})
    first = perfbench("history", "import", "results", cwd=tmp_path)
    assert "changes:" not in first.stdout
    for number in range(31, 40):
        store(tmp_path / "results", number, {"m.time_it": value(number, 31)})
    then = perfbench("history", "import", "results", cwd=tmp_path)
    assert "changes: 1 new\n  new: m.time_it time [box/py3.12] +50 % at 0000001f (regression)" in then.stdout
