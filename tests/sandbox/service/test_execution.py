"""Commands: no word is read as shell, and no more is held than is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.process import ProcessRuntime, ProcessSandbox
from perfbench.sandbox.runtimes.runtime import Sandbox
from perfbench.sandbox.service import execution
from perfbench.sandbox.service.refusals import OutOfTimeError
from tests.sandbox.service.served import Served

MEAN = [
    "$(id)",
    "`id`",
    "; id",
    "&& id",
    "| id",
    "> /tmp/x",
    "*",
    "~",
    "$HOME",
    "a b",
    "'",
    '"',
    "\\",
    "",
    "\n",
    "-n",
]


class Elsewhere:
    """A sandbox whose /tmp is no directory of the host."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.exec = sandbox.exec


@pytest.fixture(scope="module")
def local() -> Iterator[ProcessSandbox]:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        yield sandbox


@pytest.fixture(params=["with a folder of the host", "without"])
def place(local: ProcessSandbox, request: pytest.FixtureRequest) -> Sandbox:
    return cast("Sandbox", Elsewhere(local)) if request.param == "without" else local


def run(sandbox: Sandbox, *argv: str, stdin: bytes = b"", most: int = 1000) -> execution.Answer:
    return execution.run(sandbox, argv, stdin=stdin, timeout=20, most=most)


def test_exit_code_and_streams_come_back(place: Sandbox) -> None:
    answer = run(place, "sh", "-c", "cat; echo err >&2; exit 7", stdin=b"in")
    assert answer == execution.Answer(7, b"in", b"err\n", False)


@pytest.mark.parametrize("code", [0, 1, 126, 127, 255])
def test_every_exit_code_is_the_commands(place: Sandbox, code: int) -> None:
    assert run(place, "sh", "-c", f"exit {code}").exit_code == code


def test_death_by_a_signal_reads_as_in_a_shell(place: Sandbox) -> None:
    assert run(place, "sh", "-c", "kill -9 $$").exit_code == 137


def test_no_word_is_read_as_shell(place: Sandbox) -> None:
    answer = run(place, "printf", "%s\\0", *MEAN)
    assert answer.stdout == "".join(f"{word}\0" for word in MEAN).encode()


@settings(max_examples=15)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_any_words_arrive_as_they_are(local: ProcessSandbox, words: list[str]) -> None:
    answer = run(local, "printf", "%s\\0", *words, most=100_000)
    assert answer.stdout == "".join(f"{word}\0" for word in words or [""]).encode()


@pytest.mark.parametrize(
    "name", ["eval", "exit", "cd", ".", "set", "nosuch", "-x", "A=1", "if", "$(id)", "; id"]
)
def test_what_is_no_program_is_not_run(place: Sandbox, name: str) -> None:
    answer = run(place, name, "id")
    assert answer.exit_code in (126, 127)
    assert b"uid=" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_is_cut_at_the_limit(place: Sandbox, stream: str) -> None:
    script = "head -c 100000 /dev/zero" + (" >&2" if stream == "stderr" else "")
    answer = run(place, "sh", "-c", script)
    assert answer.truncated
    assert getattr(answer, stream) == bytes(1000)


def test_output_of_just_the_limit_is_whole(place: Sandbox) -> None:
    answer = run(place, "head", "-c", "1000", "/dev/zero")
    assert (len(answer.stdout), answer.truncated) == (1000, False)


def test_a_command_in_a_container_that_never_stops_talking_is_ended(local: Sandbox) -> None:
    answer = run(cast("Sandbox", Elsewhere(local)), "yes")
    assert answer.truncated
    assert answer.exit_code == 141


def test_a_command_that_takes_too_long_is_killed(place: Sandbox) -> None:
    with pytest.raises(OutOfTimeError):
        execution.run(place, ["sleep", "300"], stdin=b"", timeout=0.1, most=10)


def test_what_a_command_makes_of_its_output_file_leads_nowhere(local: ProcessSandbox) -> None:
    swap = 'for file in .exec-*; do rm "$file"; ln -s /etc/passwd "$file"; done'
    assert run(local, "sh", "-c", swap) == execution.Answer(0, b"", b"", False)
    swap = 'for file in .exec-*; do rm "$file"; mkfifo "$file"; done'
    assert run(local, "sh", "-c", swap) == execution.Answer(0, b"", b"", False)


def test_nothing_of_it_stays_in_the_sandbox(local: ProcessSandbox) -> None:
    run(local, "true")
    with pytest.raises(OutOfTimeError):
        execution.run(local, ["sleep", "300"], stdin=b"", timeout=0.1, most=10)
    assert [name for name in local.tmp.iterdir() if name.name.startswith(".exec-")] == []


def test_a_sandbox_that_is_gone_is_an_error() -> None:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
    with pytest.raises(SandboxError):
        run(sandbox, "true")


def test_a_client_is_told_of_all_that(served: Served, sandbox: str) -> None:
    assert served.run(sandbox, "printf", "%s", "$(id); `id`").members["stdout"] == "$(id); `id`"
    binary = served.run(sandbox, "printf", "\\377").members
    assert (binary["stdout"], binary["encoding"]) == ("/w==", "base64")
    late = served.run(sandbox, "sleep", "300", timeout=0.1)
    assert (late.status, "did not end within 0.1 s" in late.members["error"]) == (504, True)
    flood = served.run(sandbox, "head", "-c", "1000000", "/dev/zero").members
    assert (len(flood["stdout"]), flood["truncated"]) == (10000, True)
