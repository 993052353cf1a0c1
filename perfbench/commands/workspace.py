"""The repository that a command works in, with its configuration, read once and found in the usual places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perfbench.acceptances import ACCEPTED_FILE, load_acceptances
from perfbench.analysis.patterns import applies
from perfbench.analysis.tails import quantile_of
from perfbench.commands.selection import did_you_mean
from perfbench.config import (
    PROJECT_FILE,
    THRESHOLDS_FILE,
    ProjectConfig,
    Thresholds,
    load_project,
    load_thresholds,
)
from perfbench.errors import ConfigError, UsageError
from perfbench.measure.asv_config import AsvConfig, load_asv_config
from perfbench.measure.built_in import suite_folder
from perfbench.measure.discovery import Discovery
from perfbench.measure.repository import find_repository, opened, top_of
from perfbench.measure.systems import SideSystems, needed
from perfbench.measure.without_asv import config_without_asv
from perfbench.model import Acceptance, BenchmarkId, Budget, Metric, Threshold

ASV_CONFIG = "asv.conf.json"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A repository (`root` is its top), what its user wants, and its asv configuration.

    `project` is the repository whose revisions are measured: the same one, unless the configuration names
    another (a suite may be kept apart from what it measures). Without asv benchmarks of its own `asv` only says
    how its sides are built: the suite that comes with perfbench measures its `[sut.*]` (`built_in`), or harnesses
    alone measure it (not `has_suite`).
    """

    root: Path
    project: Path
    config: ProjectConfig
    asv: AsvConfig
    thresholds: Thresholds
    has_suite: bool = True
    acceptances: tuple[Acceptance, ...] = ()
    built_in: bool = False

    @property
    def suite(self) -> str:
        """The suite's name in benchmark ids."""
        return self.asv.project

    @property
    def baselines(self) -> Path:
        """Where stored baselines lie."""
        return self.root / self.config.baselines

    def measured(self, found: Discovery) -> Discovery:
        """What was found, as far as it measures this project.

        Of the suite that comes with perfbench those are the rows of what `[sut.*]` configures; the others would
        measure perfbench or the host.
        """
        if not self.built_in:
            return found
        own = tuple(row for row in found.rows if needed(self.config.systems, row.benchmark))
        return Discovery(own, found.problems)

    def systems(self, root: Path, environment: Mapping[str, str], *, twin: bool = False) -> SideSystems:
        """The configured systems, for a side whose checkout is at `root` and whose programs get `environment`.

        A side that has a `twin` has the servers twice.
        """
        return SideSystems(self.config.systems, root, environment, twin=twin)

    def check_patterns(self, rows: Sequence[tuple[BenchmarkId, Metric]]) -> None:
        """Raise ConfigError when a threshold or a budget fits none of all rows: it would guard nothing."""
        rules: list[Threshold | Budget] = [*self.thresholds.thresholds, *self.thresholds.budgets]
        for rule in rules:
            # A tail (p99) is no metric of its own until times are measured.
            plain = replace(rule, metric="time") if quantile_of(rule.metric) is not None else rule
            if any(applies(plain, benchmark, metric) for benchmark, metric in rows):
                continue
            line = rule.origin.rpartition(":")[2]
            raise ConfigError(
                f"the pattern {rule.pattern!r} (metric {rule.metric!r}) fits no benchmark",
                did_you_mean(rule.pattern, [benchmark for benchmark, _ in rows]),
                path=Path(self.config.baselines) / THRESHOLDS_FILE,
                line=int(line) if line.isdigit() else None,
            )


def open_workspace(folder: Path | None = None) -> Workspace:
    """The workspace around `folder` (default: the current one). Raises UsageError and ConfigError."""
    here = (folder or Path.cwd()).resolve()
    with opened(here) as repo:
        root = top_of(repo)
    config = load_project(root)
    thresholds = load_thresholds(root / config.baselines / THRESHOLDS_FILE)
    accepted = load_acceptances(root / config.baselines / ACCEPTED_FILE)
    path = _asv_config(here, root, config)
    if path is None:
        suite = suite_folder() if config.systems else None
        asv = config_without_asv(root, config.source or root / PROJECT_FILE, suite)
        built_in = suite is not None
        return Workspace(root, root, config, asv, thresholds, built_in, accepted, built_in=built_in)
    asv = load_asv_config(path)
    project = find_repository(asv.path.parent, asv.repo)
    return Workspace(root, project, config, asv, thresholds, acceptances=accepted)


def _asv_config(here: Path, root: Path, config: ProjectConfig) -> Path | None:
    """The configured file; where that is the default one, the nearest upwards, else the only one below the top.

    None where there is none, and perfbench's own suite or harnesses do the measuring.
    """
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
    if config.harnesses or config.systems:
        return None
    raise UsageError(
        f"there is no {ASV_CONFIG} in {root}, and neither [sut.*] nor [[harness]] in {PROJECT_FILE}",
        "perfbench measures asv benchmarks (`asv quickstart` writes such a file), a system that [sut.*] describes, "
        "or what a harness measures",
    )
