"""Reads any profile file that perfbench knows. What it is, its content says, never its name."""

from __future__ import annotations

import stat
from pathlib import Path

from perfbench.errors import UsageError
from perfbench.profiling.readers.calls_file import is_calls, read_calls
from perfbench.profiling.readers.collapsed_parts import read_collapsed
from perfbench.profiling.readers.json_file import is_json, json_parts
from perfbench.profiling.readers.memray_file import WHAT, is_memray, read_memray
from perfbench.profiling.readers.perf_script import is_perf_script, read_perf_script
from perfbench.profiling.readers.profile import Profile, unknown
from perfbench.profiling.readers.speedscope_file import is_speedscope, read_speedscope
from perfbench.profiling.readers.text_file import line_batches, opened_text

_START = 2**16
"""Bytes at a file's beginning by which files are told apart."""

_PERF_DATA = b"PERFILE2"


def read_profile(path: Path, *, what: str | None = None) -> Profile:
    """Read collapsed stacks, perf script, speedscope's JSON, the calls of cProfile, or a capture of memray.

    Text may be packed by gzip. `what` is for memray's captures alone: peak (the default), leaks, temporary or total.
    Raises UsageError for a file that is not there, none of these, empty, without samples, cut off, damaged or too
    large; MissingComponentError where memray is needed and not installed.
    """
    what = WHAT[0] if what is None else what
    if what not in WHAT:
        raise UsageError(f"a capture of memray has no {what!r}", f"choose {', '.join(WHAT)}")
    _check(path)
    with path.open("rb") as file:
        start = file.read(_START)
    if is_memray(start):
        return read_memray(path, what)
    with opened_text(path) as text:
        start = text.read(_START)
    if not start.strip():
        raise UsageError(f"{path} is empty", "profile for longer, or see why nothing was written")
    if is_memray(start):
        raise unknown(path, "is a capture of memray packed by gzip", "unpack it first, with gunzip")
    if start.startswith(_PERF_DATA):
        raise unknown(path, "is perf's own data", f"give what `perf script -i {path.name}` writes")
    if b"\0" in start:
        raise unknown(path)
    if is_json(start):
        return _read_json(path)
    if is_perf_script(start):
        return read_perf_script(line_batches(path), path)
    return read_collapsed(path)


def _read_json(path: Path) -> Profile:
    parts = json_parts(path)
    if is_calls(parts):
        return read_calls(parts, path)
    if is_speedscope(parts):
        return read_speedscope(parts, path)
    raise unknown(path)


def _check(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise UsageError(f"there is no file {path}", "check its name") from None
        raise UsageError(f"{path} cannot be read: {error.strerror}", "see who may read it") from None
    except ValueError:
        raise UsageError("a file's name holds no zero byte", "check its name") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a folder", "name a profile's file in it")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is no regular file", "write the profile into a file first")
    try:
        path.open("rb").close()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "see who may read it") from None
