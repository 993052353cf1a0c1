from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from perfbench.measure.harness import HarnessFailedError, HarnessLaunch, HarnessUnusableError
from perfbench.measure.side import Side
from perfbench.model import Harness


def side(root: Path) -> Side:
    return Side("head", "abc", "abc", False, root, Path(sys.executable), {"PATH": os.environ["PATH"]}, {})


def script(code: str, **changes: object) -> Harness:
    """A harness that is a shell script, with `{out}` as its first argument unless it names a result."""
    words = ("sh", "-c", code, "sh") + (() if "result" in changes or "captured" in changes else ("{out}",))
    return Harness("api", words, **changes)  # type: ignore[arg-type]


def test_the_path_that_it_is_given_is_where_the_result_is_found(tmp_path: Path) -> None:
    with HarnessLaunch(script("echo one > $1; echo said")) as launch:
        done = launch.execute(side(tmp_path), 0)
        assert done.path.read_text() == "one\n"
        assert done.said == "said\n"
        assert done.started > 0
    assert not done.path.exists()


def test_what_it_prints_is_the_result_where_it_is_captured(tmp_path: Path) -> None:
    with HarnessLaunch(script("echo one", captured=True)) as launch:
        assert launch.execute(side(tmp_path), 0).path.read_text() == "one\n"


def test_a_result_of_its_own_choice_is_found_in_the_checkout(tmp_path: Path) -> None:
    with HarnessLaunch(script("mkdir -p target; echo one > target/new.json", result="target")) as launch:
        assert launch.execute(side(tmp_path), 0).path == tmp_path / "target"


def test_a_result_that_an_earlier_execution_has_left_is_refused(tmp_path: Path) -> None:
    with HarnessLaunch(
        script("test -e result.json || echo one > result.json", result="result.json")
    ) as launch:
        launch.execute(side(tmp_path), 0)
        with pytest.raises(HarnessUnusableError, match=r"left result.json as it was before"):
            launch.execute(side(tmp_path), 1)


def test_an_earlier_result_at_the_chosen_path_does_not_serve_again(tmp_path: Path) -> None:
    with HarnessLaunch(script("test -e once || { touch once; mkdir $1; echo one > $1/x; }")) as launch:
        launch.execute(side(tmp_path), 0)
        with pytest.raises(HarnessUnusableError, match="wrote no results to"):
            launch.execute(side(tmp_path), 1)


def test_it_runs_in_its_folder_with_its_variables_and_the_sides(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    harness = script("pwd; echo $FAST $PYTHONHASHSEED", cwd="inner", environment={"FAST": "1"}, captured=True)
    with HarnessLaunch(harness) as launch:
        place, variables = launch.execute(side(tmp_path), 3).path.read_text().splitlines()
    assert Path(place).resolve() == (tmp_path / "inner").resolve()
    assert variables == "1 3"


def test_the_setup_runs_step_by_step(tmp_path: Path) -> None:
    steps = (("sh", "-c", "echo first > log"), ("sh", "-c", "echo second >> log; cat log"))
    with HarnessLaunch(script("cat log", captured=True, setup=steps)) as launch:
        assert launch.prepare(side(tmp_path)) == "first\nsecond\n"
        assert launch.execute(side(tmp_path), 0).path.read_text() == "first\nsecond\n"


def test_a_setup_step_that_fails_is_named(tmp_path: Path) -> None:
    with (
        HarnessLaunch(script("", captured=True, setup=(("sh", "-c", "echo no; exit 4"),))) as launch,
        pytest.raises(HarnessFailedError, match=r"its setup step `sh -c .*` ended with exit code 4: no"),
    ):
        launch.prepare(side(tmp_path))


@pytest.mark.parametrize(
    ("code", "timeout", "told"),
    [("echo broken; exit 7", 60.0, "exit code 7: broken"), ("sleep 600", 0.5, "timeout of 0.5 s")],
)
def test_a_harness_that_fails_or_does_not_end_says_so(
    tmp_path: Path, code: str, timeout: float, told: str
) -> None:
    with (
        HarnessLaunch(script(code, timeout=timeout)) as launch,
        pytest.raises(HarnessFailedError, match=told) as failed,
    ):
        launch.execute(side(tmp_path), 0)
    assert not isinstance(failed.value, HarnessUnusableError)


def test_a_program_that_is_not_there_cannot_be_used(tmp_path: Path) -> None:
    with (
        HarnessLaunch(Harness("api", ("no-such-program", "{out}"))) as launch,
        pytest.raises(HarnessUnusableError, match="no-such-program: command not found"),
    ):
        launch.execute(side(tmp_path), 0)


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    word = "$HOME; `id` | *"
    print_it = f"{shlex.quote(sys.executable)} -c 'import sys; print(sys.argv[1])'"
    harness = Harness("api", (*shlex.split(print_it), word), captured=True)
    with HarnessLaunch(harness) as launch:
        assert launch.execute(side(tmp_path), 0).path.read_text() == f"{word}\n"


RECORDS = """
import perfbench
perfbench.record_operation("fetch", 0.25)
"""


def test_operations_that_it_records_are_its_result(tmp_path: Path) -> None:
    command = (sys.executable, "-c", RECORDS)
    with HarnessLaunch(Harness("flow", command, recorded=True)) as launch:
        done = launch.execute(side(tmp_path), 0)
        assert '"operation": "fetch", "seconds": 0.25' in done.path.read_text()


def test_a_harness_that_records_nothing_says_so(tmp_path: Path) -> None:
    with HarnessLaunch(Harness("flow", ("true",), recorded=True)) as launch:  # noqa: SIM117
        with pytest.raises(HarnessUnusableError, match="recorded no operation"):
            launch.execute(side(tmp_path), 0)
