"""The areas of a suite: the first parts of its benchmarks' names, which are its modules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from perfbench.config import ProjectConfig
from perfbench.errors import UsageError
from perfbench.measure.discovery import Row
from perfbench.model import BenchmarkId


def area_of(benchmark: BenchmarkId) -> str:
    """The area of a row: `container` of `container.Lifecycle.time_start(runc)`."""
    return benchmark.name.partition(".")[0]


def known_areas(rows: Iterable[Row], folder: Path | None) -> frozenset[str]:
    """The areas of the rows, and the modules in the folder of benchmarks: one may have no row here.

    `folder` is None where there is no suite.
    """
    found = {area_of(row.benchmark) for row in rows}
    if folder is not None and folder.is_dir():
        found |= {
            path.stem
            for path in folder.iterdir()
            if not path.name.startswith(("_", "."))
            and (path.suffix == ".py" or (path / "__init__.py").is_file())
        }
    return frozenset(found)


def check_areas(config: ProjectConfig, only: Sequence[str], known: Collection[str]) -> None:
    """Raise ConfigError for an area in the settings, and UsageError for one of `--only`, that is none of `known`."""
    for name in config.areas:
        if name not in known:
            raise config.error(
                ("benchmarks", "areas", name), f"there is no area '{name}'", _did_you_mean(name, known)
            )
    for name in only:
        if name not in known:
            raise UsageError(f"--only {name!r} names no area", _did_you_mean(name, known))


def is_wanted(benchmark: BenchmarkId, only: Collection[str], switched_off: Collection[str]) -> bool:
    """Whether a row's area is among `only`; where that is empty, whether it is not switched off."""
    area = area_of(benchmark)
    return area in only if only else area not in switched_off


def _did_you_mean(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name[:100], known, n=1)
    listed = ", ".join(sorted(known)) or "none: there is no suite"
    return f"did you mean {near[0]}?" if near else f"there are: {listed}"
