"""Where a command finds the history: the project around it, its settings, the folder and the index."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfbench.commands.options import stacked
from perfbench.config import ProjectConfig, load_project
from perfbench.errors import PerfbenchError
from perfbench.results.history.index import VARIABLE, HistoryIndex, open_index

if TYPE_CHECKING:
    from perfbench.measure.asv_config import AsvConfig

ASV_CONFIG = "asv.conf.json"

in_folder = click.option(
    "--history",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The history's folder (default: that of [history], .perfbench/history).",
)

filtering = stacked(
    click.option("--machine", metavar="PATTERN", help="Only what these machines measured."),
    click.option("--environment", metavar="PATTERN", help="Only what was measured in these environments."),
    click.option("--branch", metavar="BRANCH", help="Only points on this branch."),
    in_folder,
)


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """A project with its history. `url` names a shared index and is never shown; None for the folder's own."""

    root: Path
    config: ProjectConfig
    folder: Path
    url: str | None = None

    @contextlib.contextmanager
    def index(self) -> Iterator[HistoryIndex]:
        """The index, open. Raises as `open_index` does."""
        from perfbench.commands.history_means import means  # noqa: PLC0415

        with open_index(self.folder, self.url, means(self.root)) as index:
            yield index

    def asv(self) -> AsvConfig | None:
        """The project's asv.conf.json; None where there is none that can be read."""
        return _asv_config(self.root / self.config.asv_config)


@lru_cache(maxsize=8)
def _asv_config(path: Path) -> AsvConfig | None:
    """A file is read once in a command: JSON with comments takes long to read."""
    from perfbench.measure.asv_config import load_asv_config  # noqa: PLC0415

    try:
        return load_asv_config(path) if path.is_file() else None
    except PerfbenchError:
        return None


def history_place(folder: Path | None = None, root: Path | None = None) -> HistoryPlace:
    """The history of the project around the current folder, or at `root`; `folder` is where it lies instead.

    Raises ConfigError for settings that are wrong.
    """
    top = root or project_root()
    config = load_project(top)
    given = folder if folder is not None else top / config.history.folder
    chosen = Path(os.path.abspath(given))  # noqa: PTH100  (`..` goes, links stay)
    return HistoryPlace(top, config, chosen, os.environ.get(VARIABLE) or None)


def project_root() -> Path:
    """The top of the repository around the current folder, else that folder: a history needs no repository."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    try:
        with opened(Path.cwd()) as repo:
            return top_of(repo)
    except PerfbenchError:
        return Path.cwd()
