"""Whether the files that say what a repository wants are valid, each by itself, so that one fault hides no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from perfbench.acceptances import ACCEPTED_FILE, load_acceptances
from perfbench.commands.areas import check_areas, known_areas
from perfbench.commands.checks import check_functions
from perfbench.config import THRESHOLDS_FILE, ProjectConfig, load_project, load_thresholds
from perfbench.errors import PerfbenchError
from perfbench.measure.asv_config import AsvConfig, load_asv_config
from perfbench.measure.built_in import suite_folder
from perfbench.settings_file import as_typed

ASV_CONFIG = "asv.conf.json"

Read = TypeVar("Read")


@dataclass(slots=True)
class Checked:
    """What was read, a line for each file, and what is wrong, a sentence each."""

    read: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def attempt(self, reading: Callable[[], Read]) -> Read | None:
        """What `reading` gives; None where it is wrong, which is kept."""
        try:
            return reading()
        except PerfbenchError as error:
            self.problems.append(str(error))
            return None


def check_files(root: Path, here: Path) -> Checked:
    """Read the settings, thresholds, acceptances and asv configurations of the repository at `root`."""
    checked = Checked()
    found = checked.attempt(lambda: load_project(root))
    config = found or ProjectConfig()
    if found is not None:
        checked.read.append(
            f"{found.source}: valid" if found.source else "no settings file: the defaults hold"
        )
    checked.attempt(lambda: check_functions(config.checks, root))
    _check_rules(checked, root / config.baselines)
    asv = _check_asv(checked, root, here, config)
    checked.attempt(lambda: _check_areas(config, asv))
    return checked


def _check_rules(checked: Checked, folder: Path) -> None:
    """thresholds.toml and accepted.toml, where they are there."""
    path = folder / THRESHOLDS_FILE
    rules = checked.attempt(lambda: load_thresholds(path))
    if rules is not None and path.exists():
        counts = f"{len(rules.thresholds)} thresholds, {len(rules.budgets)} budgets"
        checked.read.append(f"{as_typed(path)}: {counts}")
    accepted = folder / ACCEPTED_FILE
    entries = checked.attempt(lambda: load_acceptances(accepted))
    if entries is not None and accepted.exists():
        checked.read.append(f"{as_typed(accepted)}: {len(entries)} accepted regressions")


def _check_asv(checked: Checked, root: Path, here: Path, config: ProjectConfig) -> list[AsvConfig]:
    """Every asv configuration that a command might take: the one that is named, else all at their usual places."""
    if config.asv_config != ASV_CONFIG:
        places = [root / config.asv_config]
    else:
        folders = (here, *here.parents)
        upwards = folders[: folders.index(root) + 1] if root in folders else (root,)
        found = {*(folder / ASV_CONFIG for folder in upwards), *root.glob(f"*/{ASV_CONFIG}")}
        places = sorted(path for path in found if path.is_file())
    valid = []
    for path in places:
        asv = checked.attempt(lambda path=path: load_asv_config(path))  # type: ignore[misc]
        if asv is not None:
            checked.read.append(
                f"{as_typed(path)}: benchmarks of {asv.project} in {as_typed(asv.benchmark_dir)}"
            )
            valid.append(asv)
    return valid


def _check_areas(config: ProjectConfig, asv: list[AsvConfig]) -> None:
    """Raise ConfigError for an area that is no module of the benchmarks, as far as modules tell that."""
    if not config.areas or len(asv) > 1:
        return
    if not asv and not config.systems:
        return
    folder = asv[0].benchmark_dir if asv else suite_folder()
    package = folder / "__init__.py"
    if not folder.is_dir() or (
        package.is_file() and "def " in package.read_text(encoding="utf-8", errors="replace")
    ):
        return  # benchmarks of the package itself have areas that no module is named after
    check_areas(config, (), known_areas((), folder))
