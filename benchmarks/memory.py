"""What the sandbox runner takes in memory: allocations of a call, peaks of large payloads, a whole sandbox."""

from __future__ import annotations

from benchmarks import _allocations, _footprint, _payloads
from benchmarks._counted import OPERATIONS
from benchmarks._running import RUNTIMES, usable
from perfbench import sut


class Allocations:
    """What one call of an operation asks for, warm and on one thread; exact, as memray counts it."""

    version = "1"
    params = (
        "session_create",
        "session_write",
        "session_read",
        "session_encode",
        "session_decode",
        "settings_load",
        "settings_get",
        "settings_set",
        "command_parse",
        "command_dispatch",
        "script_register",
        "script_compile",
        "script_execute",
        "file_read",
        "file_write",
    )
    param_names = ("operation",)
    better = "lower"
    timeout = 120.0
    perfbench_pin = False

    def setup(self, operation: str) -> None:
        with OPERATIONS[operation]():
            pass  # absent parts are skipped here, with the reason

    def track_bytes(self, operation: str) -> float:
        """Bytes that a call asks for (Go's B/op)."""
        return _allocations.counted(OPERATIONS[operation]).bytes

    track_bytes.unit = "bytes"  # type: ignore[attr-defined]

    def track_allocations(self, operation: str) -> float:
        """How often a call asks for memory (Go's allocs/op)."""
        return _allocations.counted(OPERATIONS[operation]).allocations

    track_allocations.unit = "allocations"  # type: ignore[attr-defined]


class Peak:
    """What a large payload takes at its highest, the payload itself included."""

    version = "1"
    params = tuple(_payloads.PAYLOADS)
    param_names = ("payload",)
    unit = "bytes"
    better = "lower"
    timeout = 120.0
    perfbench_pin = False

    def setup(self, payload: str) -> None:
        with _payloads.PAYLOADS[payload]():
            pass

    def track_peak(self, payload: str) -> int:
        """Bytes above those that were there before the call, as memray counts them."""
        return _allocations.peak_of(_payloads.PAYLOADS[payload])

    def peakmem_payload(self, payload: str) -> None:
        """The same call; asv reads the peak of the whole process."""
        with _payloads.PAYLOADS[payload]() as operation:
            operation()


class Sandbox:
    """Memory of one idle sandbox that has run a command, by a named ruler."""

    version = "1"
    params = (sut.names("container", RUNTIMES), _footprint.RULERS)
    param_names = ("runtime", "ruler")
    unit = "bytes"
    better = "lower"
    timeout = 300.0
    perfbench_pin = False

    def setup(self, runtime: str, ruler: str) -> None:
        _footprint.require(runtime, ruler)

    def track_memory(self, runtime: str, ruler: str) -> float:
        """Bytes: `working_set` of its cgroup, `pss` or `uss` of its processes, `host` of one in a crowd."""
        return _footprint.memory_of(usable(runtime), ruler)


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("memory")
