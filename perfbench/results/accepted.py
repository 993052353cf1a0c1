"""Adds entries to baselines/accepted.toml, as a person would: at the end, with all that stood there kept."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import Acceptance
from perfbench.results.replacing import replace_bytes

_TITLE = """\
# Regressions that were taken on: each with a reason, an author, the day on which it expires, and a ceiling, how much
# worse head may be than base ("+12 %") or at all ("3 ms"). An entry that is expired, exceeded or covers nothing fails.
"""


def append(path: Path, entry: Acceptance, ceiling: str) -> None:
    """Write `entry` at the end of the file, with its ceiling as the user wrote it; a new file gets a heading.

    Raises UsageError for text that no line can hold, PerfbenchError where the file cannot be written.
    """
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else _TITLE
    except (OSError, UnicodeDecodeError) as error:
        raise PerfbenchError(f"cannot read {path}: {error}", "check the file") from error
    text = f"{before.rstrip()}\n\n{_table(entry, ceiling)}"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{path} takes no further entry: {error}", "write [[accepted]] tables alone"
        ) from error
    replace_bytes(path, text.encode())


def _table(entry: Acceptance, ceiling: str) -> str:
    values = {
        "pattern": _quoted("pattern", entry.pattern),
        "metric": _quoted("metric", entry.metric),
        "reason": _quoted("reason", entry.reason),
        "author": _quoted("author", entry.author),
        "date": entry.date,
        "expires": entry.expires,
        "ceiling": _quoted("ceiling", ceiling),
    }
    return "\n".join(("[[accepted]]", *(f"{key} = {value}" for key, value in values.items()), ""))


def _quoted(name: str, text: str) -> str:
    """A TOML basic string: JSON's escapes are among its own, and characters stand for themselves."""
    if not text.strip() or not text.isprintable():
        raise UsageError(f"the {name} {text!r} is not a line of text", "write it in one line")
    return json.dumps(text.strip(), ensure_ascii=False)
