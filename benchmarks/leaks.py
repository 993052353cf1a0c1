"""What stays behind: bytes of every call, and threads, descriptors, processes, tasks and sandboxes.

Each row runs in a child process. What stays must be nothing; how a little growth is told from none is said
in `_growth.py`.
"""

from __future__ import annotations

from benchmarks import _operations, _scripts, _stores
from benchmarks._growth import growth, left_sandboxes, observed, residue
from benchmarks._running import usable
from perfbench import sut

RUNTIMES = sut.names("container", ("process", "bubblewrap", "runc", "docker:runc", "podman"))
"""One of each driver: the OCI runtimes below one engine are called by the same code."""
LIMITED_ENGINES = sut.names("script", ("quickjs",))
"""The engines differ inside of the child that limits them, not in how it is called."""

SANDBOX = "benchmarks._operations:sandbox_life"
SESSION = "benchmarks._operations:session_life"
ENGINE = "benchmarks._operations:engine_life"
LIMITED_ENGINE = "benchmarks._operations:limited_engine_life"
SCRIPT = "benchmarks._operations:script_run"


class _Of:
    """What all rows share."""

    version = "1"
    better = "lower"
    timeout = 360.0
    perfbench_pin = False


class _OfSandboxes(_Of):
    params = (RUNTIMES,)
    param_names = ("runtime",)

    def setup(self, runtime: str) -> None:
        usable(runtime)


class _OfSessions(_Of):
    params = (_stores.STORES,)
    param_names = ("store",)

    def setup(self, store: str) -> None:
        _stores.opened(store, *_operations.STORE_METHODS)


class SandboxGrowth(_OfSandboxes):
    """A sandbox created, started, asked once, stopped and removed, again and again."""

    unit = "bytes"

    def track_bytes(self, runtime: str) -> float:
        """Bytes of this process that stay for each sandbox."""
        return growth(observed(SANDBOX, runtime))


class SessionGrowth(_OfSessions):
    """A session created, written, read and deleted, again and again."""

    unit = "bytes"

    def track_bytes(self, store: str) -> float:
        """Bytes of this process that stay for each session."""
        return growth(observed(SESSION, store))


class ScriptGrowth(_Of):
    """Script engines inside of this process, where their memory can be counted."""

    params = (_scripts.ENGINES,)
    param_names = ("engine",)
    unit = "bytes"

    def setup(self, engine: str) -> None:
        _scripts.close(_operations.engine(engine, "execute"))

    def track_bytes_of_an_engine(self, engine: str) -> float:
        """Bytes that stay for each engine opened, asked once and closed."""
        return growth(observed(ENGINE, engine))

    def track_bytes_of_a_script(self, engine: str) -> float:
        """Bytes that stay for each script in an engine that stays."""
        return growth(observed(SCRIPT, engine))


class SandboxResidue(_OfSandboxes):
    """How many more there are after some sandboxes than before them."""

    def track_threads(self, runtime: str) -> int:
        return residue(SANDBOX, runtime, "threads")

    def track_descriptors(self, runtime: str) -> int:
        return residue(SANDBOX, runtime, "descriptors")

    def track_processes(self, runtime: str) -> int:
        return residue(SANDBOX, runtime, "processes")

    def track_sandboxes(self, runtime: str) -> int:
        """Containers, and what else a sandbox is: as many as the next sweep finds."""
        return left_sandboxes(SANDBOX, runtime)

    track_threads.unit = "threads"  # type: ignore[attr-defined]
    track_descriptors.unit = "descriptors"  # type: ignore[attr-defined]
    track_processes.unit = "processes"  # type: ignore[attr-defined]
    track_sandboxes.unit = "sandboxes"  # type: ignore[attr-defined]


class SessionResidue(_OfSessions):
    """How many more there are after some sessions than before them."""

    def track_threads(self, store: str) -> int:
        return residue(SESSION, store, "threads")

    def track_descriptors(self, store: str) -> int:
        return residue(SESSION, store, "descriptors")

    track_threads.unit = "threads"  # type: ignore[attr-defined]
    track_descriptors.unit = "descriptors"  # type: ignore[attr-defined]


class ScriptResidue(_Of):
    """How many more there are after some engines with limits, opened, asked once and closed."""

    params = (LIMITED_ENGINES,)
    param_names = ("engine",)

    def setup(self, engine: str) -> None:
        _scripts.close(_scripts.opened(engine, "execute"))

    def track_threads(self, engine: str) -> int:
        return residue(LIMITED_ENGINE, engine, "threads")

    def track_descriptors(self, engine: str) -> int:
        return residue(LIMITED_ENGINE, engine, "descriptors")

    def track_processes(self, engine: str) -> int:
        return residue(LIMITED_ENGINE, engine, "processes")

    def track_tasks(self, engine: str) -> int:
        """Tasks of asyncio that have not ended."""
        return residue(LIMITED_ENGINE, engine, "tasks")

    track_threads.unit = "threads"  # type: ignore[attr-defined]
    track_descriptors.unit = "descriptors"  # type: ignore[attr-defined]
    track_processes.unit = "processes"  # type: ignore[attr-defined]
    track_tasks.unit = "tasks"  # type: ignore[attr-defined]


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("leaks")
