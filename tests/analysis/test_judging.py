from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import perfbench
from perfbench.analysis.judging import base_unit, compare_values, judge, judge_family
from perfbench.errors import UsageError
from perfbench.model import Outcome, Summary
from tests.analysis.samples import seeded

Processes = list[list[float]]


def processes(count: int, *, seed: int, factor: float = 1.0, spread: float = 0.005) -> Processes:
    generator = seeded(seed)
    return [
        [factor * layout * (1 + generator.gauss(0, 0.002)) for _ in range(3)]
        for layout in (1 + generator.gauss(0, spread) for _ in range(count))
    ]


BASE, SAME, SLOWER = (
    processes(20, seed=1),
    processes(20, seed=2),
    processes(20, seed=3, factor=1.05),
)


def test_two_lists_are_judged_by_their_processes() -> None:
    assert judge(BASE, SAME).verdict is Outcome.PASSED
    found = judge(BASE, SLOWER)
    assert found.verdict is Outcome.REGRESSED
    assert found.low < 1.05 < found.high
    assert found.p < 0.001
    assert 0 < found.detectable < 0.02
    assert 0.01 < found.effect < 0.03
    assert judge(SLOWER, BASE).verdict is Outcome.IMPROVED


def test_unequal_counts_are_judged_like_equal_ones() -> None:
    assert judge(BASE, SLOWER[:7]).verdict is Outcome.REGRESSED
    assert judge(BASE[:5], SAME).verdict is not Outcome.REGRESSED


@pytest.mark.parametrize(
    ("better", "verdict"),
    [("lower", Outcome.REGRESSED), ("higher", Outcome.IMPROVED), ("none", Outcome.PASSED)],
)
def test_the_direction_is_that_of_the_metric(better: str, verdict: Outcome) -> None:
    assert judge(BASE, SLOWER, better=better).verdict is verdict


def test_a_change_within_the_threshold_has_passed() -> None:
    assert judge(BASE, SLOWER, threshold=0.1).verdict is Outcome.PASSED


def test_a_flat_list_is_one_process() -> None:
    found = judge([run[0] for run in BASE], [run[0] for run in SLOWER])
    assert found.verdict is Outcome.REGRESSED
    assert "one process on each side" in found.warnings[0]


def test_paired_rounds_cancel_what_hit_both_sides() -> None:
    moods = [1 + seeded(9).uniform(0, 1) * (place % 3) for place in range(20)]
    base = [[value * mood for value in run] for run, mood in zip(BASE, moods, strict=True)]
    head = [[value * 1.05 for value in run] for run in base]
    assert judge(base, head).verdict is Outcome.INCONCLUSIVE
    assert judge(base, head, paired=True).verdict is Outcome.REGRESSED


def test_summaries_stand_in_for_lists() -> None:
    stored = {"median": 1.0, "ci99": [0.99, 1.01], "q25": 0.995, "q75": None, "n": 10, "pool": "x"}
    found = judge(stored, {"mean": 1.31, "median": 1.3, "stddev": 0.01, "n": 30, "min": 1.29, "max": 1.33})
    assert found.verdict is Outcome.REGRESSED
    assert judge(Summary(median=1.0), Summary(median=1.0)).verdict is Outcome.INCONCLUSIVE
    assert judge(stored, SLOWER).verdict is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("base", "head", "verdict"),
    [
        ([], [1.0], Outcome.INCONCLUSIVE),
        ([1.0], [2.0], Outcome.INCONCLUSIVE),
        ([[3.0]] * 5, [[3.0]] * 5, Outcome.PASSED),
        ([[0.0]] * 5, [[0.0]] * 5, Outcome.PASSED),
        ([[None]] * 5, [[1.0]] * 5, Outcome.INCONCLUSIVE),
        ([[-1.0, -2.0]] * 5, [[1.0, 2.0]] * 5, Outcome.INCONCLUSIVE),
        ([[math.inf]] * 5, [[1.0]] * 5, Outcome.INCONCLUSIVE),
    ],
)
def test_odd_values_have_an_answer(base: Processes, head: Processes, verdict: Outcome) -> None:
    found = judge(base, head)
    assert found.verdict is verdict
    assert verdict is Outcome.PASSED or found.warnings


