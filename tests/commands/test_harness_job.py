"""Harnesses on two sides, from the command to the verdict.

Their values are made up and repeat exactly: what is tested is the way, not the clock.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from perfbench.config import Thresholds
from perfbench.errors import UsageError
from perfbench.model import Budget, Harness, Outcome
from perfbench.results.reading import read_any
from tests.commands.harness_sides import ROWS, Sides, harness

SLOWER = ROWS.replace("0.5", "0.6")


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


def test_a_slowdown_on_head_is_named_and_nothing_else(sides: Sides) -> None:
    sides.write("head", SLOWER)
    found = sides.verdicts(harness())
    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "api.parse time": Outcome.PASSED,
        "api.format time": Outcome.REGRESSED,
    }
    comparison = found["api.format time"].comparison
    assert comparison is not None
    assert comparison.ratio == pytest.approx(1.2)
    assert comparison.paired


def test_two_identical_sides_pass(sides: Sides) -> None:
    outcomes = {verdict.outcome for verdict in sides.verdicts(harness()).values()}
    assert outcomes == {Outcome.PASSED}


def test_an_execution_is_one_run_with_the_number_of_its_round(sides: Sides) -> None:
    sides.verdicts(harness(), rounds=6)
    for label in ("base", "head"):
        parse, _ = read_any(sides.file).side(label)
        assert str(parse.benchmark) == "api.parse"
        assert [run.round for run in parse.runs] == list(range(6))
        assert all(len(run.values) == 3 for run in parse.runs)


def test_the_side_that_goes_first_changes_from_round_to_round(sides: Sides) -> None:
    sides.verdicts(harness(), rounds=6)
    order = [line.split(", ")[1] for line in sides.log.splitlines() if line.startswith("== api")]
    assert order[:8] == ["base", "head", "head", "base", "base", "head", "head", "base"]


def test_what_a_harness_says_is_in_the_log(sides: Sides) -> None:
    sides.verdicts(harness(), rounds=6)
    assert "== api, head, round 6\nround 5\n" in sides.log


def test_several_harnesses_are_measured_together_each_by_its_own_name(sides: Sides) -> None:
    sides.write("head", SLOWER)
    found = sides.verdicts(harness("one"), harness("two"))
    assert found["one.format time"].outcome is found["two.format time"].outcome is Outcome.REGRESSED
    assert len(found) == 4


def test_an_undecided_row_gets_more_rounds_while_the_time_lasts(sides: Sides) -> None:
    sides.write("base", 'benchmarks += [bench("parse", 0.01)]\n')
    sides.write(
        "head", 'benchmarks += [bench("parse", 0.01 * (0.8 + 0.08 * min(round, 5) if round < 6 else 1))]\n'
    )
    (verdict,) = sides.verdicts(harness(), rounds=6, seconds=600).values()
    assert verdict.comparison is not None
    assert verdict.comparison.rounds > 6


def test_the_first_rounds_are_whole_unless_the_budget_is_strict(sides: Sides) -> None:
    (verdict, _) = sides.verdicts(harness(), rounds=6, seconds=0.0).values()
    assert verdict.comparison is not None
    assert verdict.comparison.rounds == 6
    sides.file.unlink()
    (verdict, _) = sides.verdicts(harness(), rounds=6, seconds=0.0, strict=True).values()
    assert verdict.comparison is not None
    assert verdict.comparison.rounds == 1
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_a_row_of_one_side_alone_is_new_or_missing(sides: Sides) -> None:
    sides.write("base", ROWS.replace("format", "old"))
    sides.write("head", ROWS.replace("format", "fresh"))
    found = sides.verdicts(harness(), rounds=6)
    assert found["api.old time"].outcome is Outcome.MISSING
    assert found["api.fresh time"].outcome is Outcome.NEW
    assert found["api.fresh time"].value == pytest.approx(0.5, rel=0.01)


def test_metrics_of_one_benchmark_are_rows_of_their_own(sides: Sides) -> None:
    more = 'benchmarks += [bench("parse", {}, unit="byte")]\n'
    sides.write("base", ROWS + more.format(1000))
    sides.write("head", ROWS + more.format(1300))
    found = sides.verdicts(harness())
    # pyperf holds one benchmark of a name, so that the second one is a problem, and is told.
    assert set(found) == {"api.parse time", "api.format time", "api.parse peakmem"}
    assert found["api.parse peakmem"].outcome is Outcome.REGRESSED
    assert found["api.parse time"].outcome is Outcome.PASSED


def test_a_harness_that_fails_on_head_alone_has_failed_there(sides: Sides) -> None:
    sides.write("head", "raise SystemExit('it broke')\n")
    found = sides.verdicts(harness())
    assert set(found) == {"api.parse time", "api.format time"}
    for verdict in found.values():
        assert (verdict.outcome, verdict.sides) == (Outcome.FAILED, ("head",))
        assert verdict.reason == "the harness ended with exit code 1: it broke"


def test_a_harness_that_fails_on_both_sides_names_both(sides: Sides) -> None:
    for label in ("base", "head"):
        sides.write(label, "raise SystemExit('it broke')\n")
    (verdict,) = sides.verdicts(harness()).values()
    assert (verdict.outcome, verdict.sides, str(verdict.benchmark)) == (
        Outcome.FAILED,
        ("base", "head"),
        "api",
    )


def test_what_base_cannot_run_is_new(sides: Sides) -> None:
    sides.write("base", "raise SystemExit('not yet')\n")
    found = sides.verdicts(harness())
    assert found["api.format time"].outcome is Outcome.NEW
    assert "base cannot run it" in found["api.format time"].reason
    assert found["api.format time"].value == pytest.approx(0.5, rel=0.01)


def test_a_failure_in_a_later_round_fails_every_row_of_the_harness(sides: Sides) -> None:
    sides.write("head", ROWS + "if round == 3: raise SystemExit('late')\n")
    found = sides.verdicts(harness())
    assert {verdict.outcome for verdict in found.values()} == {Outcome.FAILED}
    assert set(found) == {"api.parse time", "api.format time"}
    assert {one.outcome for one in read_any(sides.file).outcomes} == {Outcome.FAILED}


def test_one_harness_that_fails_leaves_the_others_alone(sides: Sides) -> None:
    bad = Harness("bad", (sys.executable, "-c", "raise SystemExit(3)", "{out}"))
    found = sides.verdicts(bad, harness())
    assert found["bad"].outcome is Outcome.FAILED
    assert found["api.format time"].outcome is Outcome.PASSED


def test_a_timeout_fails_the_harness_and_leaves_no_process(sides: Sides) -> None:
    sides.write("head", "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)\n")
    with (sides.root / "head" / "rows.py").open("a") as file:
        file.write("import time\ntime.sleep(600)\n")
    verdict = sides.verdicts(harness(timeout=3.0))["api.parse time"]
    assert "ran past its timeout of 3 s and was killed" in verdict.reason
    (child,) = [int(line) for line in sides.log.splitlines() if line.isdecimal()]
    deadline = time.monotonic() + 30
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("no-such-program", "{out}"), "no-such-program: command not found"),
        (("sh", "-c", "true", "{out}"), "wrote no results to {out}"),
        (
            ("sh", "-c", "echo nothing > $0", "{out}"),
            "what it wrote is not a result file that perfbench reads",
        ),
        (("sh", "-c", "true > $0", "{out}"), "what it wrote is empty"),
    ],
)
def test_a_harness_that_gives_nothing_to_read_is_refused_by_its_name(
    sides: Sides, command: tuple[str, ...], told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        sides.verdicts(Harness("api", command, origin="perfbench.toml:1"))
    assert refused.value.message == f"harness 'api' (perfbench.toml:1): {told}"


def test_a_setup_that_fails_on_head_has_failed_there(sides: Sides) -> None:
    sides.write("head", "", "broken")
    setup = (("sh", "-c", "test ! -e broken"),)
    (verdict,) = sides.verdicts(harness(setup=setup)).values()
    assert (verdict.outcome, verdict.sides) == (Outcome.FAILED, ("head",))
    assert "its setup step `sh -c test ! -e broken` ended with exit code 1" in verdict.reason


def test_only_the_rows_that_were_asked_for_are_kept(sides: Sides) -> None:
    found = sides.verdicts(harness(), expressions=("parse$",))
    assert set(found) == {"api.parse time"}
    assert {str(row.benchmark) for row in read_any(sides.file).side("head")} == {"api.parse"}


def test_the_rows_are_told_once_they_are_known(sides: Sides) -> None:
    sides.verdicts(harness())
    assert [str(benchmark) for benchmark, _ in sides.heard] == ["api.parse", "api.format"]


def test_budgets_hold_for_harness_rows_too(sides: Sides) -> None:
    rules = Thresholds(budgets=(Budget("api.format", "time", 0.1),))
    found = sides.verdicts(harness(), thresholds=rules)
    assert found["api.format time"].outcome is Outcome.OVER_BUDGET


def test_one_side_alone_is_judged_by_its_budgets(tmp_path: Path) -> None:
    alone = Sides(tmp_path, labels=("head",))
    rules = Thresholds(budgets=(Budget("api.format", "time", 0.1),))
    found = alone.verdicts(harness(), rounds=6, thresholds=rules)
    assert found["api.parse time"].outcome is Outcome.PASSED
    assert found["api.format time"].outcome is Outcome.OVER_BUDGET


def test_long_series_of_samples_are_kept_as_medians_of_stretches(sides: Sides) -> None:
    for label in ("base", "head"):
        sides.write(label, 'benchmarks += [bench("parse", *[0.01] * 5000)]\n')
    sides.verdicts(harness(), rounds=6)
    (parse,) = read_any(sides.file).side("head")
    assert all(len(run.values) == 1000 for run in parse.runs)


CRITERION = """
import json, os, pathlib

