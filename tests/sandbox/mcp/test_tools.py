"""What each tool does, and what it refuses."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest

from perfbench.errors import CommandError, PerfbenchError, SandboxError, ScriptError, StoreError, UsageError
from perfbench.sandbox.mcp import tools as limits
from perfbench.sandbox.mcp.shelf import Shelf
from perfbench.sandbox.mcp.tools import Tools
from perfbench.sandbox.runtimes.process import ProcessRuntime

LONG = "x" * (limits.MOST_BYTES + 1)


@pytest.fixture
def tools() -> Iterator[Tools]:
    made = Tools(Shelf(ProcessRuntime(), most=2), store="memory")
    yield made
    made.close()


def test_a_command_gives_its_output_and_exit_code(tools: Tools) -> None:
    done = tools.run_command(["sh", "-c", "cat; echo oops >&2; exit 3"], stdin="given")
    assert done == {"exit_code": 3, "stdout": "given", "stderr": "oops\n", "truncated": False}


def test_no_shell_sees_the_words_of_a_command(tools: Tools) -> None:
    words = ["$HOME", "; false", "`id`", "a b", "*", "'\""]
    assert tools.run_command(["printf", "%s\n", *words])["stdout"].splitlines() == words


def test_a_program_that_is_not_there_is_exit_code_127(tools: Tools) -> None:
    assert tools.run_command(["no-such-program"])["exit_code"] == 127


def test_a_command_is_killed_after_its_timeout(tools: Tools) -> None:
    with pytest.raises(SandboxError, match=r"within 0\.05 s"):
        tools.run_command(["sleep", "30"], timeout=0.05)


def test_long_output_is_cut_and_said_to_be(tools: Tools) -> None:
    done = tools.run_command(["head", "-c", str(limits.MOST_OUTPUT + 1), "/dev/zero"])
    assert len(done["stdout"]) == limits.MOST_OUTPUT
    assert done["truncated"]


def test_commands_and_files_of_one_sandbox_are_not_those_of_another(tools: Tools) -> None:
    first, second = tools.create_sandbox(), tools.create_sandbox()
    assert tools.write_file("a.txt", "hello", first) == 5
    assert tools.run_command(["cat", "a.txt"], first)["stdout"] == "hello"
    assert tools.list_files(sandbox=first) == ["a.txt"]
    assert tools.list_files(sandbox=second) == []
    assert tools.list_sandboxes() == [first, second]
    assert tools.delete_sandbox(first) == first
    assert tools.list_sandboxes() == [second]


def test_bytes_go_in_and_out_as_base64(tools: Tools) -> None:
    data = bytes(range(256))
    assert tools.write_file("a", base64.b64encode(data).decode(), encoding="base64") == 256
    assert tools.read_file("a", encoding="base64") == base64.b64encode(data).decode()
    with pytest.raises(SandboxError, match="not UTF-8 text; read it with encoding"):
        tools.read_file("a")


def test_sessions_keep_state_and_history(tools: Tools) -> None:
    session = tools.session_create({"a": 1})
    assert tools.session_write(session, entry={"role": "user"}) == 1
    assert tools.session_write(session, {"a": 2}, {"role": "tool"}) == 2
    found = tools.session_read(session)
    assert (found["state"], found["history"]) == ({"a": 2}, [{"role": "user"}, {"role": "tool"}])
    with pytest.raises(StoreError):
        tools.session_read("no-such-session")


def test_a_history_has_an_end(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_HISTORY", 1)
    session = tools.session_create()
    tools.session_write(session, entry={})
    with pytest.raises(StoreError, match="begin another session"):
        tools.session_write(session, entry={})


def test_a_script_gives_its_value(tools: Tools) -> None:
    pytest.importorskip("quickjs")
    assert tools.run_script("6 * 7") == 42
    with pytest.raises(ScriptError):
        tools.run_script("for (;;) {}", timeout=0.05)


@pytest.mark.parametrize(
    ("attempt", "kind", "message"),
    [
        (lambda tools: tools.run_command([]), CommandError, "names no program"),
        (lambda tools: tools.run_command([""]), CommandError, "names no program"),
        (lambda tools: tools.run_command(["a"] * 1025), CommandError, "1025 words"),
        (lambda tools: tools.run_command(["a", "b\0c"]), CommandError, "holds a NUL"),
        (lambda tools: tools.run_command(["a", "\ud800"]), UsageError, "not Unicode text"),
        (lambda tools: tools.run_command(["a", "b" * 200_000]), CommandError, "longer than 131072"),
        (lambda tools: tools.run_command(["true"], timeout=0), UsageError, "timeout is 0 s"),
        (lambda tools: tools.run_command(["true"], timeout=61), UsageError, "at most 60"),
        (lambda tools: tools.run_command(["true"], timeout=float("nan")), UsageError, "timeout is nan"),
        (lambda tools: tools.run_command(["true"], "no-such"), SandboxError, "no sandbox 'no-such'"),
        (lambda tools: tools.run_command(["cat"], stdin=LONG), UsageError, "stdin has"),
        (lambda tools: tools.echo(LONG), UsageError, "text has"),
        (lambda tools: tools.write_file("a", LONG), UsageError, "content has"),
        (lambda tools: tools.write_file("a", "?", encoding="base64"), UsageError, "is not base64"),
        (lambda tools: tools.write_file("../a", ""), SandboxError, "leads out"),
        (lambda tools: tools.read_file("../a"), SandboxError, "leads out"),
        (lambda tools: tools.list_files("/"), SandboxError, "leads out"),
        (lambda tools: tools.session_create({"a": LONG}), UsageError, "state is longer"),
        (lambda tools: tools.session_read("x" * 201), UsageError, "longer than any id"),
    ],
)
def test_what_it_will_not_take_is_refused_in_a_sentence(
    attempt: Callable[[Tools], object], kind: type[PerfbenchError], message: str, tools: Tools
) -> None:
    with pytest.raises(kind, match=message):
        attempt(tools)
