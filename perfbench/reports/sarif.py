"""The report for code scanning: SARIF 2.1.0 (OASIS Standard, 27 March 2020), one result for each row that matters."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from perfbench.errors import ExitCode
from perfbench.model import Outcome, Report, Verdict
from perfbench.reports import outline
from perfbench.reports.entries import Entry, all_entries, row_name, sentence
from perfbench.reports.levels import Level, Place, level, place_of_row, place_of_rule, where_limits_stand
from perfbench.reports.names import plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

RULES = {
    Outcome.REGRESSED: "The whole interval of the change lies beyond the row's limit, on the worse side.",
    Outcome.OVER_BUDGET: "The whole interval of head's median lies above the row's budget.",
    Outcome.MISSING: "Base has the row and head has not.",
    Outcome.FAILED: "The benchmark raised, ran past its timeout, or its worker died.",
    Outcome.INCONCLUSIVE: "The interval reaches across the limit: neither passed nor regressed can be said.",
    Outcome.INCOMPARABLE: "The two sides differ in a hard field of the environment or in the metric's unit.",
    Outcome.IMPROVED: "The whole interval of the change lies beyond the limit on the better side.",
    Outcome.NEW: "Base has no such row.",
    "check": "A rule of the project's own does not hold.",
    "acceptance": "An accepted regression is unused, has expired or is exceeded.",
}
ENDED_BY_ITSELF = frozenset({ExitCode.PASSED, ExitCode.REGRESSED, ExitCode.UNDECIDED})

ACTIVE = re.compile(r"(?<=\])(?=\()|(?<=\{)(?=\d)")
"""Where a viewer would see a link (`[text](target)`) or a placeholder (`{0}`) in a message."""


def render(report: Report) -> str:
    """The report as SARIF in ASCII, indented, with a final newline."""
    run = {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": f"perfbench/{plain(report.title)}/"},
        "invocations": [
            {
                "executionSuccessful": report.exit_code in ENDED_BY_ITSELF,
                "exitCode": report.exit_code,
                "exitCodeDescription": outline.exit_reason(report),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [*_findings(report), *_rows(report)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver(report: Report) -> dict[str, Any]:
    rules = [
        {"id": _rule_id(name), "name": _rule_name(name), "shortDescription": {"text": text}}
        for name, text in _known(report).items()
    ]
    return {"name": "perfbench", "version": report.version or "0", "rules": rules}


def _known(report: Report) -> dict[str, str]:
    """The rules, and the kinds of findings that have no words of their own here."""
    others = {finding.kind: "A reason to fail that is no row's verdict." for finding in report.findings}
    return RULES | {kind: text for kind, text in others.items() if kind not in RULES}


def _findings(report: Report) -> Iterator[dict[str, Any]]:
    for finding in report.findings:
        place = place_of_rule(finding.origin, report)
        yield {
            **_result(report, finding.kind, Level.ERROR, outline.finding(finding), place),
            "partialFingerprints": _fingerprint(finding.kind, plain(finding.origin or finding.message)),
        }


def _rows(report: Report) -> Iterator[dict[str, Any]]:
    for verdict, entry in all_entries(report):
        grade = level(verdict, report)
        if grade is not Level.NONE:
            yield _row(report, verdict, entry, grade)


def _row(report: Report, verdict: Verdict, entry: Entry, grade: Level) -> dict[str, Any]:
    row = plain(str(verdict.benchmark))
    metric = verdict.metric.name if verdict.metric else ""
    said = ": ".join(filter(None, (f"{row_name(entry)} {entry.outcome}", sentence(entry))))
    result = _result(report, verdict.outcome, grade, said, place_of_row(verdict, report))
    result["locations"][0]["logicalLocations"] = [{"fullyQualifiedName": row, "kind": "function"}]
    return {**result, "partialFingerprints": _fingerprint(verdict.outcome, f"{row} {plain(metric)}")}


def _result(report: Report, rule: str, grade: Level, text: str, place: Place | None) -> dict[str, Any]:
    """A result at its place; code scanning takes none without."""
    where = place or where_limits_stand(report)
    physical = {
        "artifactLocation": {"uri": quote(where.path), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": where.line},
    }
    return {
        "ruleId": _rule_id(rule),
        "ruleIndex": list(_known(report)).index(rule),
        "level": grade,
        "message": {"text": ACTIVE.sub("\N{ZERO WIDTH SPACE}", text)},
        "locations": [{"physicalLocation": physical}],
    }


def _fingerprint(rule: str, identity: str) -> dict[str, str]:
    return {"perfbench/v1": hashlib.sha256(f"{_rule_id(rule)} {identity}".encode()).hexdigest()}


def _rule_id(rule: str) -> str:
    return plain(rule).replace(" ", "-")


def _rule_name(rule: str) -> str:
    return "".join(word.capitalize() for word in plain(rule).split())
