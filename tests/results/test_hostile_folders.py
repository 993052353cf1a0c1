"""Whatever lies in a folder of results: measurements and problems, or one sentence; links and pipes are no traps."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.results.reading import FOLDER_FORMATS

from .test_hostile_files import FOLDER, NASTY, survives

Spoil = Callable[[Path], object]


def criterion(folder: Path) -> Path:
    """Two sides of one benchmark, as criterion.rs keeps them."""
    for side in ("base", "new"):
        shutil.copytree(FOLDER / "criterion", folder / "codec" / "encode" / side)
    return folder


def asv(folder: Path) -> Path:
    """One machine with one commit."""
    machine = folder / "box"
    machine.mkdir(parents=True)
    shutil.copy(FOLDER / "asv.json", machine / "aaaaaaaa-virtualenv-py3.11.json")
    (machine / "machine.json").write_text('{"machine": "box", "version": 1}')
    described = {
        "name": "codec.time_encode",
        "type": "time",
        "unit": "seconds",
        "param_names": ["kind", "size"],
    }
    suite = {"codec.time_encode": described | {"params": [["'text'", "'data'"], ["64", "128"]]}, "version": 2}
    (folder / "benchmarks.json").write_text(json.dumps(suite))
    return folder


MAKERS = [asv, criterion]


def replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced_by_a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def replaced_by_a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("absent"))


def replaced_by_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


SPOILS: list[Spoil] = [
    Path.unlink,
    replaced_by_a_pipe,
    replaced_by_a_folder,
    replaced_by_a_link_to_itself,
    replaced_by_a_link_to_nothing,
    replaced_by_a_device,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(path.read_bytes()[:-20]),
    lambda path: path.write_bytes(b"[" * 100_000),
    lambda path: path.write_bytes(b"\xff\xfe\x00"),
    lambda path: path.write_bytes(b"[]"),
    lambda path: path.write_bytes(b"3"),
]


def files_of(make: Callable[[Path], Path], folder: Path) -> Iterator[Path]:
    yield from sorted(path.relative_to(folder) for path in make(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("make", MAKERS)
def test_every_kind_of_folder_has_a_good_one(make: Callable[[Path], Path], tmp_path: Path) -> None:
    assert len(MAKERS) == len(FOLDER_FORMATS)
    folder = make(tmp_path / "good")
    assert sum(kind.recognises(folder) for kind in FOLDER_FORMATS) == 1
    result = survives(folder)
    assert result is not None
    assert (result.problems, result.complete) == ((), True)


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("make", MAKERS)
def test_any_file_may_be_something_else(make: Callable[[Path], Path], spoil: Spoil, tmp_path: Path) -> None:
    for number, name in enumerate(files_of(make, tmp_path / "good")):
        folder = make(tmp_path / str(number))
        spoil(folder / name)
        survives(folder)


@pytest.mark.parametrize("make", MAKERS)
def test_links_in_a_circle_are_walked_once(make: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = make(tmp_path / "good")
    for place in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        (place / "again").symlink_to(folder, target_is_directory=True)
    result = survives(folder)
    assert result is not None
    assert result.side()


@pytest.mark.parametrize("make", MAKERS)
@given(data=st.data())
def test_bytes_of_any_file_may_be_changed(
    make: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    top = tmp_path_factory.mktemp("spoilt")
    name = data.draw(st.sampled_from(list(files_of(make, top / "folder"))))
    path = top / "folder" / name
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(content)))
    content[start : start + data.draw(st.integers(0, 40))] = data.draw(st.sampled_from(NASTY))
    path.write_bytes(content)
    survives(top / "folder")
    shutil.rmtree(top)
