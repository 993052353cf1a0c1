"""perfbench tells whether a change made a system that runs code for others slower, and why it thinks so.

`perfbench.judge(a, b)` judges two lists of numbers and gives a `Judgement`; `perfbench.detect(y)` says where
the level of one list changes, a `Change` for each place; a user's own rule is shown `perfbench.Results`;
`perfbench.record_operation` tells of what code has timed itself, `perfbench.memory_statistics` what it allocates;
all else is the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfbench.analysis.detection import detect
    from perfbench.analysis.judging import Judgement, judge
    from perfbench.judged import JudgedRow, Results
    from perfbench.memory_counting import MemoryStatistics, memory_statistics
    from perfbench.model_history import Change
    from perfbench.recording import record_operation

__all__ = ["Change", "JudgedRow", "Judgement", "MemoryStatistics", "Results", "detect", "judge", "memory_statistics",
           "record_operation"]  # fmt: skip
__version__ = "0.1.0"


_HOMES = {
    "Change": "perfbench.model_history",
    "JudgedRow": "perfbench.judged",
    "Judgement": "perfbench.analysis.judging",
    "MemoryStatistics": "perfbench.memory_counting",
    "Results": "perfbench.judged",
    "detect": "perfbench.analysis.detection",
    "judge": "perfbench.analysis.judging",
    "memory_statistics": "perfbench.memory_counting",
    "record_operation": "perfbench.recording",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and no sooner: the command line's start must not pay for it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES[name]), name)
