"""What the benchmarks run on: usable runtimes, running sandboxes, the one sandbox under the clock, the host.

asv tears down and sets up again before every sample. A sandbox that a call does not use up is therefore
kept for as long as the process lives; whatever is left when the process ends is removed then. What a
killed process left is swept when the next one first uses the same runtime.
"""

from __future__ import annotations

import atexit
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from perfbench import sut
from perfbench.sandbox.runtimes.runtime import ExecResult, Runtime, Sandbox

# Written out and not taken from perfbench: both sides of a comparison run these benchmarks, each with its
# own perfbench, and a row is found by its position in the params.
RUNTIMES = (
    "process",
    "bubblewrap",
    "runc",
    "crun",
    "runsc",
    "docker:runc",
    "docker:crun",
    "docker:runsc",
    "podman",
)
"""What the sandbox runner that comes with perfbench knows."""

TARGETS = sut.names("container", RUNTIMES)
"""What is measured: those, or the runtimes that a project configures as its own."""

Method = TypeVar("Method", bound=Callable[..., object])

_usable: dict[str, Runtime] = {}
_running: dict[str, Sandbox] = {}
_kept = ExitStack()


def usable(name: str) -> Runtime:
    """The runtime called `name`, looked at once in this process.

    Raises NotImplementedError, asv's way to skip, with the reason and the remedy where it is absent.
    """
    if name not in _usable:
        runtime = sut.runtime(name)
        found = runtime.availability()
        if not found.available:
            raise NotImplementedError("; ".join(filter(None, (found.reason, found.remedy))))
        runtime.sweep()
        _usable[name] = runtime
    return _usable[name]


def running(name: str) -> Sandbox:
    """A running sandbox of that runtime, the same one for the whole life of this process."""
    return started(name, usable(name))


def started(key: str, runtime: Runtime) -> Sandbox:
    """A running sandbox of that runtime, the same one under this key for the whole life of this process."""
    if key not in _running:
        sandbox = _kept.enter_context(runtime.create())
        sandbox.start()
        _running[key] = sandbox
    return _running[key]


@atexit.register
def release() -> None:
    """Remove every sandbox that this process keeps."""
    _running.clear()
    subject.discard()
    _kept.close()


def sweep() -> None:
    """Remove what processes that have died in the meantime left, in the runtimes that this one has used."""
    for runtime in _usable.values():
        runtime.sweep()


class Subject:
    """The one sandbox under the clock. Each step is a phase to time, or the preparation of a later one."""

    def __init__(self) -> None:
        self._sandbox: Sandbox | None = None

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox, which must have been created."""
        if self._sandbox is None:
            raise RuntimeError("no sandbox has been created")
        return self._sandbox

    def create(self, runtime: str) -> None:
        """Create it."""
        self.create_from(usable(runtime))

    def create_from(self, runtime: Runtime) -> None:
        """Create it with a runtime that is at hand."""
        self._sandbox = runtime.create()

    def create_cold(self, runtime: str) -> None:
        """Create it from an image that this machine has never started."""
        self._sandbox = usable(runtime).create_cold()

    def create_and_start(self, runtime: str) -> None:
        """Create it and start it."""
        self.create(runtime)
        self.sandbox.start()

    def create_start_and_stop(self, runtime: str) -> None:
        """Create it, start it and stop it."""
        self.create_and_start(runtime)
        self.sandbox.stop()

    def discard(self) -> None:
        """Remove it, in whatever state it is; harmless when there is none."""
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.remove()


subject = Subject()


def prepared_by(setup: Callable[[str], None]) -> Callable[[Method], Method]:
    """Give one benchmark a `setup` of its own, which asv calls after that of its class."""

    def mark(method: Method) -> Method:
        method.setup = setup  # type: ignore[attr-defined]
        return method

    return mark


def output_of(sandbox: Sandbox, argv: Sequence[str]) -> bytes:
    """Standard output of a command in the sandbox. Raises RuntimeError when the command fails."""
    return checked(sandbox.exec(argv), argv).stdout


def checked(result: ExecResult, argv: Sequence[str]) -> ExecResult:
    """The result itself. Raises RuntimeError when it is a failure: a broken runtime must not look fast."""
    if result.exit_code != 0:
        raise RuntimeError(f"{argv[0]} ended with exit code {result.exit_code}: {result.stderr[-500:]!r}")
    return result


def on_host(argv: Sequence[str], folder: Path | None = None) -> ExecResult:
    """Run the same kind of command on the host, as a sandbox runs it inside."""
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ExecResult(done.returncode, done.stdout, done.stderr)
