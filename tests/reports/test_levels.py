"""Where an origin points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perfbench.model import Outcome
from perfbench.reports.levels import Place, place_of_row, place_of_rule, unexplained, where_limits_stand

from . import sample


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("thresholds.toml:12", Place("baselines/thresholds.toml", 12)),
        ("rules:near", None),
        ("thresholds.toml:0", None),
        ("thresholds.toml", None),
        ("", None),
    ],
)
def test_a_file_with_a_line_is_a_place_in_the_repository(origin: str, expected: Place | None) -> None:
    assert place_of_rule(origin, sample.full_report()) == expected


def test_files_at_the_top_have_no_folder() -> None:
    report = replace(sample.full_report(), rules_folder="")
    assert place_of_rule("a.toml:3", report) == Place("a.toml", 3)
    assert where_limits_stand(report) == Place("thresholds.toml", 1)


def test_an_exit_code_that_no_row_and_no_finding_explains_is_told() -> None:
    report = replace(sample.baseline_report(), exit_code=3)
    assert unexplained(report) == "exit 3: nothing was measured"
    assert unexplained(sample.baseline_report()) == unexplained(sample.full_report()) == ""
    assert unexplained(replace(report, exit_code=1, findings=sample.FINDINGS)) == ""


def test_a_row_points_to_its_rule_else_to_its_benchmark() -> None:
    row, report = sample.row("command.Exec.track_overhead", "runc", output="0"), sample.full_report()
    compared = sample.compared(row, 1.0, 2.0)
    ruled, default = (
        sample.judged(Outcome.REGRESSED, compared, rule) for rule in (sample.LIMIT, "limit 1 %")
    )
    assert place_of_row(ruled, report) == Place("baselines/thresholds.toml", 12)
    assert place_of_row(default, report) == Place("benchmarks/command.py", 31)
    assert place_of_row(default, replace(report, sources={})) is None
