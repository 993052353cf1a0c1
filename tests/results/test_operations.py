"""Files of recorded operations."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench import recording
from perfbench.model import Outcome
from perfbench.recording import record_operation
from perfbench.results import operations
from perfbench.results.document import Document
from perfbench.results.reading import read_any
from perfbench.results.result_file import ResultFile


def rows(result: ResultFile) -> dict[tuple[str, str], object]:
    return {
        (str(row.benchmark), row.metric.name): row.runs[0].values if row.runs else row.summary
        for row in result.side()
    }


def test_what_was_recorded_reads_back_with_its_share_of_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "operations"
    monkeypatch.setenv(recording.VARIABLE, str(path))
    record_operation("fetch", 0.25, metadata={"host": "a"})
    record_operation("fetch", 0.5)
    record_operation("fetch", 9.0, success=False)
    record_operation("broken", 1.0, success=False)
    found = read_any(path)
    assert found.problems == ()
    times = rows(found)
    assert times["fetch", "time"] == (0.25, 0.5)
    failed = times["fetch", "failed"]
    assert failed.mean == pytest.approx(1 / 3)  # type: ignore[attr-defined]
    assert [(str(one.benchmark), one.outcome) for one in found.outcomes] == [("broken", Outcome.FAILED)]


def test_a_line_that_is_no_operation_is_a_problem_with_its_number() -> None:
    lines = (b"nonsense", b'{"operation": "a", "seconds": -1}', b'{"operation": "a", "seconds": 2}')
    text = b'{"operation": "a", "seconds": 1}\n' + b"\n".join(lines)
    found = operations.read(Document("file", text))
    assert [problem.line for problem in found.problems] == [2, 3]
    assert rows(found)["a", "time"] == (1.0, 2.0)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_traceback(data: bytes) -> None:
    document = Document("file", b'{"operation": "a", "seconds": 1}\n' + data)
    assert operations.recognises(document)
    operations.read(document)
