"""Whose code a frame is: the first thing that a reader of a flame graph wants to see."""

from __future__ import annotations

import re
import sys
from enum import IntEnum

from perfbench.model_profile import Frame

PYTHON_SOURCE = (".py", ".pyx", ".pyw", ".pxd")

_MODULE = re.compile(r"[^/\\.]+")


class FrameKind(IntEnum):
    """The number is what the page's script knows a kind by."""

    OWN = 0
    LIBRARY = 1
    STANDARD_LIBRARY = 2
    NATIVE = 3


KIND_WORDS = ("own code", "libraries", "standard library", "interpreter and native code")
"""What a legend calls each kind."""


def frame_kind(frame: Frame) -> FrameKind:
    """The kind, by the frame's file: a path below its root that begins with a module of the standard library's is one.

    What stands in no Python file is taken as compiled: the interpreter's own, an extension's or the system's.
    """
    if frame.own:
        return FrameKind.OWN
    if frame.file.startswith("<frozen "):
        return FrameKind.STANDARD_LIBRARY
    if not frame.file.endswith(PYTHON_SOURCE):
        return FrameKind.NATIVE
    first = _MODULE.match(frame.file)
    is_standard = first is not None and first[0] in sys.stdlib_module_names
    return FrameKind.STANDARD_LIBRARY if is_standard else FrameKind.LIBRARY