round = int(os.environ["PYTHONHASHSEED"])
place = pathlib.Path("target/criterion/parse/new")
place.mkdir(parents=True, exist_ok=True)
nanoseconds = 1e6 * SLOWER * (1 + 0.001 * (round % 3))
identity = {"group_id": "parse", "function_id": None, "value_str": None, "throughput": None}
(place / "benchmark.json").write_text(json.dumps(identity))
sample = {"sampling_mode": "Flat", "iters": [1.0] * 5, "times": [nanoseconds] * 5}
(place / "sample.json").write_text(json.dumps(sample))
"""


def test_a_folder_that_a_tool_writes_of_its_own_accord_is_read(sides: Sides) -> None:
    for label, slower in (("base", "1.0"), ("head", "1.1")):
        sides.write(label, CRITERION.replace("SLOWER", slower), "criterion.py")
    cargo = Harness("rust", (sys.executable, "criterion.py"), result="target/criterion")
    found = sides.verdicts(cargo)
    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "rust.parse time": Outcome.REGRESSED
    }


def test_a_folder_as_an_earlier_execution_left_it_ends_the_harness(sides: Sides) -> None:
    for label in ("base", "head"):
        lazy = f"if not __import__('pathlib').Path('target').exists():\n    exec({CRITERION!r})\n"
        sides.write(label, lazy.replace("SLOWER", "1.0"), "criterion.py")
    cargo = Harness("rust", (sys.executable, "criterion.py"), result="target/criterion")
    (verdict,) = sides.verdicts(cargo).values()
    assert verdict.outcome is Outcome.FAILED
    assert "left target/criterion as it was before" in verdict.reason
