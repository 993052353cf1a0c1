"""The report for programs: its schema, and that nothing in a report can break it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields, replace
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from perfbench import model
from perfbench.errors import ExitCode
from perfbench.model import Outcome, Report
from perfbench.reports import json_report

from . import sample
from .golden import assert_golden

SCHEMA = json.loads(resources.files("perfbench.reports").joinpath("report.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)

NOT_SHOWN = {"benchmark", "metric", "evidence"}
"""A comparison's fields that its verdict has, and the figures it was made from."""


def parsed(report: Report) -> dict[str, Any]:
    """The report as a program reads it, valid by the schema."""

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    found: dict[str, Any] = json.loads(json_report.render(report), parse_constant=refuse)
    VALIDATOR.validate(found)
    return found


@pytest.mark.parametrize("make", [sample.full_report, sample.head_only_report, sample.baseline_report])
def test_the_report_reads_as_it_did_and_is_valid(make: Callable[[], Report]) -> None:
    assert parsed(make())
    assert_golden(f"{make.__name__.removesuffix('_report')}.json", json_report.render(make()))


def test_the_schema_is_itself_valid_and_explains_its_fields() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert all("description" in field for field in SCHEMA["properties"].values())


@pytest.mark.parametrize(
    ("noun", "names"),
    [
        ("comparison", {field.name for field in fields(model.Comparison)} - NOT_SHOWN),
        ("verdict", {field.name for field in fields(model.Verdict)}),
        ("environment", {field.name for field in fields(model.Environment)}),
        ("runtime", {field.name for field in fields(model.RuntimeStatus)}),
        ("side", {field.name for field in fields(model.SideSummary)}),
        ("metric", {field.name for field in fields(model.Metric)}),
        ("finding", {field.name for field in fields(model.Finding)}),
    ],
)
def test_the_schema_leaves_out_nothing_that_the_model_knows(noun: str, names: set[str]) -> None:
    assert set(SCHEMA["$defs"][noun]["required"]) == set(SCHEMA["$defs"][noun]["properties"]) == names


def test_the_schema_leaves_out_no_field_of_the_report() -> None:
    renamed = {"version": "perfbench", "exit_code": "exit"}
    names = {renamed.get(field.name, field.name) for field in fields(Report)} | {"schema_version", "counts"}
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == names


def test_the_schema_knows_every_outcome_and_exit_code() -> None:
    assert set(SCHEMA["$defs"]["outcome"]["enum"]) == set(Outcome)
    assert set(SCHEMA["properties"]["counts"]["required"]) == set(Outcome)
    assert SCHEMA["properties"]["exit"]["properties"]["code"]["enum"] == [int(code) for code in ExitCode]


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_has_its_word(code: ExitCode) -> None:
    told = parsed(replace(sample.baseline_report(), exit_code=int(code)))["exit"]
    words = SCHEMA["properties"]["exit"]["properties"]["word"]["enum"]
    assert (told["code"], told["word"]) == (int(code), words[list(ExitCode).index(code)])


def test_numbers_that_are_not_finite_are_null() -> None:
    comparison = replace(sample.compared(sample.row("a.time_b"), 1.0, 1.0), ratio=math.nan, high=math.inf)
    verdict = sample.judged(Outcome.INCONCLUSIVE, comparison)
    report = replace(sample.full_report(), verdicts=(verdict,), noise_floor=math.nan, started=math.inf)
    found = parsed(report)
    assert (found["noise_floor"], found["started"]) == (None, None)
    assert found["verdicts"][0]["comparison"]["ratio"] is None
    assert found["verdicts"][0]["comparison"]["high"] is None


def test_verdicts_keep_their_order_and_their_full_ids() -> None:
    report = sample.full_report()
    found = [verdict["benchmark"]["id"] for verdict in parsed(report)["verdicts"]]
    assert found == [str(verdict.benchmark) for verdict in report.verdicts]


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec=None)), st.floats())
def test_any_text_and_any_number_make_a_valid_report_in_ascii(text: str, number: float) -> None:
    verdict = sample.told(Outcome.NEW, sample.row(text, text), text, value=number)
    report = replace(sample.full_report(), verdicts=(verdict,), seconds=number, warnings=(text,))
    assert parsed(report)["counts"]["new"] == 1
    assert json_report.render(report).isascii()
