"""What GitHub's Actions are told: annotations that no name can turn into something else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import Outcome, Report, Verdict
from perfbench.reports import github

from . import sample

COMMAND = re.compile(r"::(error|warning|notice) ((?:file=[^:,\r\n]+,line=\d+,)?title=[^:,\r\n]+)::([^\r\n]*)")


def lines(report: Report) -> list[str]:
    """The annotations, each of them well-formed."""
    found = github.render(report).split("\n")
    assert found.pop() == ""
    assert all(COMMAND.fullmatch(line) for line in found)
    return found


def of(*verdicts: Verdict, **changes: object) -> list[str]:
    bare = replace(sample.full_report(), verdicts=verdicts, findings=(), warnings=())
    return lines(replace(bare, **changes))  # type: ignore[arg-type]


def regressed(number: int) -> Verdict:
    return sample.judged(
        Outcome.REGRESSED, sample.compared(sample.row(f"a.Many.time_{number}"), 1.0, 1.38, 0.03)
    )


def test_a_regression_is_an_error_at_the_line_of_its_rule() -> None:
    assert of(regressed(1)) == [
        "::error file=baselines/thresholds.toml,line=12,title=regressed%3A a.Many.1"
        "::1 s → 1.38 s, +38 %25 (+35 … +41); limit 5 %25, thresholds.toml:12"
    ]


@pytest.mark.parametrize(
    ("outcome", "sides", "exit_code", "command"),
    [
        (Outcome.MISSING, (), 1, "error"),
        (Outcome.FAILED, ("head",), 3, "error"),
        (Outcome.FAILED, ("base", "head"), 0, "warning"),
        (Outcome.INCONCLUSIVE, (), 0, "warning"),
        (Outcome.INCONCLUSIVE, (), 4, "error"),
        (Outcome.IMPROVED, (), 0, "notice"),
        (Outcome.NEW, (), 0, "notice"),
    ],
)
def test_the_command_is_as_grave_as_the_outcome(
    outcome: Outcome, sides: tuple[str, ...], exit_code: int, command: str
) -> None:
    (line,) = of(sample.told(outcome, sample.row("a.time_b"), "why", sides=sides), exit_code=exit_code)
    assert line.startswith(f"::{command} title={outcome}%3A a.b::")


def test_a_run_whose_rows_all_passed_has_nothing_to_annotate() -> None:
    assert lines(sample.baseline_report()) == []


def test_a_run_that_measured_nothing_is_an_error() -> None:
    assert of(exit_code=3) == ["::error title=perfbench::exit 3: nothing was measured"]


def test_the_tenth_of_a_kind_says_how_many_more_there_are() -> None:
    found = of(*map(regressed, range(25)), warnings=("the load was high",))
    assert len(found) == 11
    assert found[9] == "::error title=perfbench::16 more; the report has them all"
    assert found[10] == "::warning title=perfbench::the load was high"


def test_ten_of_a_kind_are_all_shown() -> None:
    assert "more" not in of(*map(regressed, range(10)))[-1]


def test_findings_come_before_rows() -> None:
    first, second, *_ = of(regressed(1), findings=sample.FINDINGS)
    assert first.startswith("::error title=perfbench%3A check::rules:runsc_is_near_runc: ")
    assert second.startswith("::error file=baselines/accepted.toml,line=3,title=perfbench%3A acceptance::")


@settings(deadline=None)
@given(st.text(alphabet="a:,%\r\n#[]= \x85\u2028::"), st.text(alphabet="a:,%\r\n\x0b"))
def test_no_name_and_no_reason_ends_a_command_or_begins_one(name: str, reason: str) -> None:
    verdict = sample.told(Outcome.MISSING, sample.row(f"a.{name}"), reason or "why")
    assert len(of(verdict)) == 1
