"""The repository that a command works in, with its configuration, read once and found in the usual places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfbench.analysis.patterns import unmatched
from perfbench.commands.selection import did_you_mean
from perfbench.config import THRESHOLDS_FILE, ProjectConfig, Thresholds, load_project, load_thresholds
from perfbench.errors import ConfigError, UsageError
from perfbench.measure.asv_config import AsvConfig, load_asv_config
from perfbench.measure.discovery import Row
from perfbench.measure.repository import find_repository, opened, top_of
from perfbench.model import Budget, Threshold

ASV_CONFIG = "asv.conf.json"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A repository (`root` is its top), what its user wants, and its asv configuration.

    `project` is the repository whose revisions are measured: the same one, unless the configuration names
    another (a suite may be kept apart from what it measures).
    """

    root: Path
    project: Path
    config: ProjectConfig
    asv: AsvConfig
    thresholds: Thresholds

    @property
    def suite(self) -> str:
        """The suite's name in benchmark ids."""
        return self.asv.project

    @property
    def baselines(self) -> Path:
        """Where stored baselines lie."""
        return self.root / self.config.baselines

    def check_patterns(self, rows: Sequence[Row]) -> None:
        """Raise ConfigError when a threshold or a budget fits no benchmark: it would guard nothing."""
        metrics = {row.benchmark: row.metric.name for row in rows}
        idle: list[Threshold | Budget] = [
            *unmatched(self.thresholds.thresholds, metrics, metric_of=metrics.__getitem__),
            *unmatched(self.thresholds.budgets, metrics, metric_of=metrics.__getitem__),
        ]
        for rule in idle:
            line = rule.origin.rpartition(":")[2]
            raise ConfigError(
                f"the pattern {rule.pattern!r} (metric {rule.metric!r}) fits no benchmark",
                did_you_mean(rule.pattern, rows),
                path=Path(self.config.baselines) / THRESHOLDS_FILE,
                line=int(line) if line.isdigit() else None,
            )


def open_workspace(folder: Path | None = None) -> Workspace:
    """The workspace around `folder` (default: the current one). Raises UsageError and ConfigError."""
    here = (folder or Path.cwd()).resolve()
    with opened(here) as repo:
        root = top_of(repo)
    config = load_project(root)
    asv = load_asv_config(_asv_config(here, root, config))
    project = find_repository(asv.path.parent, asv.repo)
    return Workspace(root, project, config, asv, load_thresholds(root / config.baselines / THRESHOLDS_FILE))


def _asv_config(here: Path, root: Path, config: ProjectConfig) -> Path:
    """The configured file; where that is the default one, the nearest upwards, else the only one below the top."""
    if config.asv_config != ASV_CONFIG:
        return root / config.asv_config
    for folder in (here, *here.parents):
        if (folder / ASV_CONFIG).is_file():
            return folder / ASV_CONFIG
        if folder == root:
            break
    below = sorted(root.glob(f"*/{ASV_CONFIG}"))
    if len(below) == 1:
        return below[0]
    if below:
        names = ", ".join(str(path.relative_to(root)) for path in below)
        raise UsageError(f"there are several {ASV_CONFIG}: {names}", "run in the folder of one of them")
    raise UsageError(
        f"there is no {ASV_CONFIG} in {root}",
        "perfbench measures asv benchmarks: `asv quickstart` writes one, or name it in perfbench.toml",
    )
