"""A frame as profilers write it into one word of text: `name (path/to/file.py:12)`."""

from __future__ import annotations

import re

from perfbench.model_profile import Frame

UNKNOWN = "[unknown]"

_LONGEST = 2_000
"""Characters of a name. What C++ templates make of theirs helps nobody."""

_THREAD = re.compile(r"(?:thread|process) \((?:0x[0-9A-Fa-f]+|\d+)\)")
"""What py-spy puts before a stack looks like a function in a file, and is none."""

_USUAL = re.compile(r"(?P<function>[^()]*[^() ]) \((?P<file>[^()]+):(?P<line>\d{1,9})\)")

_LINE = re.compile(r"(?P<file>.+):(?P<line>\d{1,9})", re.DOTALL)


def frame_of(text: str) -> Frame:
    """The frame of `name (file:line)`, `name (file)` or `name`."""
    text = shortened(text.strip())
    if found := _USUAL.fullmatch(text):
        return Frame(found["function"], found["file"], int(found["line"]))
    name, place = split_place(text)
    if not place or _THREAD.fullmatch(text):
        return Frame(text or UNKNOWN)
    if found := _LINE.fullmatch(place):
        return Frame(name, found["file"], int(found["line"]))
    return Frame(name, place)


def split_place(text: str) -> tuple[str, str]:
    """The name and what stands behind it in parentheses, which may hold further ones; empty where nothing does."""
    if not text.endswith(")"):
        return text, ""
    depth = 0
    for at in range(len(text) - 1, 0, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if not depth:
            name = text[:at]
            # `operator()` and `f(int)` are names as a whole.
            return (
                (name[:-1].rstrip(), text[at + 1 : -1]) if name[-1:] == " " and name.strip() else (text, "")
            )
    return text, ""


def shortened(name: str) -> str:
    """The name, cut where it is of no use any more."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
