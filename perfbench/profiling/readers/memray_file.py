"""Captures of memray (https://bloomberg.github.io/memray), packed or not, read by memray itself in another process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from array import array
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import msgspec

from perfbench.errors import MissingComponentError, UsageError
from perfbench.model_profile import Frame
from perfbench.profiling.readers.frame_text import shortened
from perfbench.profiling.readers.profile import (
    BYTES,
    Problems,
    Profile,
    Stacks,
    cut_off,
    is_weight,
    no_samples,
    too_large,
    unknown,
)

WHAT = ("peak", "leaks", "temporary", "total")
"""What is held when most is; what is never freed; what is freed before the next allocation; all that is allocated."""

RAW, LZ4 = b"memray\0", b"\x04\x22\x4d\x18"
"""How a capture begins: as memray writes it, and as it is packed when its process ends."""

LARGEST = 4 * 2**30
PATIENCE = 1_800.0
MOST_BLOCKS = 4_000_000

_BEYOND = b"\xff" * 16
"""No record of memray's. What reads that has found no end before it."""

_COMPLAINT = "Memray ERROR"

_BLOCK = 2**20
_CHILD = Path(__file__).with_name("memray_child.py")


def is_memray(start: bytes) -> bool:
    """Whether a file that begins so may be memray's."""
    return start.startswith((RAW, LZ4))


def read_memray(path: Path, what: str) -> Profile:
    """The profile in a capture, in bytes; native frames stand among Python's where it has them.

    A process that is killed leaves a capture that is not packed and has no end; that is a problem, and it is used.
    Raises UsageError for what is packed and cut off or damaged, for what is too large or holds nothing, and for a
    capture that cannot tell `what`; MissingComponentError without memray.
    """
    if find_spec("memray") is None:
        raise MissingComponentError("memray is not installed", "pip install memray")
    size = path.stat().st_size
    if size > LARGEST:
        raise too_large(path, f"is larger than {LARGEST // 2**30} GiB")
    with path.open("rb") as file:
        packed = file.read(len(LZ4)) == LZ4
        if packed and not _ends_as_lz4(file, size):
            raise cut_off(path)
    with tempfile.TemporaryDirectory(prefix="perfbench-memray-") as folder:
        capture, out = Path(folder) / "capture", Path(folder) / "stacks"
        if not packed:
            try:
                _copy(path, capture)
            except OSError as error:
                raise UsageError(
                    f"{path} cannot be copied: {error.strerror}",
                    "make room for temporary files, or set TMPDIR",
                ) from None
        said = _run(path, path if packed else capture, what, out)
        with out.open("rb") as found:
            return _read(found, path, packed=packed, is_whole=_COMPLAINT not in said)


def _run(path: Path, capture: Path, what: str, out: Path) -> str:
    """Have memray read it; what it says besides."""
    try:
        ended = subprocess.run(
            [sys.executable, "-P", str(_CHILD), str(capture), what, str(out)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise too_large(path, f"took memray more than {PATIENCE / 60:.0f} minutes to read") from None
    said = ended.stderr.decode(errors="replace")
    if ended.returncode:
        raise _failed(path, what, said)
    return said


def _failed(path: Path, what: str, said: str) -> UsageError:
    last = said.strip().rpartition("\n")[2]
    if "NotImplementedError" in last:
        return UsageError(
            f"{path} is an aggregated capture, which cannot tell {what}",
            f"choose peak or leaks, or record it with `memray run` without --aggregate, or `--mode {what}`",
        )
    if "incompatible" in last:
        return UsageError(
            f"{path} was written by a version of memray that reads other files than this one's",
            "install that version, or record it again",
        )
    if "does not look like" in last:
        return unknown(path)
    if "MemoryError" in last or "bad_alloc" in last:
        return too_large(path, "takes memray too much memory to read")
    return _damaged(path)


def _damaged(path: Path) -> UsageError:
    return UsageError(f"{path} is a damaged capture of memray", "copy or record it again")


class _Head(msgspec.Struct):
    frames: list[tuple[str, str, int]]
    flat: int
    stacks: int


def _read(found: BinaryIO, path: Path, *, packed: bool, is_whole: bool) -> Profile:
    """The stacks that the other process has written. A damaged capture may have made it write nonsense."""
    flat, lengths, sizes, allocations = array("i"), array("i"), array("d"), array("d")
    try:
        head = msgspec.json.decode(found.readline(), type=_Head)
        flat.fromfile(found, head.flat)
        for column in (lengths, sizes, allocations):
            column.fromfile(found, head.stacks)
    except (EOFError, ValueError):
        raise _damaged(path) from None
    stacks, problems = Stacks(path), Problems(path)
    if not is_whole:
        if packed:
            raise _damaged(path)
        problems.note(None, "has no end, as when its process is killed: what came before is shown")
    numbers = [
        stacks.number(Frame(shortened(name), shortened(file), max(line, 0)))
        for name, file, line in head.frames
    ]
    at = 0
    for length, size in zip(lengths, sizes, strict=True):
        if is_weight(size):
            stacks.add([numbers[frame] for frame in flat[at : at + length]], size)
        else:
            problems.note(None, f"has a stack that holds {size:g} bytes: left out")
        at += length
    if not len(stacks):
        raise no_samples(path)
    return Profile(stacks.tree(), BYTES, int(sum(allocations)), problems.found())


def _copy(path: Path, copy: Path) -> None:
    """Copy a capture that is not packed, up to its last record and a mark behind it.

    memray has filled up its file with zeros, and reads it again for each of them.
    """
    with path.open("rb") as source, copy.open("wb") as target:
        while block := source.read(_BLOCK):
            target.write(block)
        end = target.tell()
    with copy.open("r+b") as target:
        while end:
            begin = max(end - _BLOCK, 0)
            target.seek(begin)
            if kept := len(target.read(end - begin).rstrip(b"\0")):
                end = begin + kept
                break
            end = begin
        target.truncate(end)
        target.seek(end)
        target.write(_BEYOND)


def _ends_as_lz4(file: BinaryIO, size: int) -> bool:
    """Whether a frame of LZ4 has all of its blocks.

    The format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md.
    """
    file.seek(len(LZ4))
    flags = int.from_bytes(file.read(1), "little")
    checked_blocks, sized, checked, named = (bool(flags & bit) for bit in (0x10, 0x08, 0x04, 0x01))
    file.seek(len(LZ4) + 3 + 8 * sized + 4 * named)
    for _ in range(MOST_BLOCKS):
        length = file.read(4)
        if len(length) < 4:
            return False
        if not any(length):
            return file.tell() + 4 * checked <= size
        block = int.from_bytes(length, "little") & 0x7FFFFFFF
        file.seek(block + 4 * checked_blocks, os.SEEK_CUR)
    return True
