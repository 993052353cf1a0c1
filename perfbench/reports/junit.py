"""The report for tools that show test results: JUnit XML, in the shape of Jenkins' xunit plugin (junit-10.xsd).

Rows are test cases. They fail where the exit code fails: a row that could not be decided is skipped, with
what was seen, unless that alone is the reason for the exit code.
"""

from __future__ import annotations

import math
from collections import Counter
from xml.etree import ElementTree

from perfbench.model import Outcome, Report, Verdict
from perfbench.reports import outline
from perfbench.reports.entries import Entry, all_entries, sentence
from perfbench.reports.levels import Level, level, unexplained
from perfbench.reports.names import plain
from perfbench.units import SECONDS

NOT_DECIDED = frozenset({Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE, Outcome.FAILED, Outcome.SKIPPED})
SHORTEST_TIME = 1e-9


def render(report: Report) -> str:
    """The report as an XML document, indented, with a final newline.

    A test case's `time` is head's median in seconds, where the row is a time; the suite's is the whole run.
    """
    suite = ElementTree.Element("testsuite", name=f"perfbench {report.title}")
    _properties(suite, report)
    several = Counter(verdict.benchmark for verdict in report.verdicts)
    for verdict, entry in all_entries(report):
        _case(suite, verdict, entry, level(verdict, report), several=several[verdict.benchmark] > 1)
    for finding in report.findings:
        _failure(suite, finding.kind, finding.origin or finding.message, outline.finding(finding))
    if text := unexplained(report):
        _failure(suite, "exit", "exit code", text)
    results = Counter(child.tag for case in suite.iter("testcase") for child in case)
    totals = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": str(results["failure"]),
        "errors": str(results["error"]),
        "time": _seconds(report.seconds),
    }
    suite.attrib.update(totals, skipped=str(results["skipped"]), hostname=plain(report.environment.machine))
    if began := outline.began(report):
        suite.set("timestamp", began.removesuffix("Z"))
    suites = ElementTree.Element("testsuites", totals, name="perfbench")
    suites.append(suite)
    ElementTree.indent(suites)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ElementTree.tostring(suites, encoding='unicode')}\n"


def _properties(suite: ElementTree.Element, report: Report) -> None:
    facts = {
        "perfbench": report.version,
        "sides": outline.sides(report),
        "machine": outline.machine(report),
        "cost": outline.cost(report),
        "cpu": report.environment.cpu,
        "kernel": report.environment.kernel,
        "python": report.environment.python,
        "result file": report.result_file,
        "exit code": str(report.exit_code),
        "exit reason": outline.exit_reason(report),
    }
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", name=name, value=plain(value))
    for text in outline.warnings(report):
        ElementTree.SubElement(properties, "property", name="warning", value=text)


def _case(suite: ElementTree.Element, verdict: Verdict, entry: Entry, grade: Level, *, several: bool) -> None:
    """One row, by its full id, so that it keeps its history; with several metrics, each says which it is."""
    group, _, function = verdict.benchmark.name.rpartition(".")
    params = str(verdict.benchmark)[len(verdict.benchmark.name) :]
    metric = f" {verdict.metric.name}" if several and verdict.metric else ""
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=plain(group or verdict.benchmark.suite or "benchmarks"),
        name=plain(f"{function}{params}{metric}"),
        time=_seconds(_median(verdict)),
    )
    said = sentence(entry)
    if grade is Level.ERROR:
        tag = "error" if verdict.outcome is Outcome.FAILED else "failure"
        ElementTree.SubElement(case, tag, type=verdict.outcome, message=said).text = said
    elif verdict.outcome in NOT_DECIDED:
        ElementTree.SubElement(case, "skipped", type=verdict.outcome, message=said)
    elif said:
        ElementTree.SubElement(case, "system-out").text = f"{verdict.outcome}: {said}"


def _failure(suite: ElementTree.Element, kind: str, name: str, said: str) -> None:
    """A test case of perfbench's own: what fails and is no row."""
    kind = plain(kind)
    case = ElementTree.SubElement(
        suite, "testcase", classname=f"perfbench.{kind}", name=plain(name), time="0"
    )
    ElementTree.SubElement(case, "failure", type=kind, message=said).text = said


def _median(verdict: Verdict) -> float:
    timed = verdict.metric is not None and verdict.metric.unit == SECONDS
    value = verdict.comparison.head if verdict.comparison is not None else verdict.value
    return value if timed and value is not None else 0.0


def _seconds(value: float) -> str:
    """Seconds without an exponent, to the nanosecond; 0 where there are none."""
    if not math.isfinite(value) or value < SHORTEST_TIME:
        return "0"
    return f"{value:.9f}".rstrip("0").rstrip(".")
