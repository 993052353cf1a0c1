"""The same calls shared out among 1, 4, 16 or 64 threads, which are ready before the clock starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError

WORKERS = (1, 4, 16, 64)
READY_WITHIN = 120.0
"""Seconds until all threads have made what they need."""

Operation = Callable[[], object]
Prepared = Callable[[], AbstractContextManager[Operation]]
"""Makes, in the thread that will use it, what a worker needs; gives the operation."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is shared out: `calls` of an operation, however many threads there are; a multiple of 64."""

    prepared: Prepared
    calls: int


class Workers:
    """Threads that wait to do a job. End with `disband`, whether they have run or not."""

    def __init__(self, job: Job, size: int) -> None:
        self._prepared = job.prepared
        self._each = job.calls // size
        self._barrier = Barrier(size + 1)
        self._threads = ThreadPoolExecutor(size)
        self._workers: list[Future[None]] = [self._threads.submit(self._work) for _ in range(size)]
        try:
            self._meet()
        except BaseException:
            self.disband()
            raise

    def run(self) -> None:
        """Let them go, and come back when the last has done its calls. Raises what one has failed with."""
        self._meet()
        self._meet()

    def disband(self) -> None:
        """End the threads; each closes what it has made."""
        self._barrier.abort()
        wait(self._workers)
        self._threads.shutdown()

    def _work(self) -> None:
        try:
            with self._prepared() as operation:
                operation()  # warm
                self._barrier.wait()  # all are there
                self._barrier.wait()  # go
                for _ in range(self._each):
                    operation()
                self._barrier.wait()  # done
        except BrokenBarrierError:
            return  # another has failed, or nothing was to be run
        except BaseException:
            self._barrier.abort()
            raise

    def _meet(self) -> None:
        try:
            self._barrier.wait(READY_WITHIN)
        except BrokenBarrierError:
            self._barrier.abort()
            wait(self._workers)
            for worker in self._workers:
                worker.result()
            raise RuntimeError(f"the workers did not come within {READY_WITHIN:g} s") from None


def seconds(job: Job, size: int) -> float:
    """How long so many threads take, from the start of all until the last is done."""
    workers = Workers(job, size)
    try:
        start = time.perf_counter()
        workers.run()
        return time.perf_counter() - start
    finally:
        workers.disband()


def efficiency(job: Job, size: int) -> float:
    """Throughput of so many threads, divided by as many times that of one; 1 is as good as it gets.

    One and many run in the order ABBA, so that what slows the machine down slows both.
    """
    one = seconds(job, 1)
    many = seconds(job, size) + seconds(job, size)
    one += seconds(job, 1)
    return one / (many * size)
