"""What a file is, its content says."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.results.reading import FORMATS, read_any
from perfbench.results.writer import ResultWriter

from .samples import CALL, TIME, header, run


def test_the_name_of_a_file_counts_for_nothing(tmp_path: Path) -> None:
    with ResultWriter(tmp_path / "x.xml", header("head")) as writer:
        writer.run("head", CALL, TIME, run(1.0))
    (tmp_path / "y.jsonl").write_text(
        json.dumps(
            {"version": "1.0", "benchmarks": [{"metadata": {"name": "n"}, "runs": [{"values": [1.5]}]}]}
        )
    )
    assert read_any(tmp_path / "x.xml").side()[0].benchmark == CALL
    assert str(read_any(tmp_path / "y.jsonl").side()[0].benchmark) == "n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hello", "is not a result file"),
        (b'{"a": 1}', "is not a result file"),
        (b'{"benchmarks": [], "context": {}}', "is not a result file"),
        (b'{"benchmarks": [{"stats": {}}], "version": "4.0.0"}', "is not a result file"),
        (b'{"benchmarks": [\n{"runs": [', r"not valid JSON.*\(line 2\)"),
        (b"\x00\xff", "not UTF-8"),
        (b"[" * 10**6, "nested too deeply"),
    ],
)
def test_an_unknown_file_is_told_what_is_read_instead(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UsageError, match=said) as caught:
        read_any(tmp_path / "x")
    assert all(kind.name in caught.value.remedy for kind in FORMATS)


@given(data=st.binary())
def test_any_bytes_are_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x"
    path.write_bytes(data)
    with contextlib.suppress(UsageError):
        assert read_any(path).problems
