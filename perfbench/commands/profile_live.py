"""memray's live view of one benchmark: its own screen, fed over loopback, until the user leaves it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from perfbench.errors import ExitCode, UsageError
from perfbench.measure.client import STARTUP_SECONDS, Worker, WorkerFailedError
from perfbench.measure.discovery import Row
from perfbench.measure.launch import SideLaunch
from perfbench.measure.side import Side
from perfbench.profiling.in_process_recorder import in_process_request

SLICE = 0.5


def watch(row: Row, side: Side, benchmark_dir: Path, *, native: bool) -> ExitCode:
    """Show memray's live view while the benchmark runs over and over. Raises UsageError without a terminal."""
    if not sys.stdout.isatty():
        raise UsageError("memray's live view needs a terminal", "leave out --live to get a flame graph")
    port = _free_port()
    with SideLaunch([side], benchmark_dir) as launch:
        cache = launch.cache(row, side.label)
        with launch.worker(row, side.label, 0) as worker:
            worker.ask(
                {"do": "open", "name": row.benchmark.name, "index": row.index, "cache": cache},
                max(row.timeout, STARTUP_SECONDS),
            )
            ended = threading.Event()
            request = in_process_request(
                "memray_capture.py", {"port": port, "native": native}, lends="memray"
            )
            running = threading.Thread(target=_run, args=(worker, row, request, ended), daemon=True)
            running.start()
            try:
                subprocess.run([sys.executable, "-m", "memray", "live", str(port)], check=False)
            finally:
                ended.set()
                running.join(row.timeout)
    return ExitCode.PASSED


def _run(worker: Worker, row: Row, request: Mapping[str, object], ended: threading.Event) -> None:
    """Run the benchmark until the view is closed, or its process ends with that."""
    with contextlib.suppress(WorkerFailedError):  # the view says that its process has ended
        worker.ask(request, STARTUP_SECONDS)
        while not ended.is_set():
            worker.ask({"do": "run", "seconds": SLICE, "loops": 1, "repeats": 1}, row.timeout + SLICE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
