"""What the user wants: the settings of the project and baselines/thresholds.toml, read strictly."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from perfbench.config_file import NAMES, settings_of
from perfbench.config_harness import Check, CheckTable, HarnessTable, checks, harnesses
from perfbench.config_history import HistorySettings, HistoryTable, history_settings
from perfbench.config_sut import SutTables, systems
from perfbench.errors import ConfigError
from perfbench.model import Budget, Harness, System, Threshold
from perfbench.settings_file import KeyPath, SettingsFile
from perfbench.toml_file import read_toml
from perfbench.units import BYTES, SECONDS, SHARE, parse_quantity, parse_ratio

PROJECT_FILE = NAMES[0]
THRESHOLDS_FILE = "thresholds.toml"

METRIC_UNITS = {"time": SECONDS, "peakmem": BYTES, "mem": BYTES, "p95": SECONDS, "p99": SECONDS}
"""The base unit of each metric that has one of its own; `track` has whatever its benchmark declares."""

_SHARES = {"failed": SHARE, "rate": SHARE}  # of the samples of JMeter and k6
_MOST_ROUNDS = 1000
_MOST_ITERATIONS = 1000
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What the settings say; `time_budget` in seconds.

    `gate_rows` are patterns of full ids, empty for every row. `main_branch` None leaves the choice to git.
    A baseline is stale after `stale_days`. `run_rounds` None leaves the rounds of `perfbench run` to `rounds`,
    `iterations` None the samples of a round to perfbench. `areas` says which are measured; those that it does
    not name are. `systems` are the parts of the user's own system, `history` says what becomes of results of all
    commits. `source` is the file that was read and
    `table` the place of the settings in it, None and the top for the defaults.
    """

    gate_rows: tuple[str, ...] = ()
    rounds: int = 10
    quick_rounds: int = 6
    time_budget: float = 300.0
    main_branch: str | None = None
    asv_config: str = "asv.conf.json"
    baselines: str = "baselines"
    stale_days: int = 30
    run_rounds: int | None = None
    iterations: int | None = None
    areas: Mapping[str, bool] = field(default_factory=dict)
    harnesses: tuple[Harness, ...] = ()
    checks: tuple[Check, ...] = ()
    systems: tuple[System, ...] = ()
    history: HistorySettings = field(default_factory=HistorySettings)
    source: Path | None = None
    file: SettingsFile | None = field(default=None, repr=False, compare=False)
    table: KeyPath = field(default=(), repr=False, compare=False)

    @property
    def switched_off(self) -> frozenset[str]:
        """The areas that are measured only if they are named."""
        return frozenset(area for area, on in self.areas.items() if not on)

    def place(self, *key: str) -> str | None:
        """Where the user has set `key`, as `perfbench.toml:12`; None where the default holds."""
        if self.file is None:
            return None
        content: Any = self.file.at(self.table)
        for part in key:
            if not isinstance(content, Mapping) or part not in content:
                return None
            content = content[part]
        return self.file.place((*self.table, *key))

    def error(self, key: KeyPath, message: str, remedy: str = "") -> ConfigError:
        """A complaint about the setting `key`, with its place."""
        if self.file is None:
            return ConfigError(message, remedy, path=PROJECT_FILE)
        return self.file.error((*self.table, *key), message, remedy)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What thresholds.toml says, in the order of the file: of those that fit a row, the last one counts."""

    thresholds: tuple[Threshold, ...] = ()
    budgets: tuple[Budget, ...] = ()


_DEFAULTS = ProjectConfig()


class _Gate(Struct, frozen=True, forbid_unknown_fields=True):
    rows: tuple[str, ...] = ()


class _Measure(Struct, frozen=True, forbid_unknown_fields=True):
    rounds: int = _DEFAULTS.rounds
    quick_rounds: int = _DEFAULTS.quick_rounds
    time_budget: str | float = _DEFAULTS.time_budget
    main_branch: str | None = None
    asv_config: str = _DEFAULTS.asv_config
    baselines: str = _DEFAULTS.baselines


class _Baseline(Struct, frozen=True, forbid_unknown_fields=True):
    stale_days: int = _DEFAULTS.stale_days


class _Benchmarks(Struct, frozen=True, forbid_unknown_fields=True):
    rounds: int | None = None
    iterations: int | None = None
    areas: dict[str, Any] = msgspec.field(default_factory=dict)


class _Project(Struct, frozen=True, forbid_unknown_fields=True):
    gate: _Gate = _Gate()
    measure: _Measure = _Measure()
    benchmarks: _Benchmarks = _Benchmarks()
    baseline: _Baseline = _Baseline()
    harness: tuple[HarnessTable, ...] = ()
    check: tuple[CheckTable, ...] = ()
    sut: SutTables = SutTables()
    history: HistoryTable = HistoryTable()


class _Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    pattern: str
    metric: str = "*"
    limit: str | float | None = None
    minimum_absolute: str | float | None = None


class _Budget(Struct, frozen=True, forbid_unknown_fields=True):
    pattern: str
    limit: str | float
    metric: str = "time"


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    threshold: tuple[_Threshold, ...] = ()
    budget: tuple[_Budget, ...] = ()


def load_project(root: Path) -> ProjectConfig:
    """The settings of the project at `root`, from the file that `config_file` finds; else the defaults hold.

    Raises ConfigError for a file that is wrong, or one too many; MissingComponentError for YAML without PyYAML.
    """
    found = settings_of(root)
    return ProjectConfig() if found is None else _project(*found)


def load_thresholds(path: Path) -> Thresholds:
    """The thresholds and budgets in `path`; none where the file does not exist.

    Relative limits are shares (0.05 is 5 %), absolute ones in the metric's base unit. Each entry's `origin`
    is the file's name and the line on which it begins. Raises ConfigError for a file that is wrong.
    """
    if not path.exists():
        return Thresholds()
    file = read_toml(path)
    table = file.decode(_Table)
    return Thresholds(
        thresholds=tuple(
            _threshold(file, ("threshold", index), entry) for index, entry in enumerate(table.threshold)
        ),
        budgets=tuple(_budget(file, ("budget", index), entry) for index, entry in enumerate(table.budget)),
    )


def _project(file: SettingsFile, table: KeyPath) -> ProjectConfig:
    content = file.decode(_Project, table=table)
    measure = content.measure
    key = (*table, "measure")
    _check_counts(file, table, content)
    for index, pattern in enumerate(content.gate.rows):
        _require_text(file, (*table, "gate", "rows", index), "a pattern of 'rows'", pattern)
    for name in ("asv_config", "baselines", "main_branch"):
        text: str | None = getattr(measure, name)
        if text is not None:
            _require_text(file, (*key, name), f"'{name}'", text)
    time_budget = _number(file, (*key, "time_budget"), lambda: parse_quantity(measure.time_budget, SECONDS))
    if time_budget <= 0:
        raise file.error((*key, "time_budget"), "'time_budget' must be longer than nothing", "write '5 min'")
    benchmarks = content.benchmarks
    return ProjectConfig(
        gate_rows=content.gate.rows,
        rounds=measure.rounds,
        quick_rounds=measure.quick_rounds,
        time_budget=time_budget,
        main_branch=measure.main_branch,
        asv_config=measure.asv_config,
        baselines=measure.baselines,
        stale_days=content.baseline.stale_days,
        run_rounds=benchmarks.rounds,
        iterations=benchmarks.iterations,
        areas=_areas(file, (*table, "benchmarks", "areas"), benchmarks.areas),
        harnesses=harnesses(file, (*table, "harness"), content.harness),
        checks=checks(file, (*table, "check"), content.check),
        systems=systems(file, (*table, "sut"), content.sut),
        history=history_settings(file, (*table, "history"), content.history),
        source=file.path,
        file=file,
        table=table,
    )


def _check_counts(file: SettingsFile, table: KeyPath, content: _Project) -> None:
    """Raise ConfigError for a number of rounds, samples or days that makes no sense."""
    counts: tuple[tuple[str, str, int | None, int], ...] = (
        ("measure", "rounds", content.measure.rounds, _MOST_ROUNDS),
        ("measure", "quick_rounds", content.measure.quick_rounds, _MOST_ROUNDS),
        ("benchmarks", "rounds", content.benchmarks.rounds, _MOST_ROUNDS),
        ("benchmarks", "iterations", content.benchmarks.iterations, _MOST_ITERATIONS),
        ("baseline", "stale_days", content.baseline.stale_days, _MOST_DAYS),
    )
    for part, name, number, most in counts:
        if number is not None and not 1 <= number <= most:
            raise file.error((*table, part, name), f"'{name}' is {number}", f"choose 1 to {most}")


def _areas(file: SettingsFile, key: KeyPath, areas: Mapping[str, Any]) -> dict[str, bool]:
    """Which names are areas is known only once there are rows."""
    for name, on in areas.items():
        if not isinstance(on, bool):
            raise file.error((*key, name), f"the area '{name}' is {on!r}", "write true or false")
    return dict(areas)


def _threshold(file: SettingsFile, key: KeyPath, entry: _Threshold) -> Threshold:
    _require_text(file, (*key, "pattern"), "'pattern'", entry.pattern)
    _require_text(file, (*key, "metric"), "'metric'", entry.metric)
    if entry.limit is None and entry.minimum_absolute is None:
        raise file.error(
            key, "a threshold without 'limit' or 'minimum_absolute' says nothing", "add limit = '5 %'"
        )
    return Threshold(
        pattern=entry.pattern,
        metric=entry.metric,
        limit=None if entry.limit is None else _share(file, (*key, "limit"), entry.limit),
        minimum_absolute=_least(file, key, entry),
        origin=file.place(key),
    )


def _budget(file: SettingsFile, key: KeyPath, entry: _Budget) -> Budget:
    _require_text(file, (*key, "pattern"), "'pattern'", entry.pattern)
    _require_text(file, (*key, "metric"), "'metric'", entry.metric)
    limit = _quantity(file, (*key, "limit"), entry.limit, entry.metric)
    return Budget(pattern=entry.pattern, metric=entry.metric, limit=limit, origin=file.place(key))


def _share(file: SettingsFile, key: KeyPath, limit: str | float) -> float:
    share = _number(file, key, lambda: parse_ratio(limit))
    if share < 0:
        raise file.error(key, f"the limit {limit} is negative", "write how far the row may move, as '5 %'")
    if not isinstance(limit, str) and share >= 1:
        raise file.error(key, f"the limit {limit:g} would be {share:.0%}", f"write '{limit:g} %'")
    return share


def _least(file: SettingsFile, key: KeyPath, entry: _Threshold) -> float:
    """The smallest shift that counts, of one metric alone: 64 KiB for all would be 18 hours for a time."""
    if entry.minimum_absolute is None:
        return 0.0
    key = (*key, "minimum_absolute")
    if any(sign in entry.metric for sign in "*?["):
        raise file.error(key, "'minimum_absolute' needs one metric", "add metric = 'time'")
    least = _quantity(file, key, entry.minimum_absolute, entry.metric)
    if least < 0:
        raise file.error(key, f"'minimum_absolute' is negative: {entry.minimum_absolute}")
    return least


def _quantity(file: SettingsFile, key: KeyPath, text: str | float, metric: str) -> float:
    return _number(file, key, lambda: parse_quantity(text, _unit(metric)))


def _unit(metric: str) -> str | None:
    """The base unit of the metrics that the pattern `metric` fits; None where they have none in common."""
    units = {unit for name, unit in (METRIC_UNITS | _SHARES).items() if fnmatch.fnmatchcase(name, metric)}
    alone = len(units) == 1 and not fnmatch.fnmatchcase("track", metric)
    return units.pop() if alone else None


def _number(file: SettingsFile, key: KeyPath, parse: Callable[[], float]) -> float:
    try:
        number = parse()
    except ValueError as error:
        raise file.error(key, str(error)) from None
    if not math.isfinite(number):
        raise file.error(key, "is not a finite number")
    return number


def _require_text(file: SettingsFile, key: KeyPath, name: str, text: str) -> None:
    if not text.strip():
        raise file.error(key, f"{name} is empty")
    if not text.isprintable():
        raise file.error(key, f"{name} holds a line break or a control character", "remove it")
