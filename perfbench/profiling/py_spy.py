"""py-spy: samples of a process's Python stacks, taken from outside (https://github.com/benfred/py-spy)."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from perfbench.errors import MissingComponentError
from perfbench.profiling.readers import read_profile
from perfbench.profiling.recorder import ProfilerFailedError, Recorded, Subject

WALL, CPU, GIL = "wall", "cpu", "gil"
MODES = {WALL: ("--idle",), CPU: (), GIL: ("--gil",)}
"""Wall: waiting counts as well. CPU: only threads that run. GIL: only the thread that holds it."""

RATE = 100
"""Samples a second: at this rate it slows the process down by some 3 %."""
PATIENCE = 30.0
"""Seconds in which it has begun, or has written its file, also on a busy machine."""
BEGUN = "Sampling process"

PTRACE = (
    "add the capability SYS_PTRACE (`docker run --cap-add SYS_PTRACE`, in Kubernetes "
    "securityContext.capabilities.add: [SYS_PTRACE]), run as root, or set kernel.yama.ptrace_scope=0"
)


class PySpy:
    """Watches one process with py-spy until it is stopped, or has ended."""

    tool = "py-spy"

    def __init__(
        self,
        mode: str = WALL,
        *,
        rate: int = RATE,
        native: bool = False,
        threads: bool = False,
        subprocesses: bool = False,
        by_line: bool = False,
    ) -> None:
        self.mode = mode
        self._rate = rate
        self._options = [*MODES[mode], "--full-filenames", "--rate", str(rate)]
        flags = {
            "--native": native,
            "--threads": threads,
            "--subprocesses": subprocesses,
            "--function": not by_line,
        }
        self._options += [flag for flag, wanted in flags.items() if wanted]
        self._process: subprocess.Popen[bytes] | None = None
        self._said: list[str] = []
        self._raw = Path()
        self._reader: threading.Thread | None = None

    @property
    def version(self) -> str:
        """As `py-spy --version` says it."""
        return _version(executable())

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: it watches from outside."""
        return {}

    def start(self, subject: Subject, folder: Path) -> None:
        """Watch the process of `subject`."""
        self.attach(subject.pid, folder)

    def attach(self, pid: int, folder: Path) -> None:
        """Watch process `pid`; returns once samples are taken. Raises ProfilerFailedError with the remedy."""
        self._raw = folder / "py-spy.raw"
        command: Sequence[str] = (
            executable(), "record", "--pid", str(pid), "--format", "raw", "--output", str(self._raw),
            "--duration", "unlimited", *self._options,
        )  # fmt: skip
        self._said = []
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        begun = threading.Event()
        self._reader = threading.Thread(target=self._listen, args=(self._process, begun), daemon=True)
        self._reader.start()
        begun.wait(PATIENCE)
        if not any(BEGUN in line for line in self._said):
            self.abandon()
            raise self._failed(pid)

    @property
    def runs(self) -> bool:
        """Whether it watches still; it ends with the process."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> Recorded:
        """Have it write its file, and read that."""
        process = self._process
        if process is None:
            raise RuntimeError("it was not started")
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.abandon()
        if not self._raw.is_file() or not self._raw.stat().st_size:
            raise ProfilerFailedError(
                f"py-spy has taken no samples in the mode {self.mode}",
                "profile for longer (--seconds), or with --mode wall, which counts waiting too",
            )
        found = read_profile(self._raw)
        notes = [note for note in (self._errors(),) if note]
        if behind := [line for line in self._said if "behind" in line]:
            notes.append(behind[-1])
        tree = found.tree.scaled(1 / self._rate)
        return Recorded(tree, "seconds", found.samples, {"raw": self._raw}, notes, facts={"rate": self._rate})

    def abandon(self) -> None:
        """Kill it."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(5.0)
            self._reader = None

    def _listen(self, process: subprocess.Popen[bytes], begun: threading.Event) -> None:
        if process.stdout is None:
            raise RuntimeError("it was started with a pipe")
        with process.stdout as said:
            for line in said:
                self._said = [*self._said[-200:], line.decode(errors="replace").strip()]
                if BEGUN in self._said[-1]:
                    begun.set()
        begun.set()

    def _errors(self) -> str:
        """A sentence about stacks that could not be read, where there were many."""
        for line in self._said:
            if found := re.search(r"Samples: (\d+) Errors: (\d+)", line):
                samples, errors = int(found[1]), int(found[2])
                if errors > 0.05 * max(samples, 1):
                    return f"py-spy could not read {errors} of {samples + errors} stacks"
        return ""

    def _failed(self, pid: int) -> ProfilerFailedError:
        said = " ".join(self._said)
        if "ermission denied" in said.lower() or "not permitted" in said.lower():
            return ProfilerFailedError(
                f"py-spy may not look into process {pid} (ptrace is not allowed)", PTRACE
            )
        if "Failed to get process executable name" in said or "No such process" in said:
            return ProfilerFailedError(
                f"there is no process {pid}, or it has just ended", "name one that runs"
            )
        if "python version" in said:
            return ProfilerFailedError(
                f"process {pid} is no Python that py-spy knows",
                "name a process of CPython; `perfbench profile attach` takes its process id",
            )
        if "--native" in self._options:
            return ProfilerFailedError(
                f"py-spy cannot read the C frames of process {pid} (in a container it finds no libraries from outside)",
                "leave out --native",
            )
        first = next((line for line in self._said if line), "it said nothing")
        return ProfilerFailedError(f"py-spy could not begin: {first[:200]}", "see py-spy's own documentation")


@cache
def executable() -> str:
    """Where py-spy is: beside this Python, else on PATH. Raises MissingComponentError."""
    beside = Path(sys.executable).with_name("py-spy")
    found = str(beside) if beside.is_file() else shutil.which("py-spy")
    if found is None:
        raise MissingComponentError("py-spy is not installed", "pip install py-spy")
    return found


@cache
def _version(program: str) -> str:
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return said.stdout.strip().removeprefix("py-spy ")
