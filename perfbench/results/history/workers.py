"""Reading many files with all processors: other processes read, this one puts together what they found.

A worker ends when the pipe to it does, so none outlives its parent, however that ends.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.errors import PerfbenchError
from perfbench.results.history.reading_files import FileReader, Job, Reading
from perfbench.results.history.row_table import ReadFile, Row

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

AT_ONCE = 32
"""Files that a worker reads before it answers."""

AHEAD = 2
"""Answers that a worker may prepare before they are asked for."""

MOST = 4
"""Processes at most: one puts together what some three can read."""

WORTH = 32 * 1024**2
"""Bytes from which on a process of its own pays; to start one takes a third of a second."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker has read: `rows` are new ones of its table since its answer before."""

    worker: int
    rows: Sequence[Row]
    files: Sequence[ReadFile]


def read_all(reading: Reading, jobs: Sequence[Job], processes: int | None = None) -> Iterator[Answer]:
    """All files in the order of the jobs. `processes` 0 reads in this one; None chooses by the work.

    Raises PerfbenchError where a process died, most likely for want of memory.
    """
    parts = [jobs[start : start + AT_ONCE] for start in range(0, len(jobs), AT_ONCE)]
    count = _processes(jobs) if processes is None else processes
    if not count:
        yield from _read_here(reading, parts)
        return
    import multiprocessing  # noqa: PLC0415  (small imports need none)

    context = multiprocessing.get_context("spawn")
    workers: list[tuple[SpawnProcess, Connection]] = []
    try:
        for number in range(min(count, len(parts))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, reading, number), daemon=True)
            process.start()
            theirs.close()
            workers.append((process, ours))
        yield from _answers([pipe for _, pipe in workers], parts)
    finally:
        for process, pipe in workers:
            pipe.close()
            process.terminate()
        for process, _ in workers:
            process.join()


def _answers(pipes: Sequence[Connection], parts: Sequence[Sequence[Job]]) -> Iterator[Answer]:
    """Part n is read by worker n, n + count, …, so that answers come in order."""
    count = len(pipes)
    try:
        for number, part in enumerate(parts[: count * AHEAD]):
            pipes[number % count].send(part)
        for number in range(len(parts)):
            pipe = pipes[number % count]
            answer: Answer = pipe.recv()
            if number + count * AHEAD < len(parts):
                pipe.send(parts[number + count * AHEAD])
            yield answer
    except (EOFError, OSError) as error:
        raise PerfbenchError(
            "a process that read results has died", "free some memory and import again: what is in stays in"
        ) from error


def _read_here(reading: Reading, parts: Sequence[Sequence[Job]]) -> Iterator[Answer]:
    reader = FileReader(reading)
    known = 0
    for part in parts:
        files = [reader.read(job) for job in part]
        yield Answer(0, reader.table.rows[known:], files)
        known = len(reader.table.rows)


def _work(pipe: Connection, reading: Reading, number: int) -> None:
    """The life of a worker: parts come in, answers go out, until the pipe is closed."""
    import gc  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    gc.disable()  # what is read has no cycles
    reader = FileReader(reading)
    known = 0
    with suppress(EOFError, OSError):
        while True:
            part: Sequence[Job] = pipe.recv()
            files = [reader.read(job) for job in part]
            pipe.send(Answer(number, reader.table.rows[known:], files))
            known = len(reader.table.rows)


def _processes(jobs: Sequence[Job]) -> int:
    """One for each processor where there is much to read, else none."""
    size = 0
    for job in jobs:
        with suppress(OSError):
            size += Path(job.path).stat().st_size
        if size > WORTH:
            return min(os.cpu_count() or 1, MOST)
    return 0
