"""Linux perf: samples of C and Python frames alike, where Python (3.12 on) says which of its functions runs.

See https://docs.python.org/3/howto/perf_profiling.html.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from perfbench.errors import MissingComponentError, UsageError
from perfbench.profiling.readers import read_profile
from perfbench.profiling.recorder import ProfilerFailedError, Recorded, Subject

FIRST_PYTHON = (3, 12)
WITH_UNWINDING = (3, 13)
"""From here on Python describes its frames so that perf can unwind an interpreter without frame pointers."""
RATE = 99
PATIENCE = 120.0
MAP = "/tmp/perf-{pid}.map"  # noqa: S108  (where Python writes it, and perf looks for it)


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
        self._pid = 0

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
        self._folder, self._pid = folder, subject.pid
        graph = ["--call-graph", "dwarf", "-k", "mono"] if self._unwinds else ["-g"]
        command = [_executable(), "record", "-F", str(self._rate), *graph, "-p", str(subject.pid), "-o",
                   str(folder / "perf.data")]  # fmt: skip
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
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.abandon()
        data, script = self._folder / "perf.data", self._folder / "perf.script"
        if not data.is_file():
            raise ProfilerFailedError("perf has written no samples", "profile for longer (--seconds)")
        if self._unwinds:
            data = self._injected(data)
        with script.open("wb") as file:
            _run(["script", "-i", str(data)], file)
        found = read_profile(script)
        named = sum(1 for frame in found.tree.frames if frame.file.endswith(".py"))
        notes = () if named else (
            "perf could not tell Python's functions: this Python was built without frame pointers "
            "(-fno-omit-frame-pointer), and before 3.13 perf cannot do without",
        )  # fmt: skip
        tree = found.tree.scaled(1 / self._rate)
        return Recorded(tree, "seconds", found.samples, {"raw": script}, notes, facts={"rate": self._rate})

    def abandon(self) -> None:
        """Kill it, and remove the map that Python has left."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        Path(MAP.format(pid=self._pid)).unlink(missing_ok=True)

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
            "add the capability PERFMON (`docker run --cap-add PERFMON`), or set kernel.perf_event_paranoid=1",
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    return ProfilerFailedError(f"perf could not begin: {lines[0][:200]}", "see perf's own documentation")


def _version_of(python: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", python)
    return (int(found[1]), int(found[2])) if found else (0, 0)
