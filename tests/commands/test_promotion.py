"""`perfbench baseline promote` and `accept`, on stored runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from perfbench.acceptances import load_acceptances
from perfbench.environment import current, machine_name
from perfbench.errors import ExitCode
from perfbench.model import BenchmarkId, Environment, Metric, Outcome, Run
from perfbench.results.baselines import branch_folder
from perfbench.results.result_file import Header, SideHeader
from perfbench.results.stored_history import read
from perfbench.results.writer import ResultWriter
from tests.commands.command_line import git, perfbench, repository

ROWS = ("parse.time_read", "parse.time_write")
TIME = Metric("time", "seconds")
DAY = 86400.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a baseline `night` of main, promoted once."""
    folder = repository(tmp_path / "project")
    git("config", "user.name", "Ann", cwd=folder)
    promoted(folder, stored(folder, "first"))
    return folder


def stored(
    project: Path,
    name: str,
    *,
    factors: dict[str, float] | None = None,
    rows: tuple[str, ...] = ROWS,
    night: int = 0,
    base: bool = False,
    cpu: str = "",
    skipped: str = "",
) -> Path:
    """A finished run outside of the tree, 12 rounds of each row; `factors` make head's rows slower."""
    commit = git("rev-parse", "HEAD", cwd=project).strip()
    here: Environment = current(commit=commit)
    environment = replace(here, cpu=cpu) if cpu else here
    labels = ("base", "head") if base else ("head",)
    created = 1.79e9 + night * DAY
    header = Header(
        "run", created, {label: SideHeader(commit[:7], commit, False, environment) for label in labels}
    )
    path = project.parent / f"{name}.jsonl"
    with ResultWriter(path, header) as writer:
        for row in rows:
            for number in range(12):
                for label in labels:
                    factor = (factors or {}).get(row, 1.0) if label == "head" else 1.0
                    values = tuple(0.01 * factor * (1 + 1e-4 * (number + place)) for place in range(3))
                    writer.run(label, BenchmarkId("s", row), TIME, Run(values, number, created + number))
        if skipped:
            writer.outcome(BenchmarkId("s", skipped), Outcome.SKIPPED, "runc is not installed", labels)
        writer.finish(seconds=1.0, exit_code=0)
    return path


def promoted(project: Path, run: Path, *arguments: str, code: int = 0) -> str:
    done = perfbench("baseline", "promote", "night", "--from", str(run), *arguments, cwd=project)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def accepted(project: Path, row: str, *arguments: str, code: int = 0) -> str:
    fixed = ("--reason", "safer parsing", "--expires", "2999-12-31")
    done = perfbench("baseline", "accept", row, *fixed, *arguments, cwd=project)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def baseline(project: Path, branch: str = "main") -> Path:
    return project / "baselines" / machine_name() / branch / "night.jsonl"


def test_each_promotion_adds_a_run_to_the_history(project: Path) -> None:
    for night in range(1, 7):
        run = stored(project, f"n{night}", night=night, factors={ROWS[0]: 1 + 0.01 * (night % 2)})
        said = promoted(project, run)
    assert "no worse than the one of main before it, 7 runs in its history" in said
    assert baseline(project).read_bytes().count(b'"type":"run"') == run.read_bytes().count(b'"type":"run"')
    history = read(baseline(project).with_name("night.history.jsonl"))
    assert [line.created for line in history.runs] == [1.79e9 + night * DAY for night in range(7)]
    shown = perfbench("baseline", "show", "night", cwd=project).stdout
    assert "in 7 stored runs" in shown
    assert "night" in perfbench("baseline", "list", cwd=project).stdout


def test_the_limit_of_a_row_is_that_of_its_nights(project: Path) -> None:
    for night in range(1, 8):
        wobble = 1 + 0.02 * (night % 2)
        promoted(project, stored(project, f"n{night}", night=night, factors={ROWS[0]: wobble}))
    slower = stored(project, "slower", night=9, factors={ROWS[0]: 1.08, ROWS[1]: 1.08})
    said = promoted(project, slower, code=ExitCode.REGRESSED)
    assert f"{ROWS[1]} regressed by +8 % (limit 1 %)" in said
    report = project.parent / "report.json"
    perfbench("compare", str(baseline(project)), str(slower), "--json", str(report), cwd=project)
    found = {row["benchmark"]["name"]: row for row in json.loads(report.read_text())["verdicts"]}
    assert found[ROWS[1]]["outcome"] == "regressed"
    assert found[ROWS[0]]["outcome"] == "passed"
    assert found[ROWS[0]]["rule"].endswith("(night-to-night noise of 8 stored runs)")


def test_steps_that_are_each_too_small_to_be_named_are_named_once_they_add_up(project: Path) -> None:
    for night in range(1, 9):
        creeping = stored(project, f"n{night}", night=night, factors={ROWS[0]: 1.008**night})
        said = promoted(project, creeping)
    assert f"warning: {ROWS[0]} has got worse by 4.9 % over its stored runs" in said
    assert ROWS[1] not in said


def test_a_regressed_row_stops_a_promotion_and_is_named(project: Path) -> None:
    before = baseline(project).read_bytes()
    said = promoted(
        project, stored(project, "slow", night=1, factors={ROWS[0]: 1.2}), code=ExitCode.REGRESSED
    )
    assert f"{ROWS[0]} regressed by +20 %" in said
    assert "perfbench baseline accept" in said
    assert baseline(project).read_bytes() == before
    assert len(read(baseline(project).with_name("night.history.jsonl")).runs) == 1


