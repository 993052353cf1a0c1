"""The few signs that reports use, their colours, and what stands for them where a stream lacks them."""

from __future__ import annotations

from collections.abc import Callable

from perfbench.model import Outcome, Verdict

MARKS = {
    Outcome.REGRESSED: "✗",
    Outcome.OVER_BUDGET: "✗",
    Outcome.MISSING: "✗",
    Outcome.FAILED: "✗",
    Outcome.INCONCLUSIVE: "?",
    Outcome.IMPROVED: "↑",
    Outcome.NEW: "+",
    Outcome.INCOMPARABLE: "≠",
    Outcome.PASSED: "✓",
    Outcome.SKIPPED: "–",
}
FAILED_ELSEWHERE = "!"
"""Failed on both sides or on base alone: reported, and not held against head."""

STYLES = {
    "✗": "red",
    "?": "yellow",
    "↑": "green",
    "+": "cyan",
    "≠": "magenta",
    "!": "yellow",
    "✓": "green",
    "–": "dim",
}

ASCII = {
    "✗": "X",
    "↑": "^",
    "≠": "~",
    "✓": "=",
    "–": "-",
    "−": "-",
    "→": "->",
    "…": "...",
    "·": "|",
    "≥": ">=",
    "≤": "<=",
    "±": "+-",
    "×": "x",
    "µ": "u",
    "μ": "u",
    "∞": "inf",
    "━": "=",
    "╌": "-",
    "\N{NO-BREAK SPACE}": " ",
}


def mark(verdict: Verdict) -> str:
    """The sign in front of a row."""
    if verdict.outcome is Outcome.FAILED and "base" in verdict.sides:
        return FAILED_ELSEWHERE
    return MARKS[verdict.outcome]


def fitter(encoding: str) -> Callable[[str], str]:
    """What makes a text fit to be written in `encoding`.

    The signs turn into ASCII all together or not at all, so that a page stays of a piece; letters that
    the encoding lacks become escapes (`\\u4e2d`).
    """
    try:
        "".join(ASCII).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        table = str.maketrans(ASCII)
    else:
        table = {}

    def fit(text: str) -> str:
        if text.isascii():
            return text
        text = text.translate(table)
        try:
            return text.encode(encoding, "backslashreplace").decode(encoding)
        except LookupError:
            return text.encode("ascii", "backslashreplace").decode("ascii")

    return fit
