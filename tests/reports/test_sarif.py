"""The report for code scanning."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from perfbench.model import Finding, Outcome, Report, Verdict
from perfbench.reports import sarif

from . import sample
from .golden import assert_golden

SHAPE = Draft202012Validator(json.loads(Path(__file__).with_name("sarif_shape.json").read_text()))


def parsed(report: Report) -> dict[str, Any]:
    """The one run, valid."""
    log = json.loads(sarif.render(report))
    SHAPE.validate(log)
    run: dict[str, Any] = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def results(*verdicts: Verdict, **changes: Any) -> list[dict[str, Any]]:
    report = replace(sample.full_report(), verdicts=verdicts, findings=(), **changes)
    found: list[dict[str, Any]] = parsed(report)["results"]
    return found


def place(result: dict[str, Any]) -> tuple[str, int]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


@pytest.mark.parametrize("make", [sample.full_report, sample.head_only_report, sample.baseline_report])
def test_the_report_reads_as_it_did_and_is_valid(make: Callable[[], Report]) -> None:
    parsed(make())
    assert_golden(f"{make.__name__.removesuffix('_report')}.sarif", sarif.render(make()))


def test_a_result_stands_where_its_rule_does() -> None:
    compared = sample.compared(sample.row("a.time_b"), 1.0, 2.0)
    (found,) = results(sample.judged(Outcome.REGRESSED, compared))
    assert (found["ruleId"], found["level"]) == ("regressed", "error")
    assert place(found) == ("baselines/thresholds.toml", 12)
    assert found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "a.time_b"


def test_a_row_held_to_the_default_points_to_where_its_limit_would_stand() -> None:
    compared = sample.compared(sample.row("a.time_b"), 1.0, 2.0)
    (found,) = results(sample.judged(Outcome.REGRESSED, compared, rule="limit 1 %"))
    assert place(found) == ("baselines/thresholds.toml", 1)


def test_a_path_is_written_as_an_address() -> None:
    compared = sample.compared(sample.row("a.time_b"), 1.0, 2.0)
    (found,) = results(sample.judged(Outcome.REGRESSED, compared), rules_folder="my base/µ")
    assert place(found)[0] == "my%20base/%C2%B5/thresholds.toml"


def test_rows_that_passed_or_were_skipped_are_no_results() -> None:
    compared = sample.compared(sample.row("a.time_b"), 1.0, 1.0)
    skipped = sample.told(Outcome.SKIPPED, sample.row("a.time_c"), "not here")
    assert results(sample.judged(Outcome.PASSED, compared), skipped) == []


def test_a_result_is_known_again_whatever_its_figures_are() -> None:
    row = sample.row("a.time_b")
    first, other, third = (
        results(sample.judged(Outcome.REGRESSED, sample.compared(name, 1.0, head)))[0]
        for name, head in ((row, 2.0), (row, 3.0), (sample.row("a.time_c"), 2.0))
    )
    assert first["partialFingerprints"] == other["partialFingerprints"] != third["partialFingerprints"]


def test_a_name_is_no_link_and_no_placeholder() -> None:
    (found,) = results(sample.told(Outcome.MISSING, sample.row("a.time_b"), "[x](http://y) {0}"))
    text = found["message"]["text"]
    assert "](" not in text
    assert "{0}" not in text


def test_a_kind_of_finding_that_is_new_here_has_a_rule_too() -> None:
    (found,) = parsed(replace(sample.baseline_report(), findings=(Finding("leak", "it grows"),)))["results"]
    assert (found["ruleId"], found["level"]) == ("leak", "error")


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec=None), min_size=1), st.floats())
def test_any_text_and_any_number_are_valid_in_ascii(text: str, number: float) -> None:
    verdict = sample.told(Outcome.NEW, sample.row(text, text), text, value=number)
    report = replace(
        sample.full_report(), verdicts=(verdict,), findings=(Finding("check", text, text),), version=text
    )
    assert len(parsed(report)["results"]) == 2
    assert sarif.render(report).isascii()
