"""The report for programs: one JSON object, described by report.schema.json beside this file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from perfbench.model import (
    BenchmarkId,
    Comparison,
    Environment,
    Explanation,
    Metric,
    Outcome,
    Report,
    SideSummary,
    Verdict,
)
from perfbench.reports import outline

SCHEMA_VERSION = 1
"""Rises when a field changes its meaning or goes; new fields may come without."""


def render(report: Report) -> str:
    """The report as JSON in ASCII, indented, with a final newline. A number that is not finite is null.

    Names and reasons stand as they were measured; JSON's own escapes keep them from steering a terminal.
    """
    return json.dumps(_storable(_report(report)), indent=2, allow_nan=False) + "\n"


def _report(report: Report) -> dict[str, Any]:
    found = dict(outline.counts(report))
    return {
        "schema_version": SCHEMA_VERSION,
        "perfbench": report.version,
        "title": report.title,
        "started": outline.began(report) or None,
        "seconds": report.seconds,
        "exit": {
            "code": report.exit_code,
            "word": outline.exit_word(report.exit_code),
            "reason": outline.exit_reason(report),
        },
        "base": _side(report.base) if report.base is not None else None,
        "head": _side(report.head),
        "noise_floor": report.noise_floor,
        "counts": {str(outcome): found.get(outcome, 0) for outcome in Outcome},
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "findings": [asdict(finding) for finding in report.findings],
        "explanations": [_explanation(found) for found in report.explanations],
        "environment": _environment(report.environment),
        "runtimes": [asdict(status) for status in report.runtimes],
        "warnings": report.warnings,
        "result_file": report.result_file,
        "rules_folder": report.rules_folder,
        "sources": report.sources,
    }


def _side(side: SideSummary) -> dict[str, Any]:
    return {"label": side.label, "revision": side.revision, "commit": side.commit, "dirty": side.dirty}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "benchmark": _benchmark(verdict.benchmark),
        "metric": _metric(verdict.metric) if verdict.metric is not None else None,
        "outcome": verdict.outcome,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "value": verdict.value,
        "limit": verdict.limit,
        "origin": verdict.origin,
        "sides": verdict.sides,
        "effect": verdict.effect,
        "comparison": _comparison(verdict.comparison) if verdict.comparison is not None else None,
    }


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {**asdict(explanation), "benchmark": _benchmark(explanation.benchmark)}


def _benchmark(benchmark: BenchmarkId) -> dict[str, Any]:
    return {
        "id": str(benchmark),
        "suite": benchmark.suite,
        "name": benchmark.name,
        "params": [{"name": name, "value": value} for name, value in benchmark.params],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {"name": metric.name, "unit": metric.unit, "better": metric.better}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "base": comparison.base,
        "head": comparison.head,
        "ratio": comparison.ratio,
        "low": comparison.low,
        "high": comparison.high,
        "confidence": comparison.confidence,
        "head_low": comparison.head_low,
        "head_high": comparison.head_high,
        "p": comparison.p,
        "p_adjusted": comparison.p_adjusted,
        "detectable": comparison.detectable,
        "rounds": comparison.rounds,
        "paired": comparison.paired,
        "warnings": comparison.warnings,
        "noise": comparison.noise,
        "noise_source": comparison.noise_source,
    }


def _environment(environment: Environment) -> dict[str, Any]:
    return {
        "machine": environment.machine,
        "architecture": environment.architecture,
        "cpu": environment.cpu,
        "cores": environment.cores,
        "memory": environment.memory,
        "kernel": environment.kernel,
        "governor": environment.governor,
        "python": environment.python,
        "dependencies": environment.dependencies,
        "commit": environment.commit,
        "dirty": environment.dirty,
        "engine": environment.engine,
    }


def _storable(value: Any) -> Any:
    """The same value without what JSON or UTF-8 cannot hold: NaN, infinity and halves of surrogate pairs."""
    match value:
        case str():
            return str(value).encode("utf-8", "replace").decode("utf-8")
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {_storable(key): _storable(item) for key, item in value.items()}
        case list() | tuple():
            return [_storable(item) for item in value]
        case _:
            return value
