"""The manifest of a profile: whole when it is read again, refused in a sentence when it cannot be."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.model import Environment
from perfbench.model_profile import Overhead, ProfileManifest
from perfbench.profiling.manifest import NAME, read_manifest, write_manifest

MANIFEST = ProfileManifest(
    benchmark="session.Store.time_read(memory)",
    tool="py-spy",
    mode="wall",
    tool_version="0.4.0",
    revision="3f2c1ab+changes",
    commit="3f2c1ab",
    dirty=True,
    environment=Environment("box", "cpu", 2, 1024, "6.1", "", "CPython 3.11.7"),
    unit="seconds",
    samples=1000,
    seconds=10.0,
    calls=123,
    started=1.7e9,
    overhead=Overhead(1.02, 1.0, 1.03, 16),
    files={"raw": "py-spy.raw"},
    notes=("a note",),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_manifest(MANIFEST, tmp_path)
    assert read_manifest(tmp_path) == replace(MANIFEST, notes=["a note"])


def test_an_interval_that_is_not_there_is_null_in_the_file(tmp_path: Path) -> None:
    write_manifest(replace(MANIFEST, overhead=Overhead(1.1, math.nan, math.nan, 2)), tmp_path)
    assert json.loads((tmp_path / NAME).read_text())["overhead"]["low"] is None
    found = read_manifest(tmp_path).overhead
    assert found is not None
    assert math.isnan(found.low)
    assert found.ratio == 1.1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"perfbench_profile": 2}',
        b'{"perfbench_profile": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(UsageError, match=NAME):
        read_manifest(tmp_path)


def test_a_manifest_as_large_as_a_disk_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(1024**3)
    with pytest.raises(UsageError, match="too large"):
        read_manifest(tmp_path)
