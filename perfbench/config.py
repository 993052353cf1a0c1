"""What the user wants: perfbench.toml and baselines/thresholds.toml, read strictly."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from perfbench.config_harness import Check, CheckTable, HarnessTable, checks, harnesses
from perfbench.model import Budget, Harness, Threshold
from perfbench.toml_file import KeyPath, TomlFile, read_toml
from perfbench.units import BYTES, SECONDS, SHARE, parse_quantity, parse_ratio

PROJECT_FILE = "perfbench.toml"
THRESHOLDS_FILE = "thresholds.toml"

METRIC_UNITS = {"time": SECONDS, "peakmem": BYTES, "mem": BYTES, "p95": SECONDS, "p99": SECONDS}
"""The base unit of each metric that has one of its own; `track` has whatever its benchmark declares."""

_SHARES = {"failed": SHARE, "rate": SHARE}  # of the samples of JMeter and k6
_MOST_ROUNDS = 1000
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What perfbench.toml says; `time_budget` in seconds.

    `gate_rows` are patterns of full ids, empty for every row. `main_branch` None leaves the choice to git.
    A baseline is stale after `stale_days`. `source` is the file it was read from, None for the defaults.
    """

    gate_rows: tuple[str, ...] = ()
    rounds: int = 10
    quick_rounds: int = 6
    time_budget: float = 300.0
    main_branch: str | None = None
    asv_config: str = "asv.conf.json"
    baselines: str = "baselines"
    stale_days: int = 30
    harnesses: tuple[Harness, ...] = ()
    checks: tuple[Check, ...] = ()
    source: Path | None = None


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


class _Project(Struct, frozen=True, forbid_unknown_fields=True):
    gate: _Gate = _Gate()
    measure: _Measure = _Measure()
    baseline: _Baseline = _Baseline()
    harness: tuple[HarnessTable, ...] = ()
    check: tuple[CheckTable, ...] = ()


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
    """The settings of the project at `root`.

    They stand in its perfbench.toml, else in `[tool.perfbench]` of its pyproject.toml; else the defaults hold.
    Raises ConfigError for a file that is wrong.
    """
    own, pyproject = root / PROJECT_FILE, root / "pyproject.toml"
    if own.exists():
        return _project(read_toml(own), ())
    if pyproject.exists():
        return _project(read_toml(pyproject), ("tool", "perfbench"))
    return ProjectConfig()


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


def _project(file: TomlFile, table: KeyPath) -> ProjectConfig:
    content = file.decode(_Project, table=table)
    measure = content.measure
    key = (*table, "measure")
    for index, pattern in enumerate(content.gate.rows):
        _require_text(file, (*table, "gate", "rows", index), "a pattern of 'rows'", pattern)
    for name in ("rounds", "quick_rounds"):
        rounds: int = getattr(measure, name)
        if not 1 <= rounds <= _MOST_ROUNDS:
            raise file.error((*key, name), f"'{name}' is {rounds}", f"choose 1 to {_MOST_ROUNDS}")
    for name in ("asv_config", "baselines", "main_branch"):
        text: str | None = getattr(measure, name)
        if text is not None:
            _require_text(file, (*key, name), f"'{name}'", text)
    time_budget = _number(file, (*key, "time_budget"), lambda: parse_quantity(measure.time_budget, SECONDS))
    if time_budget <= 0:
        raise file.error((*key, "time_budget"), "'time_budget' must be longer than nothing", "write '5 min'")
    return ProjectConfig(
        gate_rows=content.gate.rows,
        rounds=measure.rounds,
        quick_rounds=measure.quick_rounds,
        time_budget=time_budget,
        main_branch=measure.main_branch,
        asv_config=measure.asv_config,
        baselines=measure.baselines,
        stale_days=_stale_days(file, (*table, "baseline", "stale_days"), content.baseline.stale_days),
        harnesses=harnesses(file, (*table, "harness"), content.harness),
        checks=checks(file, (*table, "check"), content.check),
        source=file.path,
    )


def _stale_days(file: TomlFile, key: KeyPath, days: int) -> int:
    if not 1 <= days <= _MOST_DAYS:
        raise file.error(key, f"'stale_days' is {days}", f"choose 1 to {_MOST_DAYS}")
    return days


def _threshold(file: TomlFile, key: KeyPath, entry: _Threshold) -> Threshold:
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
        origin=_origin(file, key),
    )


def _budget(file: TomlFile, key: KeyPath, entry: _Budget) -> Budget:
    _require_text(file, (*key, "pattern"), "'pattern'", entry.pattern)
    _require_text(file, (*key, "metric"), "'metric'", entry.metric)
    limit = _quantity(file, (*key, "limit"), entry.limit, entry.metric)
    return Budget(pattern=entry.pattern, metric=entry.metric, limit=limit, origin=_origin(file, key))


def _share(file: TomlFile, key: KeyPath, limit: str | float) -> float:
    share = _number(file, key, lambda: parse_ratio(limit))
    if share < 0:
        raise file.error(key, f"the limit {limit} is negative", "write how far the row may move, as '5 %'")
    if not isinstance(limit, str) and share >= 1:
        raise file.error(key, f"the limit {limit:g} would be {share:.0%}", f"write '{limit:g} %'")
    return share


def _least(file: TomlFile, key: KeyPath, entry: _Threshold) -> float:
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


def _quantity(file: TomlFile, key: KeyPath, text: str | float, metric: str) -> float:
    return _number(file, key, lambda: parse_quantity(text, _unit(metric)))


def _unit(metric: str) -> str | None:
    """The base unit of the metrics that the pattern `metric` fits; None where they have none in common."""
    units = {unit for name, unit in (METRIC_UNITS | _SHARES).items() if fnmatch.fnmatchcase(name, metric)}
    alone = len(units) == 1 and not fnmatch.fnmatchcase("track", metric)
    return units.pop() if alone else None


def _number(file: TomlFile, key: KeyPath, parse: Callable[[], float]) -> float:
    try:
        number = parse()
    except ValueError as error:
        raise file.error(key, str(error)) from None
    if not math.isfinite(number):
        raise file.error(key, "is not a finite number")
    return number


def _require_text(file: TomlFile, key: KeyPath, name: str, text: str) -> None:
    if not text.strip():
        raise file.error(key, f"{name} is empty")


def _origin(file: TomlFile, key: KeyPath) -> str:
    line = file.line(key)
    return file.path.name if line is None else f"{file.path.name}:{line}"
