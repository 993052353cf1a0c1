"""What a user names is what is measured; what fits nothing is told with the nearest name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perfbench.commands.selection import by_regex, by_runtime, concerns, select
from perfbench.errors import ConfigError, UsageError
from perfbench.measure.discovery import CONTROL, Row
from perfbench.model import BenchmarkId


def row(name: str, **params: str) -> Row:
    return replace(CONTROL, benchmark=BenchmarkId("demo", name, tuple(params.items())))


ROWS = (
    row("container.Lifecycle.time_start", runtime="process"),
    row("container.Lifecycle.time_start", runtime="docker:runc"),
    row("container.Lifecycle.time_stop", runtime="process"),
    row("container.Lifecycle.time_stop", runtime="docker:runc"),
    row("command.Cli.time_version"),
)


def chosen(**options: object) -> list[str]:
    defaults: dict[str, object] = {
        "expressions": (),
        "runtimes": (),
        "everything": False,
        "tier": ("*time_start(process)", "command.*"),
        "short": False,
        "runs_here": lambda name: name == "docker:runc",
    }
    return [str(row.benchmark) for row in select(ROWS, **(defaults | options))]  # type: ignore[arg-type]


def test_the_tier_is_measured_by_default() -> None:
    assert chosen() == ["container.Lifecycle.time_start(process)", "command.Cli.time_version"]


def test_everything_and_an_empty_tier_mean_every_row() -> None:
    assert len(chosen(everything=True)) == len(chosen(tier=())) == len(ROWS)


def test_an_expression_searches_beyond_the_tier() -> None:
    assert chosen(expressions=[r"stop\(docker"]) == ["container.Lifecycle.time_stop(docker:runc)"]


def test_a_runtime_is_found_for_the_tiers_benchmarks() -> None:
    assert chosen(runtimes=["docker:runc"]) == ["container.Lifecycle.time_start(docker:runc)"]


def test_an_area_means_all_its_rows_not_only_the_tiers() -> None:
    assert chosen(only=["container"]) == [str(row.benchmark) for row in ROWS[:4]]


def test_an_area_combines_with_expressions_runtimes_and_short() -> None:
    assert chosen(only=["container"], expressions=["time_stop"], runtimes=["process"]) == [
        "container.Lifecycle.time_stop(process)"
    ]
    assert chosen(only=["container"], short=True) == [
        "container.Lifecycle.time_start(docker:runc)",
        "container.Lifecycle.time_stop(docker:runc)",
    ]


def test_an_area_that_is_switched_off_is_measured_only_if_it_is_named() -> None:
    assert chosen(switched_off={"command"}) == ["container.Lifecycle.time_start(process)"]
    assert len(chosen(switched_off={"command"}, everything=True)) == 4
    assert chosen(switched_off={"command"}, only=["command"]) == ["command.Cli.time_version"]


def test_an_expression_that_fits_only_what_is_left_out_names_its_area() -> None:
    with pytest.raises(UsageError, match=r"of the area command alone.*; add --only command"):
        chosen(expressions=["version"], switched_off={"command"})
    with pytest.raises(UsageError, match="add --only command"):
        chosen(expressions=["version"], only=["container"])


def test_what_base_alone_has_is_missed_only_where_it_would_have_been_measured() -> None:
    gone = BenchmarkId("demo", "session.time_read")
    choice: dict[str, Any] = {
        "expressions": (),
        "runtimes": (),
        "everything": False,
        "tier": ("container.*",),
    }
    assert not concerns(gone, **choice)
    assert concerns(gone, **choice, only=["session"])
    assert not concerns(gone, **choice | {"everything": True}, switched_off={"session"})
    assert not concerns(gone, **choice | {"expressions": ["session"]}, only=["container"])


def test_short_keeps_one_row_of_each_benchmark_on_a_runtime_that_runs_here() -> None:
    assert chosen(everything=True, short=True) == [
        "container.Lifecycle.time_start(docker:runc)",
        "container.Lifecycle.time_stop(docker:runc)",
        "command.Cli.time_version",
    ]


def test_short_keeps_a_row_where_no_runtime_runs_so_that_its_reason_is_told() -> None:
    assert len(chosen(everything=True, short=True, runs_here=lambda _: False)) == 3


def test_a_tier_pattern_that_fits_nothing_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"did you mean command\.Cli\.time_version"):
        chosen(tier=("command.Cli.time_verison",))


def test_an_expression_that_fits_nothing_names_the_nearest_benchmark() -> None:
    with pytest.raises(UsageError, match=r"did you mean command\.Cli\.time_version"):
        by_regex(ROWS, ["command.Cli.time_verison"])


def test_a_broken_expression_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not a regular expression"):
        by_regex(ROWS, ["("])


def test_an_unknown_runtime_names_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean docker:runc"):
        by_runtime(ROWS, ["dokcer:runc"])
