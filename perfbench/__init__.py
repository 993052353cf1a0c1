"""perfbench tells whether a change made a system that runs code for others slower, and why it thinks so.

`perfbench.judge(a, b)` judges two lists of numbers and gives a `Judgement`; all else is the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfbench.analysis.judging import Judgement, judge

__all__ = ["Judgement", "judge"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import the statistics when they are asked for: the command line's start must not pay for them."""
    if name in __all__:
        from perfbench.analysis import judging  # noqa: PLC0415

        return getattr(judging, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
