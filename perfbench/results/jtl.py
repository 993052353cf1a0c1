"""Reads JMeter's result logs (JTL), CSV and XML: the samples of each label, and the share that failed.

Fields and attributes are those of https://jmeter.apache.org/usermanual/listeners.html.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from perfbench.model import BenchmarkId, Measurement, Metric, Outcome, Run
from perfbench.results import jtl_csv, jtl_xml
from perfbench.results.document import Document
from perfbench.results.gathering import UNKNOWN, Gathering, share_of
from perfbench.results.json_text import MalformedError
from perfbench.results.jtl_sample import Sample
from perfbench.results.result_file import HEAD, LATEST, Header, ResultFile, SideHeader
from perfbench.units import SECONDS, SHARE

NAME = "JMeter JTL (CSV or XML)"

TIME = Metric("time", SECONDS)
FAILED = Metric("failed", SHARE)

MAX_LABELS = 10_000
"""A file with more labels names its samples apart, and its rows would hold one sample each."""

Samples = Iterator[Sample]


@dataclass(slots=True)
class _Label:
    """The samples of one label: seconds of those that succeeded, a count and a reason for the others."""

    seconds: array[float] = field(default_factory=lambda: array("d"))
    failed: int = 0
    reason: str = ""
    started: float = LATEST


def recognises(document: Document) -> bool:
    """Whether the file begins as a JTL does: with `testResults`, or with columns that are JMeter's."""
    return jtl_xml.recognises(document.data) or jtl_csv.recognises(document.data)


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`: each label is a row, its samples one run in the order of the log.

    `time` holds the samples that succeeded, since a failure may be quick; `failed` is the share of the
    others. A file that breaks off gives what stands before that.
    """
    gathering = Gathering(document.path)
    labels: dict[str, _Label] = {}
    samples = (jtl_xml if jtl_xml.recognises(document.data) else jtl_csv).samples(
        document.data, gathering.note
    )
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
