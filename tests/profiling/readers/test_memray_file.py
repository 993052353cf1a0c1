"""Captures of memray, as memray writes them of real programs, whole, cut and damaged."""

from __future__ import annotations

import contextlib
import gzip
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from perfbench.errors import PerfbenchError, UsageError
from perfbench.profiling.call_tree import functions
from perfbench.profiling.readers import Profile, memray_file, profile, read_profile

pytest.importorskip("memray")

PROGRAM = """
import os, sys, memray

def leak(kept):
    kept.extend(bytes(50_000) for _ in range(20))

def churn():
    for _ in range(100):
        bytes(30_000)

def peak():
    return [bytes(100_000) for _ in range(30)]

def main(kept):
    leak(kept)
    churn()
    peak()

out, kind = sys.argv[1:]
options = {
    "packed": {"file_name": out},
    "native": {"file_name": out, "native_traces": True},
    "aggregated": {"file_name": out, "file_format": memray.FileFormat.AGGREGATED_ALLOCATIONS},
    "raw": {"destination": memray.FileDestination(out, compress_on_exit=False)},
    "killed": {"destination": memray.FileDestination(out, compress_on_exit=False)},
}
kept = []
with memray.Tracker(**options[kind]):
    main(kept)
    if kind == "killed":
        os.kill(os.getpid(), 9)
"""

KINDS = ("packed", "native", "aggregated", "raw", "killed")


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("captures")
    program = folder / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    running = [
        subprocess.Popen([sys.executable, str(program), str(folder / kind), kind], stderr=subprocess.DEVNULL)
        for kind in KINDS
    ]
    for process in running:
        process.wait()
    return {kind: folder / kind for kind in KINDS}


def inclusive(found: Profile) -> dict[str, float]:
    """Bytes of each of the program's functions, all of its lines."""
    sums: dict[str, float] = {}
    for share in functions(found.tree):
        if share.frame.file.endswith("program.py"):
            sums[share.frame.function] = sums.get(share.frame.function, 0.0) + share.inclusive
    return sums


@pytest.mark.parametrize("kind", ["packed", "aggregated", "raw"])
def test_the_peak_is_what_was_held_then(captures: Mapping[str, Path], kind: str) -> None:
    found = read_profile(captures[kind])
    sums = inclusive(found)
    assert sums["peak"] == pytest.approx(3_000_000, rel=0.02)
    assert sums["leak"] == pytest.approx(1_000_000, rel=0.02)
    assert sums.get("churn", 0.0) < 1_000
    assert (found.unit, found.problems) == ("bytes", ())
    assert found.samples >= 50


@pytest.mark.parametrize(
    ("what", "sizes"),
    [
        ("leaks", {"leak": 1e6, "churn": 0, "peak": 0}),
        ("temporary", {"leak": 0, "churn": 3e6, "peak": 0}),
        ("total", {"leak": 1e6, "churn": 3e6, "peak": 3e6}),
    ],
)
def test_other_questions_have_other_answers(
    captures: Mapping[str, Path], what: str, sizes: Mapping[str, float]
) -> None:
    sums = inclusive(read_profile(captures["packed"], what=what))
    for function, size in sizes.items():
        assert sums.get(function, 0.0) == pytest.approx(size, rel=0.02, abs=300_000)


def test_native_frames_stand_among_pythons(captures: Mapping[str, Path]) -> None:
    frames = read_profile(captures["native"]).tree.frames
    sources = {frame.file.rpartition(".")[2] for frame in frames}
    assert len(sources) > 1
    assert "py" in sources
    assert not any("_PyEval_EvalFrameDefault" in frame.function for frame in frames)


@pytest.mark.parametrize("what", ["temporary", "total"])
def test_an_aggregated_capture_cannot_tell_everything(captures: Mapping[str, Path], what: str) -> None:
    with pytest.raises(
        UsageError, match=f"aggregated capture, which cannot tell {what}; choose peak or leaks"
    ):
        read_profile(captures["aggregated"], what=what)


