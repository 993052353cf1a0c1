"""Writes measurements as Go's benchmark text, so that benchstat and its kin read them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from perfbench.errors import UsageError
from perfbench.model import Environment, Measurement, Metric, Problem, Run
from perfbench.results import go_words
from perfbench.results.json_text import encodable

Lines = Iterator[str]


def render(measurements: Sequence[Measurement]) -> tuple[str, tuple[Problem, ...]]:
    """The file's text, and what it has no way to hold.

    A sample is a line; what one process gave stands together, and `PASS` ends it. Hard fields of the environment
    are settings, because benchstat as well compares nothing across their difference; the soft ones and
    the commit are comments, which benchstat skips and perfbench reads. Values that are not finite are
    left out and named; starts, the clock of samples and CPU seconds have no place. Raises UsageError when
    nothing is left.
    """
    problems = tuple(_lost(measurements))
    units = _units(measurements)
    lines = [
        go_words.MARK,
        *(f"Unit {unit} {go_words.unit_facts(metric, unit)}" for metric, unit in units.items()),
    ]
    settings: dict[str, str] = {}
    for process in _processes(measurements):
        lines += _process_lines(process, units, settings)
    if not any(line.startswith("Benchmark") for line in lines):
        raise UsageError(
            "there are no samples to write", "name a file that holds samples, not only summaries"
        )
    return "\n".join(lines) + "\n", problems


@dataclass(frozen=True, slots=True)
class _Process:
    """What one worker process of each row gave in one round."""

    environment: Environment
    runs: Sequence[tuple[Measurement, Run]]


def _processes(measurements: Sequence[Measurement]) -> Iterator[_Process]:
    """The n-th runs of all rows stand together, as n processes in turn would have written them."""
    most = max((len(measurement.runs) for measurement in measurements), default=0)
    for number in range(most):
        environments: list[tuple[Environment, list[tuple[Measurement, Run]]]] = []
        for measurement in measurements:
            if number >= len(measurement.runs):
                continue
            run = measurement.runs[number]
            if not environments or environments[-1][0] != measurement.environment:
                environments.append((measurement.environment, []))
            environments[-1][1].append((measurement, run))
        yield from (_Process(environment, runs) for environment, runs in environments)


def _process_lines(process: _Process, units: Mapping[Metric, str], settings: dict[str, str]) -> Lines:
    for measurement, run in process.runs:
        package, name = go_words.spelt_benchmark(measurement.benchmark)
        facts = _settings(process.environment, package, go_words.spelt(measurement.benchmark.suite, "/="))
        yield from _changes(settings, facts)
        unit = units[measurement.metric]
        ten = go_words.power(unit, measurement.metric.unit)
        for value in run.values:
            if math.isfinite(value):
                yield f"{name} {run.loops} {go_words.spelt_number(value, ten)} {unit}"
    yield "PASS"


def _changes(settings: dict[str, str], wanted: Mapping[str, str]) -> Lines:
    """The lines that make the settings in force those wanted; a setting without a value is withdrawn."""
    for key in [key for key in settings if key not in wanted]:
        yield f"{key}:"
        del settings[key]
    for key, value in wanted.items():
        if settings.get(key) != value:
            yield f"{key}: {value}"
            settings[key] = value


def _settings(environment: Environment, package: str, suite: str) -> dict[str, str]:
    found = {
        "pkg": package,
        "suite": suite,
        "machine": environment.machine,
        "architecture": environment.architecture,
        "cpu": environment.cpu,
        "cores": str(environment.cores or ""),
        "memory": str(environment.memory or ""),
        "# kernel": environment.kernel,
        "# governor": environment.governor,
        "# python": environment.python,
        "# engine": environment.engine,
        "# commit": environment.commit,
    }
    plain = {key: _one_line(value) for key, value in found.items()}
    return {key: value for key, value in plain.items() if value}


def _units(measurements: Sequence[Measurement]) -> dict[Metric, str]:
    """A unit for each metric, no two alike."""
    units: dict[Metric, str] = {}
    used: set[str] = set()
    for metric in dict.fromkeys(measurement.metric for measurement in measurements):
        plain = unit = go_words.spelt_unit(metric)
        number = 2
        while unit in used:
            unit, number = f"{plain}-{number}", number + 1
        used.add(unit)
        units[metric] = unit
    return units


def _lost(measurements: Sequence[Measurement]) -> Iterator[Problem]:
    for measurement in measurements:
        values = [value for run in measurement.runs for value in run.values]
        if not values:
            yield Problem(measurement.origin, None, f"{measurement.benchmark}: holds no samples; left out")
        elif lost := sum(not math.isfinite(value) for value in values):
            message = f"{measurement.benchmark}: {lost} values are not finite numbers; left out"
            yield Problem(measurement.origin, None, message)


def _one_line(text: str) -> str:
    return " ".join(str(encodable(text)).split())
