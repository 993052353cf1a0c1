"""Every setting with its value and where that comes from: the settings file, the environment, or the default."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfbench import config_file, continuous_integration
from perfbench.commands.effort import first_rounds, time_budget
from perfbench.commands.request import Request
from perfbench.config import ProjectConfig
from perfbench.environment import MACHINE_VARIABLE, machine_name
from perfbench.measure.rounds import SAMPLES
from perfbench.results import runs
from perfbench.settings_file import as_typed
from perfbench.units import format_duration

DEFAULT = "default"

_DEFAULTS: Mapping[str, Any] = {
    "measure.rounds": ProjectConfig().rounds,
    "measure.quick_rounds": ProjectConfig().quick_rounds,
    "measure.time_budget": format_duration(ProjectConfig().time_budget),
    "measure.main_branch": ProjectConfig().main_branch,
    "measure.asv_config": ProjectConfig().asv_config,
    "measure.baselines": ProjectConfig().baselines,
    "gate.rows": list(ProjectConfig().gate_rows),
    "benchmarks.rounds": ProjectConfig().rounds,
    "benchmarks.iterations": SAMPLES,
    "benchmarks.areas": {},
    "baseline.stale_days": ProjectConfig().stale_days,
    "history.folder": ProjectConfig().history.folder,
    "history.site": ProjectConfig().history.site,
    "history.branches": list(ProjectConfig().history.branches),
    "history.commit_url": ProjectConfig().history.commit_url,
    "history.webhook": ProjectConfig().history.webhook,
}
"""What holds where nothing is set, by key, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting: its dotted key, its value as it is written, and where that comes from.

    `origin` is `perfbench.toml:12`, the name of a variable, of another setting, or `default`.
    """

    key: str
    value: Any
    origin: str


def settings(config: ProjectConfig, root: Path) -> tuple[Shown, ...]:
    """Every setting that holds in the project at `root`. Values are shown as written: no `${NAME}` is filled in."""
    written = dict(_written(config))
    found = [*_around(config, root)]
    for key, value in _DEFAULTS.items():
        inner = [name for name in written if name == key or name.startswith(f"{key}.")]
        found += [written.pop(name) for name in inner] or [_unwritten(config, key, value)]
    return (*found, *written.values())


def _around(config: ProjectConfig, root: Path) -> Iterator[Shown]:
    """What is not in the settings file: which one it is, where results go, and what the machine is called."""
    named = bool(os.environ.get(config_file.VARIABLE))
    source = str(config.source) if config.source is not None else None
    yield Shown("settings_file", source, config_file.VARIABLE if named else DEFAULT)
    chosen = runs.VARIABLE if os.environ.get(runs.VARIABLE) else DEFAULT
    yield Shown("runs", str(as_typed(runs.runs_folder(root))), chosen)
    called = MACHINE_VARIABLE if os.environ.get(MACHINE_VARIABLE, "").strip() else DEFAULT
    yield Shown("machine", machine_name(), called)


def _unwritten(config: ProjectConfig, key: str, value: Any) -> Shown:
    """A default, or what takes its place in CI or follows another setting."""
    ci = continuous_integration.detected(os.environ)
    if key == "measure.time_budget":
        seconds = time_budget(config, Request(), ci=ci is not None)
        return Shown(key, format_duration(seconds.value), str(ci) if seconds.for_ci else DEFAULT)
    if key == "benchmarks.rounds":
        rounds = first_rounds(config, Request(), alone=True, ci=ci is not None)
        followed = DEFAULT if config.place("measure", "rounds") is None else "measure.rounds"
        return Shown(key, rounds.value, str(ci) if rounds.for_ci else followed)
    return Shown(key, value, DEFAULT)


def _written(config: ProjectConfig) -> Iterator[tuple[str, Shown]]:
    """The values of the settings file, by dotted key; those of lists of tables with their place, `harness[0].name`."""
    if config.file is not None:
        for name, path, value in _leaves(config.file.at(config.table), "", config.table):
            yield name, Shown(name, value, config.file.place(path))


def _leaves(
    value: Any, name: str, path: tuple[str | int, ...]
) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping) and (value or not name):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key), (*path, key))
    elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{index}]", (*path, index))
    elif name.count(".") or "[" in name:
        yield name, path, value
