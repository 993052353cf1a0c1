"""The lines of `perfbench history detect`: read, searched for changes and written one by one."""

from __future__ import annotations

from typing import IO

import msgspec

from perfbench.analysis.detection import detect
from perfbench.commands.json_lines import TOO_LONG, lines_of
from perfbench.errors import ExitCode, PerfbenchError, UsageError
from perfbench.model import Better
from perfbench.results.json_text import MalformedError, decode_text, parse

Id = str | int | float | None
_Values = list[float | None]


class _Line(msgspec.Struct, frozen=True):
    """One line as a user writes it; other keys are nobody's business."""

    y: _Values
    id: Id = None
    low: _Values | None = None
    high: _Values | None = None
    better: str = Better.LOWER.value


_LINES = msgspec.json.Decoder(_Line)


def detect_lines(file: IO[bytes], output: IO[bytes]) -> ExitCode:
    """Answer every line of `file` in `output`, one in memory at a time.

    Raises UsageError at the end where lines could not be read: what is wrong with each stands in its answer.
    """
    lines = errors = 0
    for line in lines_of(file):
        answer = _answer(line)
        output.write(msgspec.json.encode(answer) + b"\n")
        output.flush()
        lines += 1
        errors += "error" in answer
    if not lines:
        raise UsageError("there is no line to search", 'write {"id": "x", "y": [1.0, 1.1]}')
    if errors:
        raise UsageError(f"{errors} of {lines} lines could not be read", "their answers say why")
    return ExitCode.PASSED


def _answer(line: bytes | None) -> dict[str, object]:
    """What is written for one line; JSON knows no NaN, which becomes null."""
    identity: Id = None
    try:
        if line is None:
            raise UsageError(TOO_LONG, "give fewer values")
        try:
            read = _LINES.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The tolerant reader takes NaN and tells what is wrong with the rest.
            value = parse(decode_text(line)).value
            if not isinstance(value, dict):
                raise UsageError("the line is no JSON object", 'write {"id", "y"}') from None
            identity = found if isinstance(found := value.get("id"), str | int | float) else None
            read = msgspec.convert(value, _Line)
        identity = read.id
        changes = detect(read.y, read.low, read.high, better=read.better)
    except MalformedError as error:
        return {"id": identity, "error": f"the line {error.message}"}
    except msgspec.ValidationError as error:
        return {"id": identity, "error": f"the line does not fit: {error}"}
    except PerfbenchError as error:
        return {"id": identity, "error": str(error)}
    return {"id": identity, "cps": [change.index for change in changes], "changes": changes}
