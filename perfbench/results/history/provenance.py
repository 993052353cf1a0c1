"""What files of other tools tell of the commit that they measured, where their readers have no use for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from perfbench.results.document import Document
from perfbench.results.gathering import moment
from perfbench.results.history.told import NOTHING, Told

_START = 16384
"""Bytes at a file's beginning in which settings are looked for."""

_SETTING = re.compile(r"^([a-z][\w-]{0,40}):[ \t]+(\S.{0,200}?)[ \t\r]*$", re.MULTILINE)
_BASELINES = ("base", "baseline")
_OF_HEAD = (
    ("experiment-commit", "numerator_hash", "commit"),
    ("experiment-commit-time", "numerator_stamp", "commit-time"),
    ("branch", "numerator_branch"),
)
_OF_BASE = (("baseline-commit", "denominator_hash"), ("baseline-commit-time",), ("denominator_branch",))
"""Which settings tell the commit, its date and its branch, the first of them first."""


def provenance(document: Document) -> Told:
    """Commit, its date and its branch from pyperf's metadata or pytest-benchmark's `commit_info`; else nothing.

    pyperformance writes `commit_id`, `commit_branch` and `commit_date` into the metadata of the whole file or of
    each benchmark; the first that has one counts. Go's benchmark format has settings, `key: value`, of which those
    are known that golang.org/x/perf/benchseries reads.
    """
    if document.data[:_START].lstrip()[:1] not in (b"{", b"[", b"<"):
        return _go(document.data[:_START].decode(errors="replace"))
    match document.json_value:
        case {"benchmarks": [dict() as first, *_], "metadata": dict() as metadata}:
            own = first.get("metadata")
            return _pyperf({**(own if isinstance(own, dict) else {}), **metadata})
        case {"benchmarks": [{"metadata": dict() as metadata}, *_], "version": _}:
            return _pyperf(metadata)
        case {"commit_info": dict() as commit}:
            return _pytest_benchmark(commit)
        case _:
            return NOTHING


def _go(text: str) -> Told:
    settings = dict(_SETTING.findall(text))
    is_base = settings.get("toolchain", "").lower() in _BASELINES
    names = _OF_BASE if is_base else _OF_HEAD
    commit, date, branch = (next((settings[key] for key in keys if key in settings), "") for keys in names)
    return Told(commit=commit, date=moment(date, UTC) or None, branch=branch)


def _pyperf(metadata: Mapping[str, Any]) -> Told:
    return Told(
        commit=_text(metadata, "commit_id"),
        date=moment(metadata.get("commit_date")) or None,
        branch=_text(metadata, "commit_branch"),
    )


def _pytest_benchmark(commit: Mapping[str, Any]) -> Told:
    """`time` is when it was committed; a detached HEAD, which many CI jobs measure, is no branch."""
    branch = _text(commit, "branch")
    return Told(
        commit=_text(commit, "id"),
        date=moment(commit.get("time"), UTC) or moment(commit.get("author_time"), UTC) or None,
        branch="" if branch.startswith("(") else branch,
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""
