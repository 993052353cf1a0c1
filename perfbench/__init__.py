"""perfbench tells whether a change made a system that runs code for others slower, and why it thinks so.

`perfbench.judge(a, b)` judges two lists of numbers and gives a `Judgement`; a user's own rule is shown
`perfbench.Results`; `perfbench.record_operation` tells of what code has timed itself; all else is the
command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfbench.analysis.judging import Judgement, judge
    from perfbench.judged import JudgedRow, Results
    from perfbench.recording import record_operation

__all__ = ["JudgedRow", "Judgement", "Results", "judge", "record_operation"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what is asked for, and no sooner: the command line's start must not pay for it."""
    if name in ("JudgedRow", "Results"):
        from perfbench import judged  # noqa: PLC0415

        return getattr(judged, name)
    if name == "record_operation":
        from perfbench.recording import record_operation  # noqa: PLC0415

        return record_operation
    if name in __all__:
        from perfbench.analysis import judging  # noqa: PLC0415

        return getattr(judging, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