def test_missing_values_are_counted() -> None:
    base: list[list[float | None]] = [[*run] for run in BASE]
    base.append([1.0, None])
    assert "1 values are not finite numbers and were left out" in judge(base, SAME).warnings


def test_a_family_is_judged_together_and_each_by_its_own_threshold() -> None:
    rows = [compare_values(BASE, SLOWER, threshold=limit) for limit in (0.01, 0.2, 0.01)]
    assert [found.verdict for found in judge_family(rows)] == [
        Outcome.REGRESSED,
        Outcome.PASSED,
        Outcome.REGRESSED,
    ]


def test_a_small_finding_does_not_stand_among_very_many() -> None:
    few = compare_values(BASE[:5], SLOWER[:5])
    many = [compare_values(BASE[:5], SAME[:5])] * 50
    assert judge_family([few])[0].verdict is Outcome.REGRESSED
    assert judge_family([few, *many])[0].verdict is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        ("s", "seconds"),
        ("seconds", "seconds"),
        ("ms", "seconds"),
        ("KiB", "bytes"),
        ("files", "files"),
        ("", ""),
    ],
)
def test_words_for_times_and_sizes_are_known(word: str, unit: str) -> None:
    assert base_unit(word) == unit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": "12"}, "a is no list of values"),
        ({"a": 3.0}, "a is no list of values"),
        ({"a": [1.0, [2.0]]}, "a mixes numbers and lists"),
        ({"a": ["x"]}, "a mixes|a holds something"),
        ({"b": [[1.0, "x"]]}, "b holds something that is no number"),
        ({"b": {"stddev": 1.0}}, "b is a summary without a centre"),
        ({"b": {"median": "1"}}, "b is a summary with something that is no number"),
        ({"b": {"median": 1.0, "n": -1}}, "b is a summary whose n is no number of samples"),
        ({"b": {"median": 1.0, "n": 10**400}}, "b is a summary whose n is no number of samples"),
        ({"b": {"median": 1.0, "stddev": -0.1}}, "b is a summary whose stddev is negative"),
        ({"b": {"median": 1.0, "ci99": [2.0, 1.0]}}, "b is a summary whose ci99 are the wrong way round"),
        ({"b": {"median": 1.0, "min": 2.0, "max": 1.0}}, "min and max are the wrong way round"),
        ({"better": "faster"}, "'better' is 'faster'"),
        ({"threshold": -1.0}, "the threshold is -1.0"),
        ({"threshold": math.nan}, "the threshold is nan"),
        ({"confidence": 1.0}, "the confidence is 1.0"),
    ],
)
def test_bad_input_gets_a_sentence(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        judge(**{"a": BASE, "b": SAME, **arguments})  # type: ignore[arg-type]
    assert error.value.remedy


def test_a_judgement_reads_as_a_sentence() -> None:
    assert str(judge(BASE, SLOWER)).startswith("regressed: +")
    assert str(judge([], [])) == "inconclusive: no ratio"


VALUES = st.one_of(st.none(), st.floats(), st.integers())
SIDES = st.one_of(st.lists(VALUES, max_size=12), st.lists(st.lists(VALUES, max_size=5), max_size=8))


@given(SIDES, SIDES, st.sampled_from(["s", "B", "x"]), st.booleans())
def test_any_numbers_get_a_judgement(base: Processes, head: Processes, unit: str, paired: bool) -> None:
    found = judge(base, head, unit=unit, paired=paired)
    assert found.verdict in {Outcome.REGRESSED, Outcome.IMPROVED, Outcome.PASSED, Outcome.INCONCLUSIVE}
    assert judge(base, head, unit=unit, paired=paired) == found or math.isnan(found.ratio)


def test_the_package_hands_out_judge_and_imports_it_only_then() -> None:
    assert perfbench.judge is judge
    code = "import sys, perfbench; sys.exit(any(name.startswith('perfbench.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'judges'"):
        perfbench.judges  # noqa: B018
