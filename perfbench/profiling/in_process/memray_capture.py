"""Recorder, loaded by path in the process that is profiled: every allocation, by memray.

memray comes from the side, or from the folders that the worker was given where its Python is the tool's.
"""

from __future__ import annotations

from typing import Any

TRACKER: Any | None = None


def start(options: dict[str, Any]) -> None:
    """Write allocations to `out` from here on; `native` adds C frames, `python_allocators` small Python objects.

    Where they are `aggregated`, memray adds them up as they come, which keeps the file small and tells the peak and
    leaks alone. With a `port`, they go to whoever listens on loopback there instead.
    """
    global TRACKER  # noqa: PLW0603
    import memray  # noqa: PLC0415

    where: dict[str, Any] = (
        {"destination": memray.SocketDestination(server_port=options["port"], address="127.0.0.1")}
        if "port" in options
        else {"file_name": options["out"]}
    )
    if options.get("aggregated"):
        where["file_format"] = memray.FileFormat.AGGREGATED_ALLOCATIONS
    TRACKER = memray.Tracker(
        **where,
        native_traces=bool(options.get("native")),
        trace_python_allocators=bool(options.get("python_allocators")),
    )
    TRACKER.__enter__()


def stop() -> dict[str, Any]:
    """End it; the file is whole afterwards."""
    global TRACKER
    tracker, TRACKER = TRACKER, None
    if tracker is not None:
        tracker.__exit__(None, None, None)
    return {"notes": []}
