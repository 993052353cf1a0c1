"""What files of other tools tell of the commit that they measured, where their readers have no use for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from perfbench.results.document import Document
from perfbench.results.gathering import moment
from perfbench.results.history.told import NOTHING, Told


def provenance(document: Document) -> Told:
    """Commit, its date and its branch from pyperf's metadata or pytest-benchmark's `commit_info`; else nothing.

    pyperformance writes `commit_id`, `commit_branch` and `commit_date` into the metadata of the whole file or of
    each benchmark; the first that has one counts.
    """
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
