"""Writes measurements as pyperf JSON, so that `pyperf stats`, `compare_to` and their kin read them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from perfbench.errors import UsageError
from perfbench.model import Environment, Measurement, Problem, Run
from perfbench.results.exporting import write_new
from perfbench.results.json_text import encodable
from perfbench.results.pyperf import METRICS, OWN

_UNITS = {metric.unit: unit for unit, metric in METRICS.items()}

Entry = dict[str, object]


def render(measurements: Sequence[Measurement]) -> tuple[str, tuple[Problem, ...]]:
    """The file's text, and what pyperf has no way to hold.

    A benchmark's name is the full id, with its metric added where one row has several. pyperf takes
    values above zero alone: others are left out and named. It knows no direction either: a metric
    of which more is better reads as if less were. Raises UsageError when nothing is left.
    """
    problems: list[Problem] = []
    benchmarks: list[Entry] = []
    used: set[str] = set()
    for measurement in measurements:
        runs = [entry for run in measurement.runs if (entry := _run(run)) is not None]
        lost = sum(len(run.values) for run in measurement.runs) - sum(map(_length, runs))
        if lost:
            message = (
                f"{measurement.benchmark}: {lost} values are not above zero, which pyperf refuses; left out"
            )
            problems.append(Problem(measurement.origin, None, message))
        if runs:
            name = _unused_name(measurement, used)
            benchmarks.append({"metadata": _metadata(measurement, name), "runs": runs})
    if not benchmarks:
        raise UsageError("there are no values that pyperf could read", "pyperf takes values above zero alone")
    suite = encodable({"version": "1.0", "benchmarks": benchmarks})
    return msgspec.json.encode(suite).decode() + "\n", tuple(problems)


def write(path: Path, measurements: Sequence[Measurement]) -> tuple[Problem, ...]:
    """Write such a file; refuses to replace one. Returns what was left out."""
    text, problems = render(measurements)
    write_new(path, text)
    return problems


def _run(run: Run) -> Entry | None:
    values = [value for value in run.values if 0 < value < math.inf]
    if not values:
        return None
    metadata: Entry = {"loops": run.loops, f"{OWN}round": run.round, f"{OWN}started": run.started}
    with contextlib.suppress(ValueError, OverflowError, OSError):  # no such date
        # Local time without a zone, as pyperf's own: it cannot compare dates of both kinds.
        metadata["date"] = datetime.fromtimestamp(run.started).isoformat(" ")  # noqa: DTZ006
    return {"metadata": metadata, "values": values}


def _length(entry: Entry) -> int:
    values = entry["values"]
    return len(values) if isinstance(values, list) else 0


def _metadata(measurement: Measurement, name: str) -> Entry:
    benchmark, metric, environment = measurement.benchmark, measurement.metric, measurement.environment
    own = {"suite": benchmark.suite, "name": benchmark.name, "params": benchmark.params, "metric": metric}
    metadata: Entry = {
        "name": name,
        "unit": _UNITS.get(metric.unit, "integer"),
        f"{OWN}row": msgspec.json.encode(encodable(msgspec.to_builtins(own))).decode(),
        **_machine(environment),
    }
    return {key: value for key, value in metadata.items() if value not in ("", 0)}


def _machine(environment: Environment) -> Entry:
    implementation, _, version = environment.python.rpartition(" ")
    no_governor = environment.governor in ("", "none")
    return {
        "hostname": _one_line(environment.machine),
        "cpu_model_name": _one_line(environment.cpu),
        "cpu_count": environment.cores,
        "cpu_config": "" if no_governor else f"governor:{_one_line(environment.governor)}",
        "platform": _one_line(environment.kernel),
        "python_implementation": _one_line(implementation).lower(),
        "python_version": _one_line(version),
        f"{OWN}memory": environment.memory,
        f"{OWN}commit": _one_line(environment.commit),
    }


def _unused_name(measurement: Measurement, used: set[str]) -> str:
    plain = _one_line(str(measurement.benchmark)) or "unnamed"
    name, number = plain, 1
    while name in used:
        name = (
            f"{plain} [{measurement.metric.name}]"
            if number == 1
            else f"{plain} [{measurement.metric.name} {number}]"
        )
        number += 1
    used.add(name)
    return name


def _one_line(text: str) -> str:
    """pyperf refuses metadata with line breaks."""
    return " ".join(text.split())
