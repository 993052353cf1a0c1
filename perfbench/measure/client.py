"""The driver's end of a worker: start one, ask it, put an end to it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import platform
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from perfbench.errors import PerfbenchError
from perfbench.measure.scratch import ScratchFolder

WORKER = Path(__file__).with_name("worker.py")
STARTUP_SECONDS = 120.0
LEAVE_SECONDS = 20.0
STDERR_KEPT = 64 * 1024
ASTRAY = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONSAFEPATH",
    "VIRTUAL_ENV",
    "COVERAGE_PROCESS_START",
)

Reply = dict[str, Any]


class WorkerFailedError(PerfbenchError):
    """The worker's benchmark raised, ran past its timeout, or the worker died. `details` is for the log."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class WorkerSkippedError(PerfbenchError):
    """The benchmark does not apply here; the message is its reason."""


class Worker:
    """One worker process, in a session of its own so that a Ctrl-C reaches only the driver.

    `python` runs it with `environment` added to a cleaned copy of ours; `benchmark` is the name that it
    will be asked for (None: all). With `fixed_layout` address randomization is off, where permitted.
    Its working directory is `folder`, or a temporary one that goes with it.
    """

    def __init__(
        self,
        python: Path,
        benchmark_dir: Path,
        benchmark: str | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        fixed_layout: bool = False,
        seed: int = 0,
    ) -> None:
        self._scratch = None if folder else ScratchFolder()
        command = [str(python), str(WORKER), str(benchmark_dir), os.pathsep.join(lent_folders())]
        if benchmark is not None:
            command.append(benchmark)
        if fixed_layout:
            command[:0] = layout_prefix()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._scratch.path if self._scratch else folder,
            env=worker_environment(environment or {}, seed),
            start_new_session=True,
        )
        self._requests, self._replies, self._errors = _streams(self._process)
        self._buffer = b""
        self._stderr = bytearray()
        self._drain = threading.Thread(target=self._keep_stderr, daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def ask(self, request: Mapping[str, object], timeout: float) -> Reply:
        """Send one request and wait at most `timeout` seconds for its reply.

        Raises WorkerSkippedError and WorkerFailedError as the reply says; after a timeout the worker is gone.
        """
        self.send(request)
        return self.receive(timeout)

    def send(self, request: Mapping[str, object]) -> None:
        """Send a request without waiting; each one sent is owed a `receive`."""
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except OSError:
            raise self._died() from None

    def receive(self, timeout: float) -> Reply:
        """Wait for the reply to the oldest unanswered request; raises as `ask` does."""
        reply: Reply = json.loads(self._line(timeout))
        if "skipped" in reply:
            raise WorkerSkippedError(str(reply["skipped"]))
        if "failed" in reply:
            raise WorkerFailedError(str(reply["failed"]), str(reply.get("trace", "")))
        return reply

    def hold_on(self, cpu: int) -> None:
        """Pin it to one CPU, where the system can; a worker that has just died is no error here."""
        if hasattr(os, "sched_setaffinity"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(self.pid, {cpu})

    def dismiss(self) -> None:
        """Tell it to tear down and leave, without waiting for it."""
        with contextlib.suppress(OSError):
            self._requests.close()

    def end(self) -> None:
        """Dismiss it, wait, and kill what is left of its session after a grace period."""
        self.dismiss()
        try:
            self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._kill()
            self._drain.join(1.0)
            self._replies.close()
            if self._scratch is not None:
                self._scratch.remove()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _line(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        descriptor = self._replies.fileno()
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self._kill()
                raise WorkerFailedError(
                    f"ran past its timeout of {timeout:g} s and was killed", self._last_words()
                )
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                raise self._died()
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _died(self) -> WorkerFailedError:
        self._process.wait()
        self._drain.join(1.0)
        code = self._process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        words = self._last_words().strip().splitlines()
        return WorkerFailedError(
            f"its process {how}" + (f": {words[-1][:200]}" if words else ""), self._last_words()
        )

    def _last_words(self) -> str:
        return self._stderr.decode(errors="replace")

    def _keep_stderr(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._errors:
            while chunk := os.read(self._errors.fileno(), 1 << 16):
                self._stderr += chunk
                del self._stderr[:-STDERR_KEPT]


def _streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("a worker is started with three pipes")
    return process.stdin, process.stdout, process.stderr


@cache
def lent_folders() -> tuple[str, ...]:
    """Where what the worker is lent lies: the tool's own asv_runner and Pympler, and perfbench itself."""
    folders = []
    for name in ("asv_runner", "pympler", "perfbench"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folders.append(str(Path(spec.origin).parents[1]))
    return tuple(dict.fromkeys(folders))


@cache
def layout_prefix() -> tuple[str, ...]:
    """`setarch -R` where it works, else nothing.

    Two processes of one version differ by 2.1 % because of their address layout, and by 0.6 % without it.
    Containers often forbid the system call behind it, so it is tried once.
    """
    setarch = shutil.which("setarch")
    if sys.platform != "linux" or setarch is None:
        return ()
    prefix = (setarch, platform.machine(), "-R")
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return prefix if tried.returncode == 0 else ()


def worker_environment(extra: Mapping[str, str], seed: int) -> dict[str, str]:
    """Our environment without what would lead a side's Python astray; the same hash seed for both sides."""
    environment = {key: value for key, value in os.environ.items() if key not in ASTRAY}
    environment |= {"PYTHONHASHSEED": str(seed), "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1"}
    return environment | dict(extra)
