"""Workflows: several steps one after the other, in one request.

A step is an object with `do`:

    {"do": "create"}                                  make the workflow's own sandbox now rather than when it is needed
    {"do": "exec", "argv": […], "stdin"?, "timeout"?, "check"?: true}
    {"do": "write", "path": …, "text": …}             {"do": "read", "path": …}
    {"do": "delete", "path": …}                       the file; without a path, the workflow's own sandbox
    {"do": "session", "state"?: {…}}                  make a session
    {"do": "session", "id": …, "entry"?: {…}}         read one, with an entry added to its history first

The steps run in the sandbox that is named, or in one made for the workflow and removed at its end, however it
ends. The first that fails, or whose command ends with another code than 0 unless `check` is false, ends it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perfbench.errors import PerfbenchError, SandboxError
from perfbench.sandbox.runtimes.runtime import Sandbox
from perfbench.sandbox.service import contents, execution
from perfbench.sandbox.service.bounded_sessions import BoundedSessions
from perfbench.sandbox.service.limits import ServiceLimits
from perfbench.sandbox.service.refusals import OutOfTimeError, RefusedError, bad, refusal
from perfbench.sandbox.service.request import Fields
from perfbench.sandbox.service.sandboxes import Sandboxes
from perfbench.sandbox.service.shown import shown_answer, shown_content, shown_session

Step = Callable[["Workflow"], dict[str, object]]


def planned(members: Mapping[str, Any], limits: ServiceLimits) -> list[Step]:
    """The steps of a request, all looked at before the first one runs. Raises RefusedError (400)."""
    steps = Fields(members, "the workflow", ("steps", "sandbox")).mappings("steps", limits.steps)
    if not steps:
        raise bad("the workflow has no steps", 'send {"steps": [{"do": "exec", "argv": ["true"]}]}')
    return [_step(step, number, limits) for number, step in enumerate(steps)]


@dataclass(slots=True)
class Workflow:
    """One run of steps. It waits for its runtime and store, so it belongs in a thread."""

    sandboxes: Sandboxes
    sessions: BoundedSessions
    limits: ServiceLimits
    named: str | None
    """The id of the sandbox that it runs in; None for one of its own."""
    deadline: float = 0.0
    room: int = 0
    """Bytes that its answer may still take."""
    own: str | None = None

    def run(self, steps: Sequence[Step]) -> list[dict[str, object]]:
        """What each step gave.

        Raises RefusedError, with the number of the step that failed and what those before it gave.
        """
        self.deadline = time.monotonic() + self.limits.seconds
        self.room = self.limits.body
        results: list[dict[str, object]] = []
        try:
            for step in steps:
                results.append(step(self))
        except PerfbenchError as error:
            failed = refusal(error)
            failed.details.update(step=len(results), steps=results)
            raise failed from error
        finally:
            self.leave()
        return results

    def sandbox(self) -> Sandbox:
        """The one that the steps run in."""
        if self.named is not None:
            return self.sandboxes.find(self.named)
        if self.own is None:
            self.own = self.sandboxes.create().id
        return self.sandboxes.find(self.own)

    def leave(self) -> None:
        """Remove the sandbox made for it, if any."""
        own, self.own = self.own, None
        if own is not None:
            with contextlib.suppress(SandboxError):  # it is removed again when the service ends
                self.sandboxes.remove(own)

    def left(self, most: float) -> float:
        """Seconds that a step may take. Raises OutOfTimeError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTimeError(f"the workflow took longer than {self.limits.seconds:g} s")
        return min(left, most)

    def told(self, *parts: bytes) -> None:
        """Count what goes into the answer. Raises RefusedError (409) when it grows too large."""
        self.room -= sum(map(len, parts))
        if self.room < 0:
            raise RefusedError(409, f"the workflow's answer is larger than {self.limits.body} bytes")


def _step(members: Mapping[str, Any], number: int, limits: ServiceLimits) -> Step:
    where = f"step {number}"
    kind = members.get("do")
    if not isinstance(kind, str) or kind not in KINDS:
        raise bad(f"'do' of {where} must be one of {', '.join(KINDS)}")
    known, plan = KINDS[kind]
    return plan(Fields(members, where, ("do", *known)), limits)


def _create(_: Fields, __: ServiceLimits) -> Step:
    def step(run: Workflow) -> dict[str, object]:
        if run.named is not None or run.own is not None:
            raise bad("the workflow has its sandbox already", "leave `create` out")
        return {"sandbox": run.sandbox().id}

    return step


def _exec(fields: Fields, limits: ServiceLimits) -> Step:
    argv, stdin = fields.argv(), fields.text("stdin", "").encode()
    seconds, check = fields.seconds("timeout", limits.seconds), fields.flag("check", True)

    def step(run: Workflow) -> dict[str, object]:
        answer = execution.run(
            run.sandbox(), argv, stdin=stdin, timeout=run.left(seconds), most=limits.output
        )
        run.told(answer.stdout, answer.stderr)
        if check and answer.exit_code != 0:
            raise RefusedError(
                422, f"{argv[0]} ended with exit code {answer.exit_code}", details=shown_answer(answer)
            )
        return shown_answer(answer)

    return step


def _write(fields: Fields, _: ServiceLimits) -> Step:
    path, content = contents.checked(fields.text("path")), fields.text("text").encode()

    def step(run: Workflow) -> dict[str, object]:
        contents.write(run.sandbox(), path, content)
        return {"bytes": len(content)}

    return step


def _read(fields: Fields, limits: ServiceLimits) -> Step:
    path = contents.checked(fields.text("path"))

    def step(run: Workflow) -> dict[str, object]:
        content = contents.read(run.sandbox(), path, limits.body)
        run.told(content)
        return shown_content(content)

    return step


def _delete(fields: Fields, _: ServiceLimits) -> Step:
    path = contents.checked(fields.text("path")) if "path" in fields else None

    def step(run: Workflow) -> dict[str, object]:
        if path is not None:
            contents.delete(run.sandbox(), path)
        elif run.own is not None:
            run.sandboxes.remove(run.own)
            run.own = None
        else:
            raise bad("the workflow has no sandbox of its own", "give the path of a file")
        return {}

    return step


def _session(fields: Fields, _: ServiceLimits) -> Step:
    state = fields.mapping("state")
    entry = fields.mapping("entry") if "entry" in fields else None
    id = fields.text("id") if "id" in fields else None
    if (id is None and entry is not None) or (id is not None and "state" in fields):
        raise bad("a session is made with a state, or has an id and perhaps an entry")

    def step(run: Workflow) -> dict[str, object]:
        if id is None:
            return shown_session(run.sessions.create(state))
        found = run.sessions.read(id) if entry is None else run.sessions.append(id, entry)
        return shown_session(found)

    return step


KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Fields, ServiceLimits], Step]]] = {
    "create": ((), _create),
    "exec": (("argv", "stdin", "timeout", "check"), _exec),
    "write": (("path", "text"), _write),
    "read": (("path",), _read),
    "delete": (("path",), _delete),
    "session": (("state", "id", "entry"), _session),
}
"""What a step may do → the members that it knows, and how it is planned."""
