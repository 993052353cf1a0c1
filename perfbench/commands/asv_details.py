"""What trees of asv's results tell beside their results: benchmarks, machines and the settings of environments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from perfbench.errors import PerfbenchError
from perfbench.reports.asv_site.details import AsvBenchmark, AsvDetails
from perfbench.results.asv import rows_of
from perfbench.results.asv_benchmarks import FILE as BENCHMARKS_FILE
from perfbench.results.asv_tree import MACHINE_FILE
from perfbench.results.document import load
from perfbench.results.json_text import MalformedError

MOST_ROWS = 10_000
"""A benchmark of more combinations of its params is shown by those that were measured."""

MOST_TRIED = 5
"""So many of an environment's newest files are opened until one can be read."""


def asv_details(trees: Iterable[Path], *, complete: bool) -> AsvDetails:
    """The details of all trees; of two that describe the same the later one counts. Nothing here is an error."""
    benchmarks: dict[str, AsvBenchmark] = {}
    machines: dict[str, Mapping[str, Any]] = {}
    settings: dict[tuple[str, str], Mapping[str, str | None]] = {}
    for tree in trees:
        for name, entry in _object(tree / BENCHMARKS_FILE).items():
            benchmark = _benchmark(name, entry)
            if benchmark is not None:
                benchmarks[name] = benchmark
        for folder in _folders(tree):
            facts = _object(folder / MACHINE_FILE)
            machine = facts.pop("machine", None)
            if isinstance(machine, str):
                facts.pop("version", None)
                machines[machine] = {"machine": machine, **facts}
                settings |= {(machine, name): each for name, each in _settings(folder).items()}
    return AsvDetails(benchmarks, machines, settings, complete and bool(benchmarks))


def _benchmark(name: str, entry: Any) -> AsvBenchmark | None:
    match entry:
        case {"params": list(params)} if all(isinstance(values, list) for values in params):
            names = entry.get("param_names")
        case _:
            return None
    texts = [[str(value) for value in values] for values in params]
    count = 1
    for values in texts:
        count *= len(values)
    if not 0 < count <= MOST_ROWS:
        return None
    named = [str(each) for each in names] if isinstance(names, list) else []
    rows = {row.params: number for number, row in enumerate(rows_of(name, texts, named))}
    return AsvBenchmark({**entry, "params": texts, "param_names": named}, rows)


def _settings(folder: Path) -> dict[str, dict[str, str | None]]:
    """Environment → what its newest file says of it; which file is of which environment tells its name."""
    files: dict[str, list[Path]] = defaultdict(list)
    for path in folder.glob("*.json"):
        commit, dash, environment = path.stem.partition("-")
        if commit and dash:
            files[environment].append(path)
    found = {}
    for environment, paths in files.items():
        for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_TRIED]:
            head = _object(path)
            params, variables = head.get("params"), head.get("env_vars")
            if not isinstance(params, dict):
                continue
            setting = {str(name): str(value if value is not None else "") for name, value in params.items()}
            if isinstance(variables, dict):
                setting |= {f"env-{name}": str(value) for name, value in variables.items()}
            found[str(head.get("env_name") or environment)] = dict[str, str | None](setting)
            break
    return found


def _folders(tree: Path) -> list[Path]:
    """The folders of machines: those below a tree, or the tree itself, where it is of one machine."""
    try:
        below = sorted(path for path in tree.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []
    return [path for path in (tree, *below) if (path / MACHINE_FILE).is_file()]


def _object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        value = load(path).json_value if path.is_file() else None
    except (PerfbenchError, MalformedError, OSError):
        return {}
    return dict(value) if isinstance(value, dict) else {}
