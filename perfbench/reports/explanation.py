"""Why a row regressed, in one sentence: the frames that it comes from, or that the profile does not say."""

from __future__ import annotations

from perfbench.model import ExplainingFrame, Explanation
from perfbench.units import format_percent


def sentence(explanation: Explanation) -> str:
    """The sentence as plain text, of names that are not made harmless yet."""
    if not explanation.frames:
        return f"the profile ({explanation.tool}) does not explain it: {explanation.reason}"
    return f"comes from {'; '.join(frame_words(frame) for frame in explanation.frames)} ({explanation.tool})"


def frame_words(frame: ExplainingFrame) -> str:
    """One frame: its function and file, its share, and who calls it."""
    place = f" ({frame.file})" if frame.file else ""
    caller = f", called by {frame.caller}" if frame.caller else ""
    return f"{format_percent(frame.share)} {frame.function}{place}{caller}"