def test_a_vanished_row_stops_it_too_until_it_is_let_go(project: Path) -> None:
    run = stored(project, "fewer", night=1, rows=("parse.time_read", "parse.time_writing"))
    said = promoted(project, run, code=ExitCode.REGRESSED)
    assert "parse.time_write is not in this run (probably renamed to parse.time_writing)" in said
    assert "fits no row that vanished" in promoted(project, run, "--drop", "*read", code=ExitCode.USAGE)
    promoted(project, run, "--drop", "*.time_write")


def test_a_row_that_is_skipped_now_would_vanish_as_well(project: Path) -> None:
    run = stored(project, "skipping", night=1, rows=ROWS[:1], skipped=ROWS[1])
    said = promoted(project, run, code=ExitCode.REGRESSED)
    assert "parse.time_write is not in this run (runc is not installed)" in said
    promoted(project, stored(project, "more", night=1, skipped="parse.time_new"))


def test_other_hardware_is_no_successor(project: Path) -> None:
    said = promoted(project, stored(project, "other", night=1, cpu="another one"), code=ExitCode.USAGE)
    assert "cannot be compared with the baseline 'night': the CPU differs" in said
    assert "perfbench baseline save night --force" in said


def test_a_baseline_that_was_only_saved_is_kept_in_the_history(project: Path) -> None:
    saved = perfbench(
        "baseline", "save", "night", "--force", "--from", str(stored(project, "s", night=1)), cwd=project
    )
    assert saved.returncode == 0
    assert "3 runs in its history" in promoted(project, stored(project, "n2", night=2))


def test_a_branch_starts_from_the_main_branchs_baseline_and_leaves_it_alone(project: Path) -> None:
    before = baseline(project).read_bytes()
    git("switch", "--quiet", "--create", "feature/x", cwd=project)
    slow = stored(project, "slow", night=1, factors={ROWS[0]: 1.2})
    promoted(project, slow, code=ExitCode.REGRESSED)
    said = promoted(project, stored(project, "n1", night=1, factors={ROWS[0]: 0.8}))
    assert "no worse than the one of main before it, 2 runs in its history" in said
    assert baseline(project, branch_folder("feature/x")).is_file()
    assert baseline(project).read_bytes() == before
    named = promoted(project, stored(project, "n2", night=2), "--branch", "release-1")
    assert "release-1/night.jsonl" in named


def test_a_regression_that_is_accepted_is_promoted_and_the_entry_has_served(project: Path) -> None:
    slow = stored(project, "slow", night=1, factors={ROWS[0]: 1.2})
    said = accepted(project, ROWS[0], "--from", str(slow), "--baseline", "night")
    assert said == f"accepted {ROWS[0]} until 2999-12-31 in accepted.toml:4; commit it\n"
    (entry,) = load_acceptances(project / "baselines" / "accepted.toml")
    assert (entry.author, entry.reason) == ("Ann", "safer parsing")
    assert entry.share == pytest.approx(0.21, abs=0.01)
    assert "accepted.toml:4: the acceptance of 'parse.time_read' has served; remove it" in promoted(
        project, slow
    )


def test_a_regression_is_accepted_from_the_two_sides_of_a_run(project: Path) -> None:
    both = stored(project, "both", factors={ROWS[0]: 1.2}, base=True)
    accepted(project, "parse.*", "--from", str(both), "--ceiling", "+25 %", "--author", "Bo")
    (entry,) = load_acceptances(project / "baselines" / "accepted.toml")
    assert (entry.pattern, entry.author, entry.share) == ("parse.*", "Bo", 0.25)
    assert perfbench("compare", str(both), cwd=project).returncode == ExitCode.PASSED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("parse.time_wriet",), "fits no row of"),
        (("parse.time_write",), "has not got worse"),
        (("parse.time_read", "--ceiling", "+5 %"), "beyond +5 %"),
        (("parse.time_read", "--ceiling", "much"), "--ceiling: "),
        (("parse.time_read", "--expires", "2020-01-01"), "2020-01-01 is over"),
        (("parse.time_read", "--expires", "soon"), "does not match"),
        (("parse.time_read", "--metric", "peakmem"), "has not got worse"),
        (("parse.time_read", "--reason", "two\nlines"), "not a line of text"),
        (("parse.time_read", "--baseline", "none"), "there is no baseline 'none'"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_wrong_acceptance_is_one_sentence(arguments: tuple[str, ...], said: str, project: Path) -> None:
    both = stored(project, "both", factors={ROWS[0]: 1.2}, base=True)
    answer = accepted(project, *arguments, "--from", str(both), code=ExitCode.USAGE)
    assert said in answer
    assert answer.count("\n") == 1
    assert not (project / "baselines" / "accepted.toml").exists()


def test_what_is_accepted_already_is_changed_by_hand(project: Path) -> None:
    both = stored(project, "both", factors={ROWS[0]: 1.2}, base=True)
    accepted(project, ROWS[0], "--from", str(both))
    again = accepted(project, ROWS[0], "--from", str(both), code=ExitCode.USAGE)
    assert "accepted.toml:4 accepts 'parse.time_read' already" in again


def test_a_run_of_one_side_needs_a_baseline(project: Path) -> None:
    run = stored(project, "one", factors={ROWS[0]: 1.2})
    assert "holds one side only" in accepted(project, ROWS[0], "--from", str(run), code=ExitCode.USAGE)
