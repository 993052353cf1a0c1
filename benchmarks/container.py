"""The life of a sandbox: each phase apart, the whole cycle, the first start of an image, many at once."""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Barrier

from benchmarks._running import TARGETS, output_of, prepared_by, subject, usable
from perfbench.sandbox.runtimes.runtime import Runtime, Sandbox


class Lifecycle:
    """Each phase apart. What comes before a phase is its setup; what is left is removed unclocked."""

    version = "1"
    params = (TARGETS,)
    param_names = ("runtime",)
    number = 1
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str) -> None:
        usable(runtime)

    def teardown(self, runtime: str) -> None:
        subject.discard()

    def time_create(self, runtime: str) -> None:
        subject.create(runtime)

    @prepared_by(subject.create)
    def time_start(self, runtime: str) -> None:
        subject.sandbox.start()

    @prepared_by(subject.create)
    def time_first_command(self, runtime: str) -> None:
        """From the call of start until the first command has answered."""
        _until_first_answer(subject.sandbox)

    @prepared_by(subject.create_and_start)
    def time_stop(self, runtime: str) -> None:
        subject.sandbox.stop()

    @prepared_by(subject.create_start_and_stop)
    def time_remove(self, runtime: str) -> None:
        subject.sandbox.remove()

    def time_cycle(self, runtime: str) -> None:
        """Create, start, one command, stop and remove."""
        subject.create(runtime)
        _until_first_answer(subject.sandbox)
        subject.sandbox.stop()
        subject.sandbox.remove()


class Cold:
    """From start to the first answer, of an image that this machine has never started."""

    version = "1"
    params = (TARGETS,)
    param_names = ("runtime",)
    number = 1
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str) -> None:
        subject.create_cold(runtime)

    def teardown(self, runtime: str) -> None:
        subject.discard()

    def time_first_start(self, runtime: str) -> None:
        _until_first_answer(subject.sandbox)


class Warm:
    """The warm twin of Cold: the same, of an image that has been started before."""

    version = "1"
    params = (TARGETS,)
    param_names = ("runtime",)
    number = 1
    timeout = 120.0
    perfbench_pin = False

    def __init__(self) -> None:
        self.started: set[str] = set()

    def setup(self, runtime: str) -> None:
        if runtime not in self.started:
            subject.create_and_start(runtime)
            subject.discard()
            self.started.add(runtime)
        subject.create(runtime)

    def teardown(self, runtime: str) -> None:
        subject.discard()

    def time_first_start(self, runtime: str) -> None:
        _until_first_answer(subject.sandbox)


class Concurrent:
    """Several sandboxes wanted at once, each by a thread of its own: create, start, one command."""

    version = "1"
    params = (TARGETS, (1, 4, 16))
    param_names = ("runtime", "sandboxes")
    number = 1
    timeout = 300.0
    perfbench_pin = False

    crowd: _Crowd | None = None

    def setup(self, runtime: str, sandboxes: int) -> None:
        self.crowd = _Crowd(usable(runtime), sandboxes)

    def teardown(self, runtime: str, sandboxes: int) -> None:
        crowd, self.crowd = self.crowd, None
        if crowd is not None:
            crowd.disband()

    def time_until_all_answer(self, runtime: str, sandboxes: int) -> None:
        """Until the last of them has answered its first command."""
        assert self.crowd is not None
        self.crowd.run()


class _Crowd:
    """Threads that wait at a barrier, so that their own start lies before the clock's."""

    def __init__(self, runtime: Runtime, size: int) -> None:
        self.runtime = runtime
        self.sandboxes: list[Sandbox] = []
        self.barrier = Barrier(size + 1)
        self.threads = ThreadPoolExecutor(size)
        self.answers: list[Future[None]] = [self.threads.submit(self._member) for _ in range(size)]
        self.barrier.wait()

    def _member(self) -> None:
        self.barrier.wait()  # all are there
        self.barrier.wait()  # go
        sandbox = self.runtime.create()
        self.sandboxes.append(sandbox)
        _until_first_answer(sandbox)

    def run(self) -> None:
        self.barrier.wait()
        wait(self.answers)
        for answer in self.answers:
            answer.result()

    def disband(self) -> None:
        self.barrier.abort()
        wait(self.answers)
        removals = [self.threads.submit(sandbox.remove) for sandbox in self.sandboxes]
        self.threads.shutdown()
        for removal in removals:
            removal.result()


def _until_first_answer(sandbox: Sandbox) -> None:
    sandbox.start()
    output_of(sandbox, ["true"])


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("container")
