"""Several steps in one request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.service.served import Answer, Served


def workflow(served: Served, *steps: dict[str, Any], **more: str) -> Answer:
    return served.ask("POST", "/workflows", {"steps": list(steps), **more})


def sandboxes(served: Served) -> set[str]:
    return set(served.ask("GET", "/sandboxes").members["sandboxes"])


def test_steps_run_in_turn_in_a_sandbox_made_for_them(served: Served) -> None:
    before = sandboxes(served)
    answer = workflow(
        served,
        {"do": "create"},
        {"do": "write", "path": "in/text", "text": "one two"},
        {"do": "exec", "argv": ["wc", "-w"], "stdin": "one two"},
        {"do": "exec", "argv": ["sh", "-c", "exit 3"], "check": False},
        {"do": "read", "path": "in/text"},
        {"do": "delete", "path": "in/text"},
        {"do": "delete"},
    )
    assert answer.status == 200
    made, wrote, counted, failed, read, *rest = answer.members["steps"]
    assert made["sandbox"] not in before | sandboxes(served)
    assert wrote == {"bytes": 7}
    assert counted["stdout"].strip() == "2"
    assert failed["exit_code"] == 3
    assert read == {"content": "one two", "encoding": "utf-8"}
    assert rest == [{}, {}]


def test_steps_run_in_a_sandbox_that_is_there_and_stays(served: Served, sandbox: str) -> None:
    assert workflow(served, {"do": "write", "path": "a", "text": "b"}, sandbox=sandbox).status == 200
    assert served.run(sandbox, "cat", "a").members["stdout"] == "b"
    for do in ("create", "delete"):
        assert workflow(served, {"do": do}, sandbox=sandbox).status == 400


def test_sessions_are_made_read_and_added_to(served: Served) -> None:
    (made,) = workflow(served, {"do": "session", "state": {"a": 1}}).members["steps"]
    (_, read) = workflow(
        served,
        {"do": "session", "id": made["id"], "entry": {"said": "hello"}},
        {"do": "session", "id": made["id"]},
    ).members["steps"]
    assert (read["state"], read["history"]) == ({"a": 1}, [{"said": "hello"}])


def test_a_step_that_fails_ends_it_and_says_which(served: Served) -> None:
    before = sandboxes(served)
    answer = workflow(
        served,
        {"do": "write", "path": "a", "text": ""},
        {"do": "exec", "argv": ["sh", "-c", "echo no >&2; exit 3"]},
        {"do": "read", "path": "a"},
    )
    members = answer.members
    assert (answer.status, members["step"], members["steps"]) == (422, 1, [{"bytes": 0}])
    assert (members["exit_code"], members["stderr"]) == (3, "no\n")
    assert sandboxes(served) == before


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"do": "read", "path": "missing"}, 404),
        ({"do": "session", "id": "missing"}, 404),
        ({"do": "exec", "argv": ["sleep", "300"], "timeout": 0.1}, 504),
    ],
    ids=str,
)
def test_its_sandbox_goes_whatever_happens(served: Served, step: dict[str, Any], status: int) -> None:
    before = sandboxes(served)
    answer = workflow(served, {"do": "create"}, step)
    assert (answer.status, answer.members["step"]) == (status, 1)
    assert sandboxes(served) == before


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{}],
        [{"do": "fly"}],
        [{"do": ["exec"]}],
        [{"do": "exec"}],
        [{"do": "exec", "argv": "ls"}],
        [{"do": "exec", "argv": ["true"], "timeout": 1000}],
        [{"do": "exec", "argv": ["true"], "check": 1}],
        [{"do": "read", "path": "../x"}],
        [{"do": "write", "path": "/etc/x", "text": ""}],
        [{"do": "write", "path": "x"}],
        [{"do": "delete", "path": 1}],
        [{"do": "create", "path": "x"}],
        [{"do": "session", "id": "x", "state": {}}],
        [{"do": "session", "entry": {}}],
        [{"do": "create"}] * 101,
        "create",
        None,
    ],
    ids=lambda steps: str(steps)[:60],
)
def test_a_workflow_is_looked_at_before_it_runs(served: Served, steps: object) -> None:
    answer = served.ask("POST", "/workflows", {"steps": steps})
    assert answer.status == 400


def test_a_sandbox_that_is_not_there_is_not_found(served: Served) -> None:
    assert workflow(served, {"do": "exec", "argv": ["true"]}, sandbox="nowhere").status == 404


def test_its_answer_is_bounded(served: Served, sandbox: str) -> None:
    served.run(sandbox, "sh", "-c", "head -c 60000 /dev/zero > file")
    answer = workflow(served, *[{"do": "read", "path": "file"}] * 3, sandbox=sandbox)
    assert (answer.status, answer.members["step"]) == (409, 1)
