"""Which kind of profile a file is, and what is said of one that is none."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.errors import PerfbenchError, UsageError
from perfbench.profiling.readers import read_profile

KINDS = {
    "collapsed": b"a;b 3\n",
    "perf script": b"python 1 2.5:   1 cycles:\n\t  e2bf f+0x1 (/lib/a.so)\n\n",
    "speedscope": b'{"shared":{"frames":[{"name":"a"}]},"profiles":[{"type":"sampled","samples":[[0]],"weights":[3]}]}',
    "calls": b'{"perfbench_calls":1,"functions":[["a","a.py",1,1,3.0,3.0]],"calls":[]}',
}


def test_a_file_is_what_its_content_says_packed_or_not(tmp_path: Path) -> None:
    for data in KINDS.values():
        path = tmp_path / "profile.png"
        path.write_bytes(data)
        plain = read_profile(path)
        path.write_bytes(gzip.compress(data))
        packed = read_profile(path, what="leaks")
        assert plain.tree.total()[0] == packed.tree.total()[0] > 0


@pytest.mark.parametrize("text", ["[unknown];a 3\n", "{closure};a 3\n", "(idle) 3\n", "# 3\n"])
def test_collapsed_stacks_may_begin_with_any_letter(tmp_path: Path, text: str) -> None:
    (tmp_path / "raw").write_text(text, encoding="utf-8")
    assert read_profile(tmp_path / "raw").tree.total()[0] == 3.0


@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b"")], ids=["nothing", "blank", "packed"])
def test_an_empty_file_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "raw").write_bytes(data)
    with pytest.raises(UsageError, match="is empty"):
        read_profile(tmp_path / "raw")


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01\0\0\0",
        b"{\xe7\0\0\0",
        b"\x89PNG\r\n\x1a\n\0\0",
        b'{"a": 1}',
        b"{}",
        b"<html>\n</html>\n",
    ],
)
def test_another_file_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "raw").write_bytes(data)
    with pytest.raises(UsageError, match="is no profile that perfbench knows; give collapsed stacks"):
        read_profile(tmp_path / "raw")


def test_what_is_no_readable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*nowhere; check its name"):
        read_profile(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is a folder"):
        read_profile(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no regular file"):
        read_profile(tmp_path / "pipe")
    with pytest.raises(UsageError, match="cannot be read"):
        read_profile(tmp_path / ("x" * 300))
    with pytest.raises(UsageError, match="zero byte"):
        read_profile(tmp_path / "a\0b")
    (tmp_path / "raw").write_bytes(b"a 1\n")
    (tmp_path / "raw").chmod(0)
    if os.geteuid():
        with pytest.raises(UsageError, match="cannot be read"):
            read_profile(tmp_path / "raw")


def test_a_question_that_no_capture_answers_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no 'peek'; choose peak, leaks, temporary, total"):
        read_profile(tmp_path / "raw", what="peek")


pieces = st.sampled_from(
    [*KINDS.values(), b"\x1f\x8b", b"memray\0", b"\x04\x22\x4d\x18", b"\0", b"a" * 3000, b"\n"]
)


@given(st.lists(pieces | st.binary(max_size=30), max_size=6).map(b"".join), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
def test_any_bytes_are_read_or_refused_with_a_sentence(tmp_path: Path, data: bytes, packed: bool) -> None:
    if data.startswith((b"memray", b"\x04\x22\x4d\x18")):
        return  # memray's own process takes long: tests of its reader do this
    path = tmp_path / "raw"
    path.write_bytes(gzip.compress(data) if packed else data)
    said = ""
    try:
        assert read_profile(path).tree.total()[0] > 0
    except PerfbenchError as error:
        said = f"{error.message}; {error.remedy}"
    assert not said or (said.startswith(str(path)) and not said.endswith("; "))
