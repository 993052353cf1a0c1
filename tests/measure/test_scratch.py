"""Scratch folders go with their process, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfbench.measure.scratch import PREFIX, UNLOCKED_FOR, ScratchFolder, sweep

HOLD = (
    "import sys; from perfbench.measure.scratch import ScratchFolder\n"
    "print(ScratchFolder().path, flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of our own, for this process and those it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_goes_with_its_block() -> None:
    with ScratchFolder() as folder:
        (folder.path / "file").write_text("x")
    assert not folder.path.exists()
    folder.remove()


def test_a_sweep_removes_what_a_killed_process_left_and_spares_the_living() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        assert sweep() == []
        owner.kill()
    with ScratchFolder() as mine:
        assert sweep() == [left]
        assert mine.path.exists()


def test_a_folder_that_is_being_made_is_spared_and_an_old_one_without_a_lock_is_not(place: Path) -> None:
    young, old = place / f"{PREFIX}young", place / f"{PREFIX}old"
    young.mkdir()
    old.mkdir()
    past = time.time() - 2 * UNLOCKED_FOR
    os.utime(old, (past, past))
    assert sweep() == [old]
    assert young.exists()


def test_a_planted_link_is_not_followed(place: Path) -> None:
    target = place / "precious"
    target.mkdir()
    (place / f"{PREFIX}link").symlink_to(target)
    assert sweep() == []
    assert target.exists()
