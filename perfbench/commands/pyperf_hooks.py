"""pyperf runs under a profiler, by name: `python bench.py --hook perfbench_py_spy` (entry points of `pyperf.hook`).

Every worker process of pyperf writes what its profiler has seen to `profiles/pyperf-<script>/<run>-<tool>/`, and the
flame graph of all of them there is drawn anew by each. pyperf notes the hook in the result, so that perfbench
takes no such result for a measurement.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from perfbench.commands.profile_folder import DETAILS, PROFILES, SPEEDSCOPE, manifest_of_process, write_pages
from perfbench.commands.profiled import WAITS
from perfbench.errors import PerfbenchError
from perfbench.measure.repository import keep_out
from perfbench.profiling.call_tree import below, overlaid, renamed
from perfbench.profiling.manifest import NAME, read_manifest
from perfbench.profiling.own_code import FileNames, Harness
from perfbench.profiling.readers import read_profile
from perfbench.profiling.recorder import ProfilerFailedError, Recorded, Recorder
from perfbench.profiling.tools import Wanted, chosen_mode, recorder

_NUMBERS = itertools.count()
"""pyperf makes hooks anew for each benchmark, and in one worker for its calibration too."""
FOLDER = "PERFBENCH_PROFILES"
"""The variable that names another folder than `profiles`; pyperf passes it on with --inherit-environ."""
_PR_SET_PTRACER = 0x59616D61
_ANY = -1
"""PR_SET_PTRACER_ANY: a child may look into this process also where Yama allows parents alone."""


class _Own:
    """This process as what a recorder watches: the recorder is loaded here, as a worker would load it."""

    def __init__(self) -> None:
        self._module: Any = None

    @property
    def pid(self) -> int:
        return os.getpid()

    def ask(self, request: Mapping[str, object], timeout: float) -> Mapping[str, Any]:  # noqa: ARG002
        import importlib.util  # noqa: PLC0415

        if request["do"] == "recorded":
            said: Mapping[str, Any] = self._module.stop()
            return said
        spec = importlib.util.spec_from_file_location("perfbench_recorder", str(request["module"]))
        if spec is None or spec.loader is None:
            raise ImportError(str(request["module"]))
        self._module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._module)
        self._module.start(request["options"])
        return {}


class ProfilerHook:
    """One profiler as pyperf's hook: begins before the first value and ends after the last one of a process.

    pyperf calls it as a context around each value; what lies between values is told from them by their stacks.
    """

    tool = ""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._place = _folder(self.tool) / f"worker-{os.getpid()}-{next(_NUMBERS)}"
        self._started = time.time()

    def __enter__(self) -> None:
        if self._recorder is not None:
            return
        try:
            self._recorder = recorder(Wanted(self.tool, chosen_mode(self.tool, None)))
            self._place.mkdir(parents=True)
            keep_out(self._place.parent)
            _let_be_watched()
            self._recorder.start(_Own(), self._place)
        except PerfbenchError as error:
            sys.exit(f"perfbench: {error}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing: the profiler goes on until the process has all its values."""

    def teardown(self, metadata: dict[str, object]) -> None:
        """Write what was seen, and note the profiler in pyperf's result."""
        metadata["perfbench_profiler"] = self.tool
        if self._recorder is None:
            return
        with contextlib.suppress(ProfilerFailedError):  # too short a worker has no samples; others have
            _write(self._recorder, self._recorder.stop(), self._place, self._started)


class PySpyHook(ProfilerHook):
    """py-spy: where the time goes, waiting included."""

    tool = "py-spy"


class MemrayHook(ProfilerHook):
    """memray: what is held at the peak."""

    tool = "memray"


class TracemallocHook(ProfilerHook):
    """tracemalloc: what has grown."""

    tool = "tracemalloc"


class CprofileHook(ProfilerHook):
    """cProfile: every call."""

    tool = "cprofile"


class ConcurrencyHook(ProfilerHook):
    """Waiting for locks, tasks and the GIL."""

    tool = "concurrency"


def _folder(tool: str) -> Path:
    script = Path(sys.argv[0]).stem or "command"
    return Path(os.environ.get(FOLDER, PROFILES)).absolute() / f"pyperf-{script}" / f"{os.getppid()}-{tool}"


def _let_be_watched() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANY), 0, 0, 0)


def _write(recorder: Recorder, recorded: Recorded, place: Path, started: float) -> None:
    """Keep this worker's stacks, and draw those of all workers so far."""
    harness, here = Harness(), Path.cwd()
    inside = below(recorded.tree, harness.has, harness.enters, others=recorder.mode not in WAITS)
    tree = renamed(inside, FileNames(here, here / "benchmarks"))
    folder = place.parent
    manifest = manifest_of_process(recorder, recorded, folder.parent.name, started)
    if recorded.summary:
        (place / DETAILS).write_text(recorded.summary, encoding="utf-8")
    write_pages(place, tree, manifest)
    manifests = [read_manifest(one.parent) for one in sorted(folder.glob(f"worker-*/{NAME}"))]
    found = [
        read_profile(path).tree
        for path in sorted(folder.glob(f"worker-*/{SPEEDSCOPE}"))
        if _holds_stacks(path)
    ]
    together, _ = overlaid(found or [tree])
    whole = replace(
        manifest,
        samples=sum(one.samples for one in manifests),
        seconds=sum(one.seconds for one in manifests),
        notes=(f"{len(manifests)} profiles of pyperf's worker processes", *manifest.notes),
    )
    write_pages(folder, together, whole)


def _holds_stacks(path: Path) -> bool:
    return bool(json.loads(path.read_bytes())["profiles"][0]["samples"])
