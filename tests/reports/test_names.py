"""Names as readers know them, and text that can do a terminal no harm."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import BenchmarkId
from perfbench.reports.names import LONGEST_TEXT, UNPRINTABLE, labels, plain, shown_name

from . import sample


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("container.Lifecycle.time_start", "container.Lifecycle.start"),
        ("command.Exec.track_overhead", "command.Exec.overhead"),
        ("command.CLI.peakmem_version", "command.CLI.version"),
        ("imports.timeraw_perfbench", "imports.perfbench"),
        ("module.mem_list", "module.list"),
        ("time_module.Class.other", "time_module.Class.other"),
        ("module.time_", "module.time_"),
        ("alone", "alone"),
    ],
)
def test_the_prefix_that_tells_asv_what_to_measure_is_not_shown(name: str, expected: str) -> None:
    assert shown_name(name) == expected


def test_the_runtime_stands_apart_and_other_params_follow_the_name() -> None:
    row = sample.row("files.Write.time_fsync", "runc", size="64KiB", sync="yes")
    label = labels([(row, sample.TIME)])[row, sample.TIME]
    assert (label.group, label.phase, label.target) == ("files.Write", "fsync (64KiB, yes)", "runc")


def test_two_metrics_of_one_name_are_told_apart() -> None:
    time, peak = sample.row("command.CLI.time_version"), sample.row("command.CLI.peakmem_version")
    names = labels([(time, sample.TIME), (peak, sample.PEAK)])
    assert {label.name for label in names.values()} == {
        "command.CLI.version time",
        "command.CLI.version peakmem",
    }


def test_white_space_is_folded_and_control_characters_become_visible() -> None:
    assert plain(" a\n\tb\x1b[31m ") == r"a b\x1b[31m"


def test_text_of_any_length_stays_short() -> None:
    assert len(plain("x" * 10_000)) == LONGEST_TEXT + 1
    assert plain("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT


@settings(deadline=None)
@given(st.text())
def test_plain_text_is_one_printable_line(text: str) -> None:
    assert not {unicodedata.category(char) for char in plain(text)} & UNPRINTABLE
    assert "\n" not in plain(text)


@settings(deadline=None)
@given(st.text())
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize("name", ["runtime", "store", "engine", "endpoint", "tool"])
def test_what_is_measured_stands_apart_from_the_other_params(name: str) -> None:
    benchmark = BenchmarkId("suite", "a.A.time_x", ((name, "one"), ("workers", "4")))
    label = labels([(benchmark, None)])[benchmark, None]
    assert (label.phase, label.target) == ("x (4)", "one")
