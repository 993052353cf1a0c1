"""Commands of the sandbox runner: registered, looked up, a line parsed, a line dispatched.

None has a setup: asv repeats it before every call that it times, and a look-up takes less than a microsecond.
"""

from __future__ import annotations

from perfbench.sandbox import commands

LINE = "run --timeout 5 --quiet python3 script.py 'an argument' --name=value"
WANTED = ("python3", ("script.py", "an argument"), 5.0, True, "value")
OTHERS = 100


def run(
    program: str, *arguments: str, timeout: float = 10.0, quiet: bool = False, name: str = ""
) -> tuple[str, tuple[str, ...], float, bool, str]:
    """A command as they are, with arguments, options and a flag; it does nothing."""
    return (program, arguments, timeout, quiet, name)


def _registry() -> commands.Registry:
    registry = commands.Registry()
    for number in range(OTHERS):
        registry.register(f"command-{number}", run, aliases=(f"c{number}",))
    registry.register("run", run, aliases=("exec",))
    return registry


REGISTRY = _registry()


class Commands:
    """A registry of 101 commands, each with an alias."""

    version = "1"
    timeout = 60.0

    def time_register(self) -> None:
        """One command with an alias, in a registry that is made for it."""
        commands.Registry().register("run", run, aliases=("exec",))

    def time_find(self) -> None:
        """By its alias."""
        REGISTRY.find("exec")

    def time_parse(self) -> None:
        """A line of two arguments, two options and a flag."""
        REGISTRY.parse(LINE)

    def time_dispatch(self) -> None:
        """The same line, until its command has answered."""
        if REGISTRY.dispatch(LINE) != WANTED:
            raise RuntimeError(f"{LINE!r} was not understood")


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("dispatch")
