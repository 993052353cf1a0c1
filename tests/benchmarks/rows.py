"""The benchmarks of this repository, found and run the way asv does it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from asv_runner._aux import update_sys_path
from asv_runner.discovery import disc_benchmarks
from asv_runner.run import _run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"
ONCE = json.dumps({"rounds": 1, "repeat": 1, "number": 1, "warmup_time": 0})
"""One sample and no warm-up: a single call."""


@dataclass(frozen=True)
class Row:
    """One benchmark with one combination of its params, named as perfbench names it."""

    benchmark: Any
    index: int
    params: tuple[Any, ...]

    def __str__(self) -> str:
        values = f"({', '.join(map(str, self.params))})" if self.params else ""
        return f"{self.benchmark.name}{values}"


@cache
def benchmarks() -> tuple[Any, ...]:
    """All benchmarks, in asv's order."""
    update_sys_path(str(FOLDER))
    return tuple(disc_benchmarks(str(FOLDER)))


@cache
def rows() -> dict[str, Row]:
    """All rows by their full id."""
    found = (
        Row(benchmark, index, params)
        for benchmark in benchmarks()
        for index, params in enumerate(itertools.product(*benchmark._params))
    )
    return {str(row): row for row in found}


def run(name: str, folder: Path) -> Any:
    """What asv makes of one single call of the row called `name`: NaN when it is skipped."""
    row = rows()[name]
    result = folder / "result.json"
    _run((str(FOLDER), f"{row.benchmark.name}-{row.index}", ONCE, "None", str(result)))
    return json.loads(result.read_text())
