"""Names as asv's site wants them: of files, benchmarks and settings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from perfbench.model_history import SeriesKey
from perfbench.reports.asv_site.details import AsvDetails, Setting
from perfbench.reports.names import plain
from perfbench.reports.site.page_names import PageKey, page_key

# What asv replaces in file names, and the names that Windows keeps for itself.
_NO_FILE_NAME = re.compile(r'[<>:"/\\^|?*\x00-\x1f]')
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}

# asv puts names into addresses, and into HTML without escaping it.
_NO_NAME = re.compile(r"""[\s<>&"'`/\\?#%()=]+""")

LONGEST_PART = 200
"""A file system takes names of up to 255 bytes."""


def graph_path(setting: Setting, name: str) -> str:
    """Where the graph of a benchmark lies; asv's script looks for it in the same place."""
    parts = []
    for key, value in setting.items():
        parts.append(_file_name(f"{key}-null" if value is None else f"{key}-{value}" if value else key))
    return "/".join(["graphs", *sorted(parts), _file_name(name)])


def benchmark_names(keys: Iterable[SeriesKey]) -> Mapping[PageKey, str]:
    """What each benchmark is called there: its name, with metric or project where one name would be two.

    asv knows neither; nor does it take every character.
    """
    pages = list(dict.fromkeys(map(page_key, keys)))
    names = {page: _NO_NAME.sub("_", plain(page[1]))[:LONGEST_PART] or "benchmark" for page in pages}
    for part in (2, 0, 3):
        often = Counter(map(_folded, names.values()))
        for page, name in names.items():
            if often[_folded(name)] > 1:
                names[page] = f"{name}.{_NO_NAME.sub('_', plain(page[part]))[:40]}"
    taken: set[str] = set()
    for page, name in names.items():
        number, unique = 2, name
        while _folded(unique) in taken or _folded(unique) == "summary":  # asv's own file in each folder
            unique, number = f"{name}.{number}", number + 1
        taken.add(_folded(unique))
        names[page] = unique
    return names


def settings(keys: Iterable[SeriesKey], details: AsvDetails) -> Mapping[SeriesKey, Setting]:
    """What tells the graph of each series from others: as its result files say it, else machine and environment."""
    found: dict[tuple[str, str, str], dict[str, str | None]] = {}
    keys = list(keys)
    for key in keys:
        known = details.settings.get((key.machine, key.environment))
        setting = dict(known) if known else {"environment": key.environment}
        found[key.machine, key.environment, key.branch] = {
            name: None if value is None else _short(value)
            for name, value in {**setting, "machine": key.machine, "branch": key.branch}.items()
        }
    names = dict.fromkeys(name for setting in found.values() for name in setting)
    filled = {place: {name: setting.get(name) for name in names} for place, setting in found.items()}
    return {key: filled[key.machine, key.environment, key.branch] for key in keys}


def _short(value: str) -> str:
    return plain(value)[:LONGEST_PART]


def _folded(name: str) -> str:
    """Names that are one file where case does not count."""
    return _file_name(name).lower()


def _file_name(name: str) -> str:
    made = _NO_FILE_NAME.sub("_", name)
    return f"{made}_" if made.upper() in _DEVICES else made
