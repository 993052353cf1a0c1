"""The same benchmarks as pyperf rows: `python -m benchmarks.container -o out.json`.

pyperf starts this script again for every worker process, with a clean environment, and finds the row by
its ordinal. So every row is declared on every start, in the order in which asv lists them; the first
process passes over the rows that are not wanted or not possible here without losing count of them.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import os
import re
import sys
import time
import timeit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from benchmarks import _running

PASSED = ("DOCKER_", "CONTAINER_", "PERFBENCH_", "XDG_", "TMPDIR")
"""Beginnings of the environment variables that workers need beside those that pyperf passes on."""

NO_TASK = -1
PYPERF_UNITS = {"seconds": "second", "bytes": "byte"}
PLAIN_NUMBER = "integer"
"""pyperf's word for a number of anything else; it knows no others, and a value of it may have a fraction."""


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark, as asv_runner finds it, with one combination of its params."""

    benchmark: Any
    params: tuple[Any, ...]

    def __str__(self) -> str:
        values = f"({', '.join(map(str, self.params))})" if self.params else ""
        return f"{self.benchmark.name}{values}"

    def skip_reason(self) -> str | None:
        """Why this row cannot be measured here, found out by its own setup; None when it can.

        A value that is counted is looked at, too: pyperf takes none of 0 or below.
        """
        try:
            with self.prepared():
                counts = self.benchmark.type == "track"
            if counts and (value := self._value()) <= 0:
                return f"it is {value:g}, and pyperf takes no value of 0 or below"
        except NotImplementedError as error:
            return str(error)
        return None

    def measure(self, loops: int) -> float:
        """The sum of `loops` values, each with its setup before and its teardown after the clock.

        Where there is neither they are timed as one: reading the clock twice costs as much as a short call.
        """
        alone = not self.benchmark._setups and not self.benchmark._teardowns
        if alone and self.benchmark.type == "time":
            return timeit.Timer(partial(self.benchmark.func, *self.params)).timeit(loops)
        return sum(self._value() for _ in range(loops))

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Set up and, whatever happens, tear down, as asv does around every sample."""
        try:
            for setup in self.benchmark._setups:
                setup(*self.params)
            yield
        finally:
            for teardown in self.benchmark._teardowns:
                teardown(*self.params)

    def _value(self) -> float:
        with self.prepared():
            start = time.perf_counter()
            value = self.benchmark.func(*self.params)
            seconds = time.perf_counter() - start
        return seconds if self.benchmark.type == "time" else float(value)


def main(module: str) -> None:
    """Run one module of this folder as a pyperf script.

    Exits with 1 when a row failed, 2 when pyperf is missing or `--bench` fits no row, 3 when every row
    was skipped, 130 when interrupted.
    """
    try:
        import pyperf  # noqa: PLC0415
    except ImportError:
        _leave(2, "pyperf is not installed: pip install pyperf")
    # A value takes milliseconds and one call is enough to read it: 5 ms rather than pyperf's 100.
    runner = pyperf.Runner(processes=6, values=3, min_time=0.005, program_args=("-m", f"benchmarks.{module}"))
    runner.argparser.add_argument(
        "--bench", metavar="REGEX", type=_regex, default="", help="only the rows that it is found in"
    )
    arguments = runner.parse_args()
    needed = [name for name in os.environ if name.startswith(PASSED)]
    arguments.inherit_environ = [*(arguments.inherit_environ or ()), *needed]
    rows = tuple(_rows(module))
    if arguments.worker:
        _work(runner, rows)
    else:
        _manage(runner, rows)


def _work(runner: Any, rows: Sequence[Row]) -> None:
    """Declare every row; pyperf measures the one that this worker is asked for."""
    for row in rows:
        try:
            _declare(runner, row)
        except Exception as error:
            _leave(1, f"{row}: {type(error).__name__}: {error}")


def _manage(runner: Any, rows: Sequence[Row]) -> None:
    """Measure the rows that are wanted and possible, each in worker processes, and pass over the others."""
    wanted = runner.args.bench
    if not any(wanted.search(str(row)) for row in rows):
        _leave(2, f"--bench {wanted.pattern!r} fits none of the {len(rows)} rows")
    outcomes = set()
    try:
        for row in rows:
            outcome = _try(runner, row) if wanted.search(str(row)) else "unwanted"
            if outcome != "measured":
                _pass_over(runner, row)
            outcomes.add(outcome)
    except KeyboardInterrupt:
        _leave(130, "interrupted")
    finally:
        _running.sweep()
    if "failed" in outcomes:
        sys.exit(1)
    if "measured" not in outcomes:
        _leave(3, "every row was skipped: nothing was measured")


def _try(runner: Any, row: Row) -> str:
    """Measure one row: "measured", "skipped" or "failed"; says why when it was not measured."""
    try:
        reason = row.skip_reason()
        _running.release()
        if reason is None:
            _declare(runner, row)
    except Exception as error:
        sys.stderr.write(f"{row}: failed: {error}\n")
        return "failed"
    if reason is not None:
        sys.stderr.write(f"{row}: skipped: {reason}\n")
        return "skipped"
    return "measured"


def _declare(runner: Any, row: Row) -> None:
    unit = PYPERF_UNITS.get(row.benchmark.unit, PLAIN_NUMBER)
    loops = runner.args.loops
    if row.benchmark.type == "track":
        runner.args.loops = 1  # its value is not the time it takes: there is nothing to calibrate
    runner.bench_time_func(str(row), row.measure, metadata={"unit": unit})
    runner.args.loops = loops


def _pass_over(runner: Any, row: Row) -> None:
    """Let pyperf count a row without measuring it: so it does with every row but the one it is asked for."""
    runner.args.worker_task = NO_TASK
    _declare(runner, row)
    runner.args.worker_task = None


def _rows(module: str) -> Iterator[Row]:
    from asv_runner.discovery import disc_benchmarks  # noqa: PLC0415

    for benchmark in disc_benchmarks(str(Path(__file__).parent)):
        if benchmark.name.startswith(f"{module}."):
            values = ([ast.literal_eval(value) for value in param] for param in benchmark.params)
            for params in itertools.product(*values):
                yield Row(benchmark, params)


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from error


def _leave(code: int, message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    sys.exit(code)
