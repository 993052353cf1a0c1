from __future__ import annotations

from dataclasses import replace

import pytest

from perfbench.commands.harness_selection import check_expressions, chosen, wants
from perfbench.commands.request import Request
from perfbench.errors import UsageError
from perfbench.measure.discovery import CONTROL
from perfbench.model import BenchmarkId, Harness
from tests.analysis.samples import TIME

SUITE = [
    replace(CONTROL, benchmark=BenchmarkId("suite", name)) for name in ("files.time_copy", "cli.time_start")
]
API, CLI = Harness("api", ("a", "{out}")), Harness("commands", ("b", "{out}"))


def names(*expressions: str) -> tuple[list[str], tuple[str, ...]]:
    found, own = chosen([API, CLI], Request(expressions=expressions), SUITE)
    return [harness.name for harness in found], own


def test_every_harness_runs_where_nothing_is_selected() -> None:
    assert names() == (["api", "commands"], ())


def test_an_expression_of_the_suites_rows_runs_no_harness() -> None:
    assert names("time_copy") == ([], ("time_copy",))


def test_an_expression_that_fits_no_row_may_mean_any_harnesss() -> None:
    assert names("test_parse") == (["api", "commands"], ())
    assert names("time_copy", "test_parse") == (["api", "commands"], ("time_copy",))


def test_an_expression_in_a_harnesss_name_runs_that_one() -> None:
    assert names("files|api") == (["api"], ("files|api",))


def test_a_broken_expression_is_left_to_the_suite_to_refuse() -> None:
    assert names("(") == ([], ("(",))


def test_rows_of_a_runtime_are_never_a_harnesss() -> None:
    assert chosen([API], Request(runtimes=("podman",)), SUITE) == ((), ())


def test_a_row_is_wanted_where_any_expression_is_found_in_it() -> None:
    row = BenchmarkId("api", "api.parse", (("size", "10"),))
    assert wants((), row)
    assert wants(("nothing", r"parse\(10"), row)
    assert not wants(("format",), row)


def test_an_expression_that_fits_neither_is_refused_with_the_nearest_name() -> None:
    rows = [(BenchmarkId("api", "api.parse"), TIME)]
    check_expressions(("parse", "copy"), SUITE, rows)
    with pytest.raises(UsageError, match=r"--bench 'api.prase' fits no benchmark; did you mean api.parse"):
        check_expressions(("api.prase",), SUITE, rows)
