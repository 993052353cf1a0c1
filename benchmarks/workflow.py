"""A whole workflow: what a user of the runner waits for, and what HTTP adds to it.

Its steps: make a sandbox, write a file, run a command on it, read what it wrote, remove the sandbox. Once as one
request to the service that comes with perfbench, once straight on the driver of the runtime `process`.

    [sut.workflow]
    factory = "module:function"     # called once; it returns a callable, and one call of that is one workflow
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast

from benchmarks._http import Connection, Endpoint, as_body
from benchmarks._reference import url
from benchmarks._running import checked, usable
from benchmarks._workspace import workspace
from perfbench import sut

WORKFLOWS = sut.names("workflow", ("http", "direct"))
TEXT = "".join(f"line {number}\n" for number in range(100))
COMMAND = ("cp", "given", "made")
RUNTIME = "process"
JSON = {"Content-Type": "application/json"}
STEPS = [
    {"do": "create"},
    {"do": "write", "path": "given", "text": TEXT},
    {"do": "exec", "argv": list(COMMAND)},
    {"do": "read", "path": "made"},
    {"do": "delete"},
]


class Workflow:
    """One workflow from its beginning to its end."""

    version = "1"
    params = (WORKFLOWS,)
    param_names = ("workflow",)
    number = 1
    timeout = 120.0
    perfbench_pin = False

    def setup(self, workflow: str) -> None:
        self.run = _prepared(workflow)

    def time_workflow(self, workflow: str) -> None:
        self.run()


def _prepared(workflow: str) -> Callable[[], object]:
    """What one call of is the workflow of that name."""
    if workflow in sut.OWN:
        return _own()
    if workflow == "direct":
        usable(RUNTIME)
        return _direct
    connection = _connection(url())
    connection.ready()
    return lambda: _over_http(connection)


@cache
def _own() -> Callable[[], object]:
    """The user's own, made once in this process."""
    made = sut.made("workflow")
    if not callable(made):
        raise RuntimeError(
            f"the factory of [sut.workflow] gave {type(made).__name__}, which cannot be called"
        )
    return cast("Callable[[], object]", made)


@cache
def _connection(place: str) -> Connection:
    return Connection(place)


def _over_http(connection: Connection) -> None:
    answer = json.loads(
        connection.ask(Endpoint("POST", "/workflows", as_body({"steps": STEPS}), headers=JSON))
    )
    _compare(answer["steps"][3]["content"])


def _direct() -> None:
    given, made = workspace() / "workflow-given", workspace() / "workflow-made"
    given.write_text(TEXT)
    with usable(RUNTIME).create() as sandbox:
        sandbox.start()
        sandbox.copy_in(given, _inside("given"))
        checked(sandbox.exec(COMMAND), COMMAND)
        sandbox.copy_out(_inside("made"), made)
    _compare(Path(made).read_text())


def _inside(name: str) -> str:
    return f"/tmp/{name}"  # noqa: S108  (of the sandbox)


def _compare(text: str) -> None:
    """Raises RuntimeError for another text: what did no work must not look fast."""
    if text != TEXT:
        raise RuntimeError(f"the workflow made {len(text)} characters other than those that it was given")


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("workflow")
