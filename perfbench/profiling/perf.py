"""Linux perf: samples of C and Python frames alike, where Python (3.12 on) says which of its functions runs.

See https://docs.python.org/3/howto/perf_profiling.html.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from perfbench.errors import MissingComponentError, UsageError
from perfbench.profiling.in_process_recorder import in_process_request
from perfbench.profiling.readers import read_profile
from perfbench.profiling.recorder import ProfilerFailedError, Recorded, Subject

FIRST_PYTHON = (3, 12)
WITH_UNWINDING = (3, 13)
"""From here on Python describes its frames so that perf can unwind an interpreter without frame pointers."""
RATE = 99
STACK = 16_384
"""Bytes of the stack that each sample keeps for being unwound later; interpreters go deep."""
PATIENCE = 120.0
TEMPORARY = Path("/tmp")  # noqa: S108  (where Python writes its names, and perf looks for them)


class Perf:
    """Watches one process with `perf record`."""

    tool = "perf"
    mode = "cpu"

    def __init__(self, python: str, *, rate: int = RATE) -> None:
        """`python` is what the process runs, as `CPython 3.12.1`. Raises UsageError where it is too old."""
        self._python = _version_of(python)
        if self._python < FIRST_PYTHON:
            raise UsageError(
                f"perf shows Python's functions from Python 3.12 on, and the benchmark runs on {python}",
                "profile it with --tool py-spy, or with a newer Python",
            )
        self._rate = rate
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self._subject: Subject | None = None

    @property
    def version(self) -> str:
        """As `perf --version` says it."""
        said = subprocess.run([_executable(), "--version"], capture_output=True, text=True, check=False)
        return said.stdout.strip().removeprefix("perf version ")

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes Python tell perf of its functions."""
        name = "PYTHON_PERF_JIT_SUPPORT" if self._unwinds else "PYTHONPERFSUPPORT"
        return {name: "1"}

    @property
    def _unwinds(self) -> bool:
        return self._python >= WITH_UNWINDING

    def start(self, subject: Subject, folder: Path) -> None:
        """Watch the process of `subject`."""
        self._folder = folder
        subject.ask(in_process_request("perf_names.py", {}), PATIENCE)
        self._subject = subject
        command = [_executable(), "record", "-F", str(self._rate), "--call-graph", f"dwarf,{STACK}", "-k", "mono",
                   "-p", str(subject.pid), "-o", str(folder / "perf.data")]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return
        said = self._process.communicate()[0].decode(errors="replace")
        self.abandon()
        raise _refused(said)

    def stop(self) -> Recorded:
        """End it, and have perf write its samples as text."""
        process = self._process
        if process is None:
            raise RuntimeError("it was not started")
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=PATIENCE)
        if self._subject is not None:
            self._subject.ask({"do": "recorded"}, PATIENCE)
        data, script = self._folder / "perf.data", self._folder / "perf.script"
        if not data.is_file():
            raise ProfilerFailedError("perf has written no samples", "profile for longer (--seconds)")
        if self._unwinds:
            data = self._injected(data)
        with script.open("wb") as file:
            _run(["script", "-i", str(data)], file)
        found = read_profile(script)
        notes = () if self._unwinds else (
            "unless this Python was built with frame pointers (-fno-omit-frame-pointer), only the innermost Python "
            "function of a stack is known; Python 3.13 can do without",
        )  # fmt: skip
        tree = found.tree.scaled(1 / self._rate)
        return Recorded(tree, "seconds", found.samples, {"raw": script}, notes, facts={"rate": self._rate})

    def abandon(self) -> None:
        """Kill it, and remove the names that Python has left."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._subject is not None:
            for left in (
                *TEMPORARY.glob(f"jit*-{self._subject.pid}*"),
                TEMPORARY / f"perf-{self._subject.pid}.map",
            ):
                left.unlink(missing_ok=True)

    def _injected(self, data: Path) -> Path:
        """The samples with what Python has dumped of its functions."""
        joined = data.with_name("perf.jit.data")
        with (self._folder / "perf.log").open("wb") as log:
            _run(["inject", "--jit", "-i", str(data), "-o", str(joined)], log)
        return joined


def _run(arguments: list[str], file: object) -> None:
    try:
        ended = subprocess.run(
            [_executable(), *arguments],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, timeout=PATIENCE, check=False,  # type: ignore[call-overload]
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ProfilerFailedError(
            f"perf {arguments[0]} took too long", "profile for a shorter time"
        ) from None
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise ProfilerFailedError(
            f"perf {arguments[0]} failed: {said[-1][:200]}", "see perf's own documentation"
        )


def _executable() -> str:
    found = shutil.which("perf")
    if found is None:
        raise MissingComponentError(
            "perf is not installed", "apt-get install linux-perf, or use --tool py-spy"
        )
    return found


def _refused(said: str) -> ProfilerFailedError:
    if "perf_event_paranoid" in said or "ermission" in said:
        return ProfilerFailedError(
            "perf may not watch processes here",
            "add the capability PERFMON (`docker run --cap-add PERFMON`, SYS_ADMIN where Docker is too old for it), or "
            "set kernel.perf_event_paranoid=1",
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    return ProfilerFailedError(f"perf could not begin: {lines[0][:200]}", "see perf's own documentation")


def _version_of(python: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", python)
    return (int(found[1]), int(found[2])) if found else (0, 0)
