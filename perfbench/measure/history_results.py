"""The results folder of a history as asv leaves it: what of it counts as measured, and what does not.

asv writes the file of a commit and an environment in one go when all its rows have been measured, and not
atomically: a run that is killed there leaves half a file, over which asv's next run would stumble. And it
writes the same NaN for a row that was skipped and for one that nobody had asked for.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REASONS = "lacking.jsonl"
"""Beside the files of a machine: why rows were skipped, one a line. asv passes over the name."""

SPOILT = ".spoilt"

_ABBREVIATED = 8
"""So many digits of a commit's hash asv puts into the names of its files."""

_MOST_COMBINATIONS = 100_000
"""No benchmark has more; a file that claims so is not followed."""

Row = tuple[str, str, str, int]
"""Commit, environment, benchmark, and the position of the combination of its params."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of some commits hold a value, how many were skipped or failed, and for how many of them the
    commit lacked something."""

    values: int = 0
    skipped: int = 0
    failed: int = 0
    lacking: int = 0


def put_aside_spoilt(folder: Path, commits: Sequence[str]) -> list[Path]:
    """Rename the files of these commits that are no results of asv's; returns what they are called now."""
    aside = []
    for commit in commits:
        for path in _files(folder, commit):
            if _content(path) is None:
                spoilt = path.with_name(path.name + SPOILT)
                aside.append(path.replace(spoilt))
    return aside


def environments_of(folder: Path, commit: str) -> frozenset[str]:
    """The names of the environments in which a commit has been measured."""
    contents = map(_content, _files(folder, commit))
    return frozenset(str(content.get("env_name")) for content in contents if content is not None)


def reopen_unexplained(folder: Path, commits: Sequence[str], expressions: Sequence[str] = ()) -> int:
    """Have asv measure the rows that hold NaN for no recorded reason: nobody had asked for them so far.

    asv takes any NaN for a result; in its place they get its word for what is to be done again. `expressions`
    select rows as asv's `--bench` does. Returns how many they are.
    """
    reasons = read_reasons(folder)
    reopened = 0
    for commit in commits:
        for path in _files(folder, commit):
            content = _content(path)
            if content is None:
                continue
            found = 0
            for row, values in _rows(content, expressions):
                value = values[row[3]]
                if _is_nan(value) and row not in reasons:
                    values[row[3]] = None
                    found += 1
            if found:
                _replace(path, content)
            reopened += found
    return reopened


def tally(folder: Path, commits: Sequence[str], expressions: Sequence[str] = ()) -> Tally:
    """Count the rows of these commits that `expressions` select."""
    reasons = read_reasons(folder)
    values = skipped = failed = lacking = 0
    for commit in commits:
        for path in _files(folder, commit):
            for row, found in _rows(_content(path) or {}, expressions):
                value = found[row[3]]
                if value is None:
                    failed += 1
                elif _is_nan(value):
                    skipped += 1
                    lacking += bool(reasons.get(row, {}).get("lacking"))
                else:
                    values += 1
    return Tally(values, skipped, failed, lacking)


def skip_unmeasured(folder: Path, commit: str, environment: str, reason: str) -> int:
    """Make the rows of a commit that were not even begun skipped ones, with a reason; returns how many they are.

    asv keeps how long a row took, whatever came of it; a row that failed without any duration was not begun.
    """
    skipped = 0
    for path in _files(folder, commit):
        content = _content(path)
        if content is None or content.get("env_name") != environment:
            continue
        columns = content["result_columns"]
        unmeasured = []
        for (hash_, _, name, index), values in _rows(content, ()):
            row = content["results"][name]
            if values[index] is None and dict(zip(columns, row, strict=False)).get("duration") is None:
                values[index] = math.nan
                row[columns.index("result")] = values
                entry = {"commit": hash_, "environment": environment, "benchmark": name, "param": index}
                unmeasured.append({**entry, "lacking": True, "reason": reason})
        if unmeasured:
            with (folder / REASONS).open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(entry) + "\n" for entry in unmeasured)
            _replace(path, content)
        skipped += len(unmeasured)
    return skipped


def read_reasons(folder: Path) -> Mapping[Row, Mapping[str, Any]]:
    """What is recorded of skipped rows, the latest of each; a line cut short by a kill is passed over."""
    found: dict[Row, Mapping[str, Any]] = {}
    try:
        text = (folder / REASONS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            row = (entry["commit"], entry["environment"], entry["benchmark"], entry["param"] or 0)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        found[row] = entry
    return found


def _files(folder: Path, commit: str) -> list[Path]:
    return sorted(folder.glob(f"{commit[:_ABBREVIATED]}-*.json"))


def _content(path: Path) -> dict[str, Any] | None:
    """What a file of asv's holds; None where it is cut short or something else."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        return None
    return content if isinstance(content.get("result_columns"), list) else None


def _rows(content: Mapping[str, Any], expressions: Sequence[str]) -> Iterator[tuple[Row, list[Any]]]:
    """Each selected row of a file, with the list that its value stands in.

    A benchmark that failed as a whole has no list in the file, and gets one of its own.
    """
    columns = content.get("result_columns", [])
    for name, row in content.get("results", {}).items():
        if not isinstance(row, list):
            continue
        named = dict(zip(columns, row, strict=False))
        params = [list(map(str, values)) for values in named.get("params") or [] if isinstance(values, list)]
        count = math.prod(map(len, params))
        values = named.get("result")
        if values is None and count <= _MOST_COMBINATIONS:
            values = [None] * count
        if not isinstance(values, list) or len(values) != count:
            continue
        for index, combination in enumerate(itertools.product(*params)):
            shown = f"{name}({', '.join(combination)})" if params else name
            if not expressions or any(re.search(expression, shown) for expression in expressions):
                yield (str(content.get("commit_hash")), str(content.get("env_name")), name, index), values


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    written = path.with_name(path.name + ".new")
    written.write_text(json.dumps(content, separators=(",", ":")))
    written.replace(path)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
