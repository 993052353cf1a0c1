"""The samples of a JTL in CSV, line by line; its first line names the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from perfbench.results.gathering import UnusableError
from perfbench.results.json_text import MalformedError
from perfbench.results.jtl_sample import Note, Sample, sample_of

_HEADER_WITHIN = 4096
_DELIMITERS = ",;\t|"
_NEEDED = {"elapsed", "label"}
_OTHERS = {"timeStamp", "success", "responseCode", "threadName"}


def recognises(data: bytes) -> bool:
    """Whether the first line names JMeter's columns."""
    return _delimiter(data) is not None


def samples(data: bytes, note: Note) -> Iterator[Sample]:
    """Every sample of the file; lines that cannot be used are noted.

    Raises MalformedError where the text is not UTF-8.
    """
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    rows = csv.reader(text, delimiter=_delimiter(data) or ",")
    try:
        columns = next(rows)
        while True:
            try:
                row = next(rows)
                if row:
                    yield _sample(columns, row, rows.line_num)
            except (UnusableError, csv.Error) as error:
                note(f"the line {error}" if isinstance(error, UnusableError) else str(error), rows.line_num)
    except StopIteration:
        return
    except UnicodeDecodeError as error:
        raise MalformedError("is not UTF-8 text", rows.line_num + 1) from error


def _sample(columns: Sequence[str], row: Sequence[str], line: int) -> Sample:
    if len(row) < len(columns):
        raise UnusableError(f"has {len(row)} of {len(columns)} columns")
    found = dict(zip(columns, row, strict=False))  # variables of the user's may follow without a name
    code, message = found.get("responseCode", ""), found.get("responseMessage", "")
    return sample_of(
        label=found.get("label", ""),
        elapsed=found.get("elapsed", ""),
        started=found.get("timeStamp", ""),
        success=found.get("success", ""),
        count=found.get("SampleCount", ""),
        reason=found.get("failureMessage", "") or f"{code} {message}".strip(),
        line=line,
    )


def _delimiter(data: bytes) -> str | None:
    first = data[:_HEADER_WITHIN].removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    line = first.decode("utf-8", "replace").strip()
    for delimiter in _DELIMITERS:
        columns = {column.strip('"') for column in line.split(delimiter)}
        if columns >= _NEEDED and columns & _OTHERS:
            return delimiter
    return None
