"""The values of params as a reader writes them, the same in a live run and in a file."""

from __future__ import annotations

import ast
import warnings


def plain(representation: str) -> str:
    """A param as a reader writes it: asv hands out `repr`s, and a string needs no quotes here."""
    if representation[:1] not in ("'", '"'):
        return representation
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of escapes that no `repr` has
            value = ast.literal_eval(representation)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return representation
    return value if isinstance(value, str) else representation
