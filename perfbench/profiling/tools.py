"""The profilers by name, each with its modes: which recorder stands for what the command line asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path

from perfbench.errors import UsageError
from perfbench.profiling.in_process_recorder import InProcess
from perfbench.profiling.perf import Perf
from perfbench.profiling.py_spy import CPU, GIL, RATE, WALL, PySpy
from perfbench.profiling.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a profiler. `python` is what the benchmark runs on, as `CPython 3.12.1`.

    `python_allocators` has memray see every Python object, and not only the arenas that Python keeps them in.
    """

    tool: str
    mode: str
    rate: int = RATE
    native: bool = False
    threads: bool = False
    subprocesses: bool = False
    python_allocators: bool = False
    python: str = ""


Maker = Callable[[Wanted], Recorder]

MODES: Mapping[str, Sequence[str]] = {
    "py-spy": (WALL, CPU, GIL),
    "memray": ("peak", "leaks", "temporary", "total"),
    "tracemalloc": ("growth", "peak"),
    "cprofile": ("calls",),
    "perf": ("cpu",),
    "concurrency": ("blocked",),
}
"""Tool → its modes, the usual one first."""

FLAGS: Mapping[str, Sequence[str]] = {
    "native": ("py-spy", "memray"),
    "threads": ("py-spy",),
    "subprocesses": ("py-spy",),
    "python_allocators": ("memray",),
}
"""Flag → the tools that know it."""

SECONDS: Mapping[str, float] = {
    "py-spy": 10.0, "perf": 10.0, "memray": 3.0, "tracemalloc": 3.0, "cprofile": 3.0, "concurrency": 5.0,
}  # fmt: skip
"""How long each watches, if nobody says: samples have to be many; what sees every call sees enough sooner."""


GROUP = "perfbench.recorder"
"""Entry points by which packages add profilers: name → a function of Wanted that gives a Recorder."""
OTHER_SECONDS = 5.0


def seconds_of(tool: str) -> float:
    """How long the tool watches, if nobody says."""
    return SECONDS.get(tool, OTHER_SECONDS)


def chosen_mode(tool: str, mode: str | None) -> str:
    """The mode, or the usual one. Raises UsageError for a tool or a mode that there is not."""
    if tool not in MODES:
        _registered(tool)
        return mode or "default"
    known = MODES[tool]
    if mode is None:
        return known[0]
    if mode not in known:
        near = get_close_matches(mode, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"it has: {', '.join(known)}"
        raise UsageError(f"{tool} has no mode {mode!r}", remedy)
    return mode


def check_flags(wanted: Wanted) -> None:
    """Raise UsageError for a flag that the tool does not know."""
    if wanted.tool not in MODES:
        return
    for flag, tools in FLAGS.items():
        if getattr(wanted, flag) and wanted.tool not in tools:
            option = f"--{flag.replace('_', '-')}"
            raise UsageError(f"{wanted.tool} does not know {option}", f"leave it out, or choose {tools[0]}")


def recorder(wanted: Wanted) -> Recorder:
    """A recorder, not started. Raises UsageError for what the tool cannot do."""
    check_flags(wanted)
    maker = _MAKERS.get(wanted.tool) or _registered(wanted.tool)
    return maker(wanted)


def _registered(tool: str) -> Maker:
    """A profiler that a package has added. Raises UsageError, naming the nearest, where there is none."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if tool not in found:
        near = get_close_matches(tool, [*MODES, *found], n=1)
        remedy = f"did you mean {near[0]}?" if near else f"there are: {', '.join([*MODES, *found])}"
        raise UsageError(f"there is no profiler {tool!r}", remedy)
    maker: Maker = found[tool].load()
    return maker


def _py_spy(wanted: Wanted) -> Recorder:
    return PySpy(
        wanted.mode,
        rate=wanted.rate,
        native=wanted.native,
        threads=wanted.threads,
        subprocesses=wanted.subprocesses,
    )


def _memray(wanted: Wanted) -> Recorder:
    every_object = wanted.python_allocators or wanted.mode == "leaks"
    options = {
        "native": wanted.native,
        "python_allocators": every_object,
        # A capture of every allocation grows without bound, and takes longer to read than it took to record.
        "aggregated": wanted.mode in ("peak", "leaks"),
    }
    return InProcess(
        "memray", wanted.mode, "memray_capture.py",
        out="memray.bin", unit="bytes", options=options, what=wanted.mode, lends="memray",
    )  # fmt: skip


def _tracemalloc(wanted: Wanted) -> Recorder:
    return InProcess(
        "tracemalloc", wanted.mode, "tracemalloc_stacks.py",
        out="tracemalloc.txt", unit="bytes", options={"mode": wanted.mode, "depth": 25},
    )  # fmt: skip


def _cprofile(wanted: Wanted) -> Recorder:
    return InProcess(
        "cprofile", wanted.mode, "cprofile.py",
        out="calls.json", unit="seconds", beside={"pstats": "calls.pstats"},
    )  # fmt: skip


def _concurrency(wanted: Wanted) -> Recorder:
    return InProcess(
        "concurrency", wanted.mode, "concurrency.py",
        out="blocked.txt", unit="seconds", factor=1e-6, summary=_concurrency_summary,
        beside={"details": "concurrency.json"}, lends="gilknocker", needs=False,
    )  # fmt: skip


def _concurrency_summary(folder: Path) -> str:
    from perfbench.profiling.concurrency_report import read_concurrency, render  # noqa: PLC0415

    return render(read_concurrency(folder / "concurrency.json"))


def _perf(wanted: Wanted) -> Recorder:
    return Perf(wanted.python, rate=wanted.rate)


_MAKERS: Mapping[str, Maker] = {
    "py-spy": _py_spy,
    "memray": _memray,
    "tracemalloc": _tracemalloc,
    "cprofile": _cprofile,
    "perf": _perf,
    "concurrency": _concurrency,
}
