"""Where a run took place, as names and values for a table."""

from __future__ import annotations

from perfbench.model import Environment, Report
from perfbench.reports.names import plain
from perfbench.units import format_value

RESULT_FILE = "result file"
"""The fact whose value is a path."""


def facts(report: Report) -> list[tuple[str, str]]:
    """The machine, each runtime with its version or the reason why it is not there, the result file, and perfbench."""
    found = [(name, plain(value)) for name, value in _machine(report.environment) if value]
    for status in report.runtimes:
        absent = ": ".join(part for part in (status.reason, status.remedy) if part) or "absent"
        told = status.version or "present" if status.available else absent
        found.append((f"runtime {plain(status.name)}", plain(told)))
    if report.result_file:
        found.append((RESULT_FILE, plain(report.result_file)))
    return [*found, ("perfbench", plain(report.version))]


def _machine(environment: Environment) -> list[tuple[str, str]]:
    cores = f"{environment.cores} × {environment.governor or 'unknown governor'}" if environment.cores else ""
    dependencies = ", ".join(f"{name} {version}" for name, version in environment.dependencies.items())
    return [
        ("machine", environment.machine),
        ("cpu", ", ".join(filter(None, (environment.cpu, cores)))),
        ("memory", format_value(environment.memory, "bytes") if environment.memory else ""),
        ("kernel", environment.kernel),
        ("python", environment.python),
        ("engine", environment.engine),
        ("dependencies", dependencies),
    ]
