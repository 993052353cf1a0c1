"""Small asv trees and histories that the tests of this folder share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perfbench.model_history import Series
from perfbench.results.history.importing import Imported, Means, import_paths
from perfbench.results.history.index import HistoryIndex, open_index
from perfbench.results.history.told import NOTHING, Told

HERE = Means(processes=0)
"""Reads in this process: to start another one takes longer than a test may."""

DAY = 86_400.0
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]


def commit(number: int) -> str:
    """A full hash."""
    return f"{number:08x}" + "0" * 32


def store(
    folder: Path,
    number: int,
    results: Mapping[str, Any],
    *,
    machine: str = "box",
    environment: str = "py3.12",
    name: str = "",
    **more: Any,
) -> Path:
    """The file of a commit in a machine's folder; `results` are values, or whole rows of columns."""
    place = folder / machine
    place.mkdir(parents=True, exist_ok=True)
    (place / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
    content: dict[str, Any] = {
        "commit_hash": commit(number),
        "env_name": environment,
        "date": number * DAY * 1000,
        "params": {"machine": machine, "cpu": f"cpu of {machine}"},
        "python": "3.12",
        "requirements": {},
        "result_columns": COLUMNS,
        "results": {
            key: value if isinstance(value, list) else [[value], [], "v1"] for key, value in results.items()
        },
        "version": 2,
        **more,
    }
    path = place / (name or f"{commit(number)[:8]}-{environment}.json")
    path.write_text(json.dumps(content))
    return path


def describe(folder: Path, **benchmarks: Mapping[str, Any]) -> None:
    """A `benchmarks.json`; a double underscore in a name stands for its dot."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {name.replace("__", "."): value for name, value in benchmarks.items()}
    (folder / "benchmarks.json").write_text(json.dumps({**named, "version": 2}))


def bring(
    history: Path, *paths: Path, told: Told = NOTHING, means: Means = HERE, in_place: bool = False
) -> Imported:
    """Import into a history of this folder's own index."""
    return import_paths(history, None, paths, told=told, means=means, in_place=in_place)


@contextmanager
def index_of(history: Path) -> Iterator[HistoryIndex]:
    """The index of a history, open."""
    with open_index(history, None, HERE) as index:
        yield index


def contents(history: Path) -> dict[str, list[tuple[str, float, float]]]:
    """Every series by its key in words: commit, date and value of each point."""
    with index_of(history) as index:
        return {str(series.key): points(series) for series in index.all_series()}


def points(series: Series) -> list[tuple[str, float, float]]:
    """Commit, date and value of each point."""
    return list(zip(series.commits, series.dates.tolist(), series.values.tolist(), strict=True))


def messages(imported: Imported) -> list[str]:
    """What was said."""
    return [problem.message for problem in imported.problems]


def some(messages_: Sequence[str], part: str) -> bool:
    """Whether one of them holds that part."""
    return any(part in message for message in messages_)
