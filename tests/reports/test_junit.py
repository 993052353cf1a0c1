"""The report for tools that show test results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import Finding, Outcome, Report
from perfbench.reports import junit

from . import sample
from .golden import assert_golden
from .junit_shape import assert_shape


def parsed(report: Report) -> ElementTree.Element:
    """The suite, in the shape that readers know."""
    suites = ElementTree.fromstring(junit.render(report))  # noqa: S314  (our own)
    assert suites.tag == "testsuites"
    assert_shape(suites)
    (suite,) = suites
    return suite


def result(outcome: Outcome, *sides: str, exit_code: int = 0) -> str:
    """What a row of this outcome is to JUnit: the tag below its test case, empty where it passed."""
    verdict = sample.told(outcome, sample.row("bench.Suite.time_it"), "why", sides=sides)
    suite = parsed(replace(sample.baseline_report(), verdicts=(verdict,), exit_code=exit_code))
    case = suite.findall("testcase")[0]
    return next((child.tag for child in case if child.tag != "system-out"), "")


@pytest.mark.parametrize("make", [sample.full_report, sample.head_only_report, sample.baseline_report])
def test_the_report_reads_as_it_did_and_has_the_shape(make: Callable[[], Report]) -> None:
    parsed(make())
    assert_golden(f"{make.__name__.removesuffix('_report')}.junit.xml", junit.render(make()))


@pytest.mark.parametrize("outcome", [Outcome.REGRESSED, Outcome.OVER_BUDGET, Outcome.MISSING])
def test_what_the_gate_holds_against_head_is_a_failure(outcome: Outcome) -> None:
    assert result(outcome) == "failure"


def test_a_row_that_failed_on_head_is_an_error_and_elsewhere_it_is_skipped() -> None:
    assert result(Outcome.FAILED, "head") == "error"
    assert result(Outcome.FAILED, "base", "head") == "skipped"
    assert result(Outcome.FAILED, "base") == "skipped"


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.INCOMPARABLE])
def test_an_undecided_row_is_skipped_but_fails_where_strictness_fails_for_it(outcome: Outcome) -> None:
    assert result(outcome) == "skipped"
    assert result(outcome, exit_code=4) == "failure"


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.IMPROVED, Outcome.NEW])
def test_other_rows_pass(outcome: Outcome) -> None:
    assert result(outcome) == ""


def test_every_row_is_a_test_case_by_its_full_id_and_every_finding_another() -> None:
    report = sample.full_report()
    cases = parsed(report).findall("testcase")
    ids = [f"{case.get('classname')}.{case.get('name')}" for case in cases]
    rows = [str(verdict.benchmark) for verdict in report.verdicts]
    assert ids[: len(rows)] == rows
    assert ids[len(rows) :] == [
        "perfbench.check.rules:runsc_is_near_runc",
        "perfbench.acceptance.accepted.toml:3",
    ]
    assert all(case.find("failure") is not None for case in cases[len(rows) :])


def test_the_metrics_of_one_row_are_test_cases_of_their_own() -> None:
    row = sample.row("bench.Suite.run")
    verdicts = tuple(
        sample.told(Outcome.NEW, row, "", metric=metric) for metric in (sample.TIME, sample.PEAK)
    )
    cases = parsed(replace(sample.baseline_report(), verdicts=verdicts)).findall("testcase")
    assert [case.get("name") for case in cases] == ["run time", "run peakmem"]


def test_the_time_of_a_test_case_is_heads_median_without_an_exponent() -> None:
    verdict = sample.told(Outcome.NEW, sample.row("a.time_b"), "", value=2.1e-8)
    (case,) = parsed(replace(sample.baseline_report(), verdicts=(verdict,))).findall("testcase")
    assert case.get("time") == "0.000000021"


def test_a_run_that_measured_nothing_does_not_look_like_success() -> None:
    suite = parsed(replace(sample.baseline_report(), verdicts=(), exit_code=3))
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "exit 3: nothing was measured"


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec=None)), st.floats())
def test_any_text_and_any_number_make_xml(text: str, number: float) -> None:
    verdict = sample.told(Outcome.FAILED, sample.row(text, text), text, value=number, sides=("head",))
    report = replace(
        sample.full_report(),
        verdicts=(verdict,),
        warnings=(text,),
        findings=(Finding(text, text),),
        seconds=number,
        started=number,
    )
    assert len(parsed(report).findall("testcase")) == 2
