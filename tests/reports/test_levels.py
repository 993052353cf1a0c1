"""Where an origin points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perfbench.reports.levels import Place, place, place_or_thresholds

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
    assert place(origin, sample.full_report()) == expected


def test_files_at_the_top_have_no_folder() -> None:
    assert place("a.toml:3", replace(sample.full_report(), rules_folder="")) == Place("a.toml", 3)


def test_what_has_no_place_points_to_where_limits_stand() -> None:
    assert place_or_thresholds("", sample.full_report()) == Place("baselines/thresholds.toml", 1)
