"""Script engines: a new one, a whole runtime with its event loop, a global, a small script, its compilation."""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, ClassVar

from benchmarks._scripts import (
    ENGINES,
    check,
    close,
    kept,
    opened,
    opened_with_its_loop,
    reading_x,
    simple,
    with_a_job,
)


class _New:
    """What rows share that make an engine under the clock. `methods` are those that it must have."""

    version = "1"
    params = (ENGINES,)
    param_names = ("engine",)
    number = 1
    timeout = 120.0
    perfbench_pin = False
    methods: ClassVar[Sequence[str]] = ()
    made: Any = None

    def __init__(self) -> None:
        self.known: set[str] = set()

    def setup(self, engine: str) -> None:
        """Make one before the first: that one loads the library, and starts the process that serves the others."""
        if engine not in self.known:
            close(opened(engine, *self.methods))
            self.known.add(engine)

    def teardown(self, engine: str) -> None:
        made, self.made = self.made, None
        close(made)


class Engine(_New):
    """A new interpreter with its limits."""

    def time_create(self, engine: str) -> None:
        self.made = opened(engine)


class CreateAndRun(_New):
    """A new interpreter, one small script in it, and its end."""

    methods = ("execute",)

    def time_create_and_run(self, engine: str) -> None:
        self.made = opened(engine)
        check(self.made.execute(simple(engine, self.made)), self.made)
        close(self.made)
        self.made = None


class Runtime(_New):
    """A whole runtime with its event loop: made, a script and the timer that it sets until none is left, its end."""

    def setup(self, engine: str) -> None:
        if engine not in self.known:
            close(opened_with_its_loop(engine))
            self.known.add(engine)

    def time_create_run(self, engine: str) -> None:
        self.made = opened_with_its_loop(engine)
        check(self.made.run(with_a_job(engine, self.made)), self.made)
        close(self.made)
        self.made = None


class Register:
    """A number as a global, in the place of the one before."""

    version = "1"
    params = (ENGINES,)
    param_names = ("engine",)
    timeout = 120.0
    perfbench_pin = False
    numbers = count(1)
    number_set = 0
    engine: Any = None

    def setup(self, engine: str) -> None:
        self.engine = kept(engine, "register")

    def teardown(self, engine: str) -> None:
        """Read back what the last call has set."""
        number, self.number_set = self.number_set, 0
        source = reading_x(engine)
        if number and source is not None and self.engine.execute(source) != number:
            raise RuntimeError("the global has not the value that was registered")

    def time_register(self, engine: str) -> None:
        self.number_set = next(self.numbers)
        self.engine.register("x", self.number_set)


class Execute:
    """One small script in an interpreter that is there: the sum of a hundred numbers, by a loop."""

    version = "1"
    params = (ENGINES,)
    param_names = ("engine",)
    timeout = 120.0
    perfbench_pin = False

    def setup(self, engine: str) -> None:
        self.engine = kept(engine, "execute")
        self.source = simple(engine, self.engine)

    def time_simple(self, engine: str) -> None:
        check(self.engine.execute(self.source), self.engine)


class ExecuteCompiled:
    """The same script, compiled before."""

    version = "1"
    params = (ENGINES,)
    param_names = ("engine",)
    timeout = 120.0
    perfbench_pin = False

    def __init__(self) -> None:
        self.programs: dict[str, Any] = {}

    def setup(self, engine: str) -> None:
        self.engine = kept(engine, "compile", "execute")
        if engine not in self.programs:
            self.programs[engine] = self.engine.compile(simple(engine, self.engine))
        self.program = self.programs[engine]

    def time_compiled(self, engine: str) -> None:
        check(self.engine.execute(self.program), self.engine)


class Compile:
    """The same script, compiled and not run."""

    version = "1"
    params = (ENGINES,)
    param_names = ("engine",)
    timeout = 120.0
    perfbench_pin = False
    program: Any = None
    engine: Any = None

    def setup(self, engine: str) -> None:
        self.engine = kept(engine, "compile")
        self.source = simple(engine, self.engine)

    def teardown(self, engine: str) -> None:
        """Run what the last call has compiled, where there is a way to."""
        program, self.program = self.program, None
        if program is not None and callable(getattr(self.engine, "execute", None)):
            check(self.engine.execute(program), self.engine)

    def time_compile(self, engine: str) -> None:
        self.program = self.engine.compile(self.source)


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("script")
