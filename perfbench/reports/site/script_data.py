"""Data as scripts: a page that was opened from a folder may load a script, but may not fetch a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from perfbench.model_history import Floats

DIGITS = 6
"""So many significant digits of a value go into a page: more than any eye or screen can tell apart."""


def script(receiver: str, content: Any) -> bytes:
    """A script that hands `content` to the function `perfbench.receiver` of the page.

    The content may hold no mapping with keys from outside: as a script, `__proto__` would be more than a name.
    """
    # `<` stands in texts alone. Without it no text can end a script, should one ever copy the data into a page.
    data = msgspec.json.encode(content).replace(b"<", b"\\u003c")
    return b"perfbench.%s(%s);\n" % (receiver.encode("ascii"), data)


def rounded(values: Floats) -> list[float | None]:
    """Values with 6 significant digits; None for what is not finite."""
    import numpy as np  # noqa: PLC0415

    with np.errstate(all="ignore"):
        exponents = DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        scales = 10.0**exponents
        short = np.round(values * scales) / scales
    usable = np.isfinite(short) & np.isfinite(scales) & (scales > 0)
    found: list[float | None] = np.where(usable, short, values).tolist()
    if np.isfinite(values).all():
        return found
    return [None if not finite else value for value, finite in zip(found, np.isfinite(values), strict=True)]


def storable(text: str) -> str:
    """The text without halves of surrogate pairs, which UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def numbered(values: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """Different values in the order in which they come, and the number of each."""
    numbers: dict[str, int] = {}
    for value in values:
        numbers.setdefault(value, len(numbers))
    return list(numbers), numbers
