"""A command in a running sandbox, its cost over the same on the host, its output; a project's own commands;
perfbench's own start.

    [sut.command.commands]          # each a row of Own, run on the host at the root of the checkout
    import = ["python", "-c", "import mylibrary"]
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from benchmarks._running import TARGETS, checked, on_host, output_of, prepared_by, running
from perfbench import sut

COMMAND = ("true",)
PROGRAMS = sut.names("command", COMMAND)
"""Where none is configured, it is the command of the rows in sandboxes, on the host."""
PAIRS = 8
SIZES = {"0": 0, "64KiB": 64 * 1024, "4MiB": 4 * 1024 * 1024}


def _not_of_a_bare_process(runtime: str) -> None:
    if runtime == "process":
        raise NotImplementedError("a bare process runs on the host itself: there is no overhead to take")


class Exec:
    """A command that does nothing, in a sandbox that already runs."""

    version = "1"
    params = (TARGETS,)
    param_names = ("runtime",)
    unit = "seconds"
    better = "lower"
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str) -> None:
        self.sandbox = running(runtime)

    def time_exec(self, runtime: str) -> None:
        output_of(self.sandbox, COMMAND)

    @prepared_by(_not_of_a_bare_process)
    def track_overhead(self, runtime: str) -> float:
        """Seconds that the command takes longer in the sandbox than on the host.

        Both are timed in turn, in the order ABBA, so that what slows the machine down slows both; the
        figure is the median of the differences of neighbours.
        """
        self._inside()
        _outside()
        differences = []
        for _ in range(PAIRS // 2):
            inside = self._inside()
            outside = _outside()
            differences.append(inside - outside)
            outside = _outside()
            inside = self._inside()
            differences.append(inside - outside)
        return statistics.median(differences)

    def _inside(self) -> float:
        start = time.perf_counter()
        result = self.sandbox.exec(COMMAND)
        seconds = time.perf_counter() - start
        checked(result, COMMAND)
        return seconds


def _outside() -> float:
    start = time.perf_counter()
    result = on_host(COMMAND)
    seconds = time.perf_counter() - start
    checked(result, COMMAND)
    return seconds


class Output:
    """A command that writes so many bytes, until all of them have come back."""

    version = "1"
    params = (TARGETS, tuple(SIZES))
    param_names = ("runtime", "size")
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str, size: str) -> None:
        self.sandbox = running(runtime)

    def time_output(self, runtime: str, size: str) -> None:
        output = output_of(self.sandbox, ["head", "-c", str(SIZES[size]), "/dev/zero"])
        if len(output) != SIZES[size]:
            raise RuntimeError(f"{len(output)} bytes came back, not {SIZES[size]}")


class Own:
    """A command of a project's own on the host, from its start to its end; it must end with exit code 0."""

    version = "1"
    params = (PROGRAMS,)
    param_names = ("program",)
    timeout = 300.0
    perfbench_pin = False

    def setup(self, program: str) -> None:
        table = sut.configured("command")
        words = table["commands"][program] if table is not None else COMMAND
        self.argv = [sut.filled(word) for word in words]
        self.folder = Path(sut.root())

    def time_run(self, program: str) -> None:
        try:
            result = on_host(self.argv, self.folder)
        except OSError as error:
            raise RuntimeError(f"{self.argv[0]} cannot be run: {error.strerror}") from None
        checked(result, self.argv)


class Cli:
    """perfbench's own command line, from the start of the interpreter to its exit."""

    version = "1"
    timeout = 60.0
    perfbench_pin = False

    def time_version(self) -> None:
        _perfbench("--version")

    def time_help(self) -> None:
        _perfbench("--help")


def _perfbench(option: str) -> None:
    argv = [sys.executable, "-m", "perfbench", option]
    if not checked(on_host(argv), argv).stdout:
        raise RuntimeError(f"perfbench {option} printed nothing")


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("command")