def test_what_a_killed_process_has_left_is_used(captures: Mapping[str, Path]) -> None:
    found = read_profile(captures["killed"])
    assert inclusive(found)["peak"] == pytest.approx(3_000_000, rel=0.02)
    assert ["killed" in problem.message for problem in found.problems] == [True]


def test_one_that_is_not_packed_is_used_up_to_where_it_is_cut(
    captures: Mapping[str, Path], tmp_path: Path
) -> None:
    data = captures["raw"].read_bytes().rstrip(b"\0")
    path = tmp_path / "capture"
    path.write_bytes(data[:-20])
    found = read_profile(path)
    assert ["has no end" in problem.message for problem in found.problems] == [True]
    assert found.tree.total()[0] > 1e6


def test_a_capture_of_nothing_holds_no_samples(captures: Mapping[str, Path], tmp_path: Path) -> None:
    found = captures["raw"].read_bytes()
    for data in (
        found[: found.index(b"program.py") + 100].ljust(4096, b"\0"),
        b"memray\0",
        b"\x04\x22\x4d\x18",
    ):
        path = tmp_path / "capture"
        path.write_bytes(data)
        with pytest.raises(UsageError):
            read_profile(path)


@pytest.mark.parametrize("kind", ["packed", "native", "aggregated"])
@pytest.mark.parametrize("part", [0.5, 0.99])
def test_a_capture_that_is_cut_off_is_told(
    captures: Mapping[str, Path], tmp_path: Path, kind: str, part: float
) -> None:
    data = captures[kind].read_bytes()
    path = tmp_path / "capture"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(UsageError, match="is cut off before its end; copy or record it again"):
        read_profile(path)


def test_padding_is_no_harm(captures: Mapping[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(captures["raw"].read_bytes() + bytes(200_000))
    whole, padded = read_profile(captures["raw"]), read_profile(path)
    assert (padded.tree.total()[0], padded.samples) == (whole.tree.total()[0], whole.samples)
    assert path.stat().st_size > 200_000


def test_damaged_captures_are_read_or_refused(captures: Mapping[str, Path], tmp_path: Path) -> None:
    """memray itself crashes on some of these."""
    drawn = random.Random(5)
    path = tmp_path / "capture"
    for kind in ("packed", "raw", "raw"):
        data = bytearray(captures[kind].read_bytes())
        for _ in range(drawn.choice([1, 5, 50])):
            data[drawn.randrange(len(data.rstrip(b"\0")))] = drawn.choice([0, 255, drawn.randrange(256)])
        path.write_bytes(data)
        with contextlib.suppress(PerfbenchError):
            assert read_profile(path).tree.total()[0] > 0


def test_another_versions_capture_is_told(captures: Mapping[str, Path], tmp_path: Path) -> None:
    data = bytearray(captures["raw"].read_bytes())
    data[7] += 1
    path = tmp_path / "capture"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="was written by a version of memray that reads other files"):
        read_profile(path)


def test_other_files_that_lz4_packed_are_no_captures(captures: Mapping[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(bytes.fromhex("04224d186040820800008068656c6c6f20210a00000000"))
    with pytest.raises(UsageError, match="is no profile that perfbench knows"):
        read_profile(path)
    path.write_bytes(gzip.compress(captures["raw"].read_bytes()))
    with pytest.raises(UsageError, match="unpack it first, with gunzip"):
        read_profile(path)


def test_a_capture_that_is_too_large_is_refused(
    captures: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memray_file, "LARGEST", 100)
    with pytest.raises(UsageError, match="is larger than"):
        read_profile(captures["raw"])
    monkeypatch.undo()
    monkeypatch.setattr(profile, "MOST_FRAMES", 2)
    with pytest.raises(UsageError, match="has more than 2 frames"):
        read_profile(captures["raw"])


def test_reading_leaves_nothing_behind(
    captures: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_profile(captures["raw"])
    assert list(tmp_path.iterdir()) == []
