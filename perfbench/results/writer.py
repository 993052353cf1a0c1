"""Writes perfbench's own result file, round by round, so that nothing that ends a run loses a round."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import BenchmarkId, Metric, Outcome, Run, Summary
from perfbench.results import lines
from perfbench.results.result_file import Header

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ResultWriter:
    """A result file that grows. What was flushed stays, whatever happens next; nothing is ever written twice.

    Leaving its `with` block without `finish` marks the file as not complete. Calls that write raise
    PerfbenchError when the disk is full; the lines of the round at hand are then kept in memory and
    written by the next `flush`, once there is room.
    """

    def __init__(self, path: Path, header: Header, *, mode: int = 0o600) -> None:
        """Create the file with its header line.

        `mode` is lowered by the umask. Raises UsageError when the file exists or cannot be created.
        """
        self.path = path
        self._rows: dict[tuple[BenchmarkId, Metric], int] = {}
        self._pending: list[bytes] = []
        self._written = 0
        self._finished = False
        self._began = time.monotonic()
        self._file = _create(path, mode)
        try:
            self._add(_header_line(header))
            self.flush()
        except BaseException:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise

    def run(self, side: str, benchmark: BenchmarkId, metric: Metric, run: Run) -> None:
        """Add one worker process's samples; on disk after the next `flush`."""
        self._add(lines.run_line(self._row(benchmark, metric), side, run))

    def summary(self, side: str, benchmark: BenchmarkId, metric: Metric, summary: Summary) -> None:
        """Add what is known of a row that has no samples on that side."""
        self._add(lines.SummaryLine(self._row(benchmark, metric), side, summary))

    def outcome(self, benchmark: BenchmarkId, outcome: Outcome, reason: str, sides: Sequence[str]) -> None:
        """Add a row without values (skipped, failed, new, missing), its reason and the sides concerned."""
        self._add(
            lines.OutcomeLine(
                benchmark.suite, benchmark.name, benchmark.params, outcome, reason, tuple(sides)
            )
        )

    def flush(self) -> None:
        """Bring all lines to the disk, at the end of a round. Raises PerfbenchError when it is full."""
        if not self._pending:
            return
        data = b"".join(self._pending)
        try:
            # A write that failed or was interrupted half way left part of a line: take that back first.
            os.ftruncate(self._file, self._written)
            _write_all(self._file, data)
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._written)
            raise self._explained(error) from error
        self._written += len(data)
        self._pending.clear()

    def finish(
        self, *, complete: bool = True, seconds: float | None = None, exit_code: int | None = None
    ) -> None:
        """Write the end line. `seconds` is how long the run took (default: since the file was created)."""
        if self._finished:
            return
        took = time.monotonic() - self._began if seconds is None else seconds
        self._add(lines.EndLine(complete, took, exit_code))
        self._finished = True
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish(complete=False)
            self.flush()
        except PerfbenchError:
            if error is None:
                raise
        finally:
            os.close(self._file)

    def _row(self, benchmark: BenchmarkId, metric: Metric) -> int:
        """The number of a row, which is named before its first use."""
        key = (benchmark, metric)
        if key not in self._rows:
            self._rows[key] = len(self._rows)
            self._add(lines.row_line(self._rows[key], benchmark, metric))
        return self._rows[key]

    def _add(self, line: lines.Line) -> None:
        self._pending.append(lines.encode(line))

    def _explained(self, error: OSError) -> PerfbenchError:
        reason = error.strerror or str(error)
        kept = " (the rounds before this one are safe there)" if self._written else ""
        remedy = "free some space, or write" if error.errno in _FULL else "write"
        return PerfbenchError(
            f"cannot write to {self.path}: {reason}{kept}", f"{remedy} to another disk (-o FILE)"
        )


def _header_line(header: Header) -> lines.HeaderLine:
    sides = {
        label: lines.Side(side.revision, side.environment, side.commit, side.dirty)
        for label, side in header.sides.items()
    }
    return lines.HeaderLine(
        "perfbench-results",
        lines.VERSION,
        header.created,
        header.title,
        sides,
        tuple(header.arguments),
        tuple(header.noise),
    )


def _create(path: Path, mode: int) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise UsageError(f"{path} exists already", "name another file, or remove that one") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot create {path}: {reason}", "name another file with -o") from error


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
