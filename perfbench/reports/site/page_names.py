"""Which series share a page, and what the page's file is called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from perfbench.model_history import SeriesKey

LONGEST = 80
_UNSAFE = re.compile(r"[^a-z0-9._]+")

PageKey = tuple[str, str, str, str]
"""Project, name without params, metric and unit: what can be drawn in one chart."""


def page_key(key: SeriesKey) -> PageKey:
    """The page on which a series is drawn."""
    return key.benchmark.suite, key.benchmark.name, key.metric.name, key.metric.unit


def page_names(keys: Iterable[SeriesKey]) -> Mapping[PageKey, str]:
    """A file name for each page: lower-case letters, digits, dots, dashes and underlines.

    A name rests on its page alone, so that links hold from one publishing to the next: where a benchmark's name
    cannot stand as it is, or stands for several pages, it is followed by a part of its hash.
    """
    pages = list(dict.fromkeys(map(page_key, keys)))
    return {page: _name(page) for page in pages}


def _name(page: PageKey) -> str:
    suite, name, metric, unit = page
    readable = _UNSAFE.sub("-", name.lower()).strip(".-")[:LONGEST] or "benchmark"
    digest = hashlib.sha256("\0".join((suite, name, metric, unit)).encode("utf-8", "replace")).hexdigest()
    return f"{readable}-{digest[:8]}"
