"""Profiling a process that perfbench has not started."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import click
import psutil

from perfbench.commands.profile_folder import (
    FLAME_GRAPH,
    SPEEDSCOPE,
    SUMMARY,
    folder_name,
    made_whole,
    manifest_of_process,
    profiles_folder,
    write_pages,
)
from perfbench.commands.profile_listing import write_index
from perfbench.errors import ExitCode, MissingComponentError, UsageError
from perfbench.measure.scratch import ScratchFolder
from perfbench.profiling.call_tree import renamed
from perfbench.profiling.own_code import FileNames
from perfbench.profiling.py_spy import PySpy
from perfbench.reports.names import plain
from perfbench.reports.profile_summary import summary

ENGINES = ("docker", "podman")
PATIENCE = 30.0
TOP = 5


def attach(
    *, pid: int | None, container: str | None, mode: str, duration: float, rate: int, **flags: bool
) -> ExitCode:
    """Watch a process for `duration` seconds, and write its profile. Raises UsageError and ProfilerFailedError."""
    if (pid is None) == (container is None):
        raise UsageError(
            "one process is wanted", "name it: perfbench profile attach PID, or --container NAME"
        )
    title = f"process {pid}"
    if container is not None:
        title = f"container {container}"
        pid = python_in(main_process(container), container)
    if pid is None:
        raise RuntimeError("a process was chosen above")
    name = _program(pid)
    py_spy = PySpy(mode, rate=rate, **flags)
    started = time.time()
    with ScratchFolder() as scratch:
        try:
            py_spy.attach(pid, scratch.path)
            click.echo(
                plain(f"watching {name} ({title}) for {duration:g} s; Ctrl-C ends it sooner"), err=True
            )
            _wait(py_spy, pid, duration)
            found = py_spy.stop()
        finally:
            py_spy.abandon()
        here = Path.cwd()
        tree = renamed(found.tree, FileNames(here, here / "benchmarks"))
        manifest = manifest_of_process(py_spy, found, f"{title} ({name})", started)
        stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime(started))
        place = profiles_folder() / folder_name(title) / f"{stamp}-py-spy"
        with made_whole(place) as making:
            shutil.move(found.raw["raw"], making / "py-spy.raw")
            graph = write_pages(making, tree, manifest)
    write_index(profiles_folder())
    click.echo(summary(graph, manifest, TOP))
    click.echo(f"written to {place / FLAME_GRAPH}, with {SPEEDSCOPE} and {SUMMARY} beside it")
    return ExitCode.PASSED


def main_process(container: str) -> int:
    """The host's id of a container's first process. Raises UsageError and MissingComponentError."""
    engines = [engine for engine in ENGINES if shutil.which(engine)]
    if not engines:
        raise MissingComponentError("neither docker nor podman is installed", "name the process by its id")
    reasons = []
    for engine in engines:
        try:
            asked = subprocess.run(
                [engine, "inspect", "--type", "container", "--format", "{{.State.Pid}}", "--", container],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            reasons.append(f"{engine} did not answer")
            continue
        if asked.returncode == 0 and asked.stdout.strip().isdigit():
            if (found := int(asked.stdout)) == 0:
                raise UsageError(f"the container {container} does not run", "start it")
            return found
        reasons.append(f"{engine}: {(asked.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    raise UsageError(f"there is no container {container!r} ({'; '.join(reasons)})", "see: docker ps")


def python_in(pid: int, container: str) -> int:
    """The first Python among a container's processes. Raises UsageError where there is none."""
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            if "python" in Path(_executable_of(one)).name:
                return one.pid
    except psutil.Error as error:
        raise UsageError(f"the processes of {container} cannot be seen: {error}", "run as root") from None
    raise UsageError(f"no Python runs in the container {container}", "name a process by its id")


def _executable_of(process: psutil.Process) -> str:
    try:
        return process.exe() or process.name()
    except psutil.Error:
        return ""


def _program(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        raise UsageError(f"there is no process {pid}", "name one that runs: ps aux") from None


def _wait(py_spy: PySpy, pid: int, duration: float) -> None:
    """Until the time is over, the process is gone or the user has seen enough."""
    try:
        end = time.monotonic() + duration
        while (left := end - time.monotonic()) > 0 and psutil.pid_exists(pid) and py_spy.runs:
            time.sleep(min(left, 0.2))
    except KeyboardInterrupt:
        click.echo("ended early; what was seen by then is kept", err=True)
