"""A language's interpreter in a sandbox: its first start in a fresh one, and a start in one that runs.

The program is as small as can be: it prints the answer, which is checked. What is on the clock is the way into the
sandbox, the interpreter's start and its end.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks._running import TARGETS, output_of, started, subject, usable
from perfbench import sut
from perfbench.sandbox import runtimes
from perfbench.sandbox.runtimes.runtime import Runtime, Sandbox

ANSWER = b"42"
NOT_THERE = (126, 127)
"""Exit codes of a command that cannot be found or run."""

OF_THE_HOST = ("process", "bubblewrap")
PYTHON_IMAGE = "perfbench-python:latest"
"""Made by tools/engine; the image that Docker sandboxes are made from by default is a busybox."""


@dataclass(frozen=True, slots=True)
class Language:
    """How a program is handed to an interpreter: the names it goes by, the words after them, what to install."""

    programs: Sequence[str]
    words: Sequence[str]
    package: str


LANGUAGES = {
    "shell": Language(("sh",), ("-c", "echo $((6 * 7))"), "dash"),
    "awk": Language(("awk",), ("BEGIN { print 6 * 7 }",), "mawk"),
    "python": Language(("python3", "python"), ("-c", "print(6 * 7)"), "python3"),
    "javascript": Language(("node", "nodejs"), ("-e", "console.log(6 * 7)"), "nodejs"),
    "perl": Language(("perl",), ("-e", "print 6 * 7"), "perl"),
    "lua": Language(("lua", "lua5.4", "lua5.3"), ("-e", "print(6 * 7)"), "lua5.4"),
}

_commands: dict[tuple[str, str], Sequence[str]] = {}
_runtimes: dict[tuple[str, str], Runtime] = {}


class First:
    """The first command of a fresh sandbox, which has been created and started before."""

    version = "1"
    params = (TARGETS, tuple(LANGUAGES))
    param_names = ("runtime", "language")
    number = 1
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str, language: str) -> None:
        self.command = _command(runtime, language)
        subject.create_from(_runtime(runtime, language))
        subject.sandbox.start()

    def teardown(self, runtime: str, language: str) -> None:
        subject.discard()

    def time_run(self, runtime: str, language: str) -> None:
        _run(subject.sandbox, self.command)


class Warm:
    """The same in a sandbox that has run it before."""

    version = "1"
    params = (TARGETS, tuple(LANGUAGES))
    param_names = ("runtime", "language")
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str, language: str) -> None:
        self.command = _command(runtime, language)
        self.sandbox = _running(runtime, language)

    def time_run(self, runtime: str, language: str) -> None:
        _run(self.sandbox, self.command)


def _run(sandbox: Sandbox, command: Sequence[str]) -> None:
    answer = output_of(sandbox, command).strip()
    if answer != ANSWER:
        raise RuntimeError(f"{command[0]} answered {answer[-100:]!r}, not {ANSWER!r}")


def _command(runtime: str, language: str) -> Sequence[str]:
    """The command that answers in that sandbox, found by trying once in this process.

    Raises NotImplementedError, asv's way to skip, where the sandbox has no interpreter of that language.
    """
    if (runtime, language) not in _commands:
        sandbox = _running(runtime, language)
        found = LANGUAGES[language]
        commands = [(program, *found.words) for program in found.programs]
        there = [one for one in commands if sandbox.exec(one).exit_code not in NOT_THERE]
        if not there:
            tried = ", ".join(found.programs)
            raise NotImplementedError(
                f"the sandbox has no {language} (tried {tried}); {_remedy(runtime, found)}"
            )
        _commands[runtime, language] = there[0]
    return _commands[runtime, language]


def _remedy(runtime: str, language: Language) -> str:
    if runtime in OF_THE_HOST:
        return f"apt-get install {language.package}"
    if runtime in TARGETS and (runtime.startswith("docker:") or runtime == "podman"):
        return "name an image that has it: image of [sut.container]"
    return "its root is made of a busybox alone"


def _running(runtime: str, language: str) -> Sandbox:
    found = _runtime(runtime, language)
    return started(runtime if found is usable(runtime) else f"{runtime} {language}", found)


def _runtime(name: str, language: str) -> Runtime:
    """The runtime of that name; for Python in Docker with an image that has it, where the engine holds it."""
    if (name, language) not in _runtimes:
        found = usable(name)
        if language == "python" and name.startswith("docker:") and _is_ours():
            found = _with_python(name) or found
        _runtimes[name, language] = found
    return _runtimes[name, language]


def _is_ours() -> bool:
    return sut.is_reference() and sut.RUNTIMES_VARIABLE not in os.environ


def _with_python(name: str) -> Runtime | None:
    runtime = runtimes.runtime(name, image=PYTHON_IMAGE)
    try:
        runtime.create().remove()
    except NotImplementedError:
        return None  # the engine has no such image
    return runtime


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("language")
