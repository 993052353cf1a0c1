"""Rows made of samples that carry a label and a success: JMeter's, and recorded operations."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from perfbench.model import BenchmarkId, Measurement, Metric, Outcome, Run
from perfbench.results.gathering import UNKNOWN, Gathering, share_of
from perfbench.results.json_text import MalformedError
from perfbench.results.jtl_sample import Sample
from perfbench.results.result_file import HEAD, LATEST, Header, ResultFile, SideHeader
from perfbench.units import SECONDS, SHARE

TIME = Metric("time", SECONDS)
FAILED = Metric("failed", SHARE)

MAX_LABELS = 10_000
"""A file with more labels names its samples apart, and its rows would hold one sample each."""


@dataclass(slots=True)
class _Label:
    """The samples of one label: seconds of those that succeeded, a count and a reason for the others."""

    seconds: array[float] = field(default_factory=lambda: array("d"))
    failed: int = 0
    reason: str = ""
    started: float = LATEST


def result_of(samples: Iterator[Sample], gathering: Gathering) -> ResultFile:
    """The side `head`: each label is a row, its samples one run in the order of the log.

    `time` holds the samples that succeeded, since a failure may be quick; `failed` is the share of the
    others. Samples that break off with a MalformedError give what came before that.
    """
    labels: dict[str, _Label] = {}
    complete = True
    try:
        for sample in samples:
            _take(sample, labels, gathering)
    except MalformedError as error:
        gathering.note(error.message, error.line)
        complete = False
    for name, label in labels.items():
        _measured(BenchmarkId("", name), label, gathering)
    started = min((label.started for label in labels.values()), default=LATEST)
    header = Header("", 0.0 if started == LATEST else started, {HEAD: SideHeader("", "", False, UNKNOWN)})
    return gathering.result(header, complete=complete)


def _take(sample: Sample, labels: dict[str, _Label], gathering: Gathering) -> None:
    label = labels.get(sample.label)
    if label is None:
        if len(labels) >= MAX_LABELS:
            gathering.note(
                f"the label {sample.label!r} is left out: {MAX_LABELS} labels are read", sample.line
            )
            return
        label = labels[sample.label] = _Label()
    if sample.started:
        label.started = min(label.started, sample.started)
    if sample.succeeded:
        label.seconds.append(sample.seconds)
    else:
        label.failed += 1
        label.reason = label.reason or sample.reason


def _measured(benchmark: BenchmarkId, label: _Label, gathering: Gathering) -> None:
    count = len(label.seconds) + label.failed
    if not label.seconds:
        reason = f": {label.reason}" if label.reason else ""
        gathering.take_outcome(benchmark, Outcome.FAILED, f"all {count} samples failed{reason}")
        return
    run = Run(tuple(label.seconds), 0, 0.0 if label.started == LATEST else label.started)
    summary = share_of(label.failed, count)
    gathering.take(Measurement(benchmark, TIME, (run,), UNKNOWN, gathering.path))
    gathering.take(Measurement(benchmark, FAILED, (), UNKNOWN, gathering.path, summary))
