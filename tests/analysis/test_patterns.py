from __future__ import annotations

import pytest

from perfbench.analysis.patterns import fits, last_match, nearest, unmatched
from perfbench.model import Budget, Threshold
from tests.analysis.samples import SIZE, TIME, row

START = row("container.Lifecycle.time_start", "docker:runc")
OVERHEAD = row("command.Exec.track_overhead", "runc")
VERSION = row("command.Cli.time_version")


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "container.*",
        "container.Lifecycle.time_start",
        "container.Lifecycle.time_start(*)",
        "container.Lifecycle.time_start(docker:runc)",
        "*(docker:*)",
        "*time_star?*",
    ],
)
def test_a_pattern_fits_the_full_id_or_the_name(pattern: str) -> None:
    assert fits(pattern, START)


@pytest.mark.parametrize("pattern", ["", "container", "Container.*", "*(runc)", "time_start", "command.*"])
def test_a_pattern_fits_nothing_else(pattern: str) -> None:
    assert not fits(pattern, START)


def test_a_full_id_fits_itself_even_with_brackets_in_it() -> None:
    benchmark = row("module.time_it", "[1, 2]")
    assert fits(str(benchmark), benchmark)


def test_the_last_rule_that_fits_row_and_metric_counts() -> None:
    rules = [
        Threshold("*", "*", 0.1),
        Threshold("container.*", "time", 0.2),
        Threshold("container.*", "peakmem", 0.3),
    ]
    assert last_match(rules, START, TIME) is rules[1]
    assert last_match(rules, START, SIZE) is rules[2]
    assert last_match(rules, OVERHEAD, TIME) is rules[0]
    assert last_match(rules[1:], OVERHEAD, TIME) is None


def test_rules_that_fit_no_benchmark_are_named() -> None:
    useful, useless = Budget("container.*", "time", 0.5), Budget("contaner.*", "time", 0.5)
    assert unmatched([useful, useless], [START, VERSION]) == (useless,)


def test_a_rule_for_a_metric_that_its_rows_do_not_have_guards_nothing() -> None:
    budget = Budget("command.Exec.track_overhead(*)", "time", 0.1)
    assert unmatched([budget], [OVERHEAD]) == ()
    assert unmatched([budget], [OVERHEAD], metric_of=lambda _: "track") == (budget,)


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("contaner.Lifecycle.time_start(*)", "container.Lifecycle.time_start"),
        ("command.Cli.time_versoin", "command.Cli.time_version"),
        ("container.Lifecycle.time_start(docker:rnc)", "container.Lifecycle.time_start(docker:runc)"),
        ("zzz", None),
    ],
)
def test_the_nearest_name_is_offered(pattern: str, meant: str | None) -> None:
    assert nearest(pattern, [START, OVERHEAD, VERSION]) == meant
