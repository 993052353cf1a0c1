"""What a profile leaves below `profiles/`: a folder of its own, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from perfbench.commands.profiled import Profiled
from perfbench.environment import current
from perfbench.errors import UsageError
from perfbench.measure.repository import keep_out
from perfbench.model import BenchmarkId
from perfbench.model_profile import DifferentialGraph, FlameGraph, ProfileManifest
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.drawing import differential_graph, flame_graph
from perfbench.profiling.manifest import write_manifest
from perfbench.profiling.recorder import Recorded, Recorder
from perfbench.profiling.speedscope import speedscope

PROFILES = "profiles"
FLAME_GRAPH, SPEEDSCOPE, SUMMARY, DETAILS = (
    "flame-graph.html",
    "speedscope.json",
    "summary.txt",
    "details.txt",
)
PAGES = {"flame graph": FLAME_GRAPH, "speedscope": SPEEDSCOPE, "summary": SUMMARY}
DIFFERENTIAL, MOVED = "differential.html", "moved.txt"
DIFFERENTIAL_SIDE = "differential"
"""In a manifest, instead of base or head: both."""
PER_CALL, AS_PEAKS = "each side divided by its number of calls", "not at all: a peak is a peak"
"""How two sides are brought to one scale, in words."""
LONGEST = 120
UNFIT = re.compile(r"[^A-Za-z0-9._=+-]+")


def folder_name(text: str) -> str:
    """A name as a folder: other characters become _; where that or its length loses something, a hash tells apart."""
    name = UNFIT.sub("_", text).strip("_.") or "_"
    told = re.sub(r"[()]|, ?| ", "_", text).strip("_.")
    if name == told and len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def profile_folder(root: Path, benchmark: BenchmarkId, revision: str, tool: str) -> Path:
    """`profiles/<benchmark>/<commit>-<tool>` below the repository's top."""
    return root / PROFILES / folder_name(str(benchmark)) / folder_name(f"{revision}-{tool}")


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder`, which takes its place at the end of the block, or goes.

    Git passes over either: a profile must not make a clean tree dirty.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        keep_out(making)
        yield making
        making.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
        with suppress(OSError):
            folder.parent.rmdir()  # it is empty where nothing was written


def manifest_of(profiled: Profiled, benchmark: BenchmarkId, python: str) -> ProfileManifest:
    """What the profile is of and how it was taken."""
    side, whole = profiled.side, profiled.whole
    return ProfileManifest(
        benchmark=str(benchmark),
        tool=profiled.recorder.tool,
        mode=profiled.recorder.mode,
        tool_version=profiled.recorder.version,
        revision=side.revision,
        commit=side.commit,
        dirty=side.dirty,
        environment=current(
            commit=side.commit, dirty=side.dirty, dependencies=side.dependencies, python=python
        ),
        unit=whole.unit,
        samples=profiled.samples,
        seconds=profiled.seconds,
        calls=profiled.calls,
        started=profiled.started,
        overhead=profiled.overhead,
        side=side.label,
        notes=tuple(whole.notes),
    )


def manifest_of_process(
    recorder: Recorder, recorded: Recorded, benchmark: str, started: float
) -> ProfileManifest:
    """The same of a process that perfbench has not started, and whose commit it does not know."""
    return ProfileManifest(
        benchmark=benchmark,
        tool=recorder.tool,
        mode=recorder.mode,
        tool_version=recorder.version,
        revision="",
        commit="",
        dirty=False,
        environment=current(),
        unit=recorded.unit,
        samples=recorded.samples,
        seconds=time.time() - started,
        calls=0,
        started=started,
        files={name: path.name for name, path in recorded.raw.items()},
        notes=tuple(recorded.notes),
    )


def store_profile(
    root: Path, benchmark: BenchmarkId, profiled: Profiled, python: str
) -> tuple[ProfileManifest, Path]:
    """Write one side's profile into its folder below `root`; gives its manifest and the folder."""
    place = profile_folder(root, benchmark, profiled.side.revision, profiled.recorder.tool)
    with made_whole(place) as making:
        manifest = write_profile(making, profiled, manifest_of(profiled, benchmark, python))
    return manifest, place


def write_profile(folder: Path, profiled: Profiled, manifest: ProfileManifest) -> ProfileManifest:
    """Write one side's profile into `folder`, whose raw files lie there already or are moved in."""
    files = {name: path.name for name, path in profiled.whole.raw.items()}
    for path in profiled.whole.raw.values():
        if path.parent != folder:
            shutil.move(path, folder / path.name)
    if profiled.whole.summary:
        files["details"] = DETAILS
        (folder / DETAILS).write_text(profiled.whole.summary, encoding="utf-8")
    if own := _tools_own_page(manifest.tool, manifest.mode, folder, files):
        files["the tool's own flame graph"] = own
    manifest = replace(manifest, files=files)
    write_pages(folder, profiled.tree, manifest)
    return manifest


def write_pages(folder: Path, tree: CallTree, manifest: ProfileManifest) -> FlameGraph:
    """Write a tree beside its raw file: flame graph, speedscope, summary and manifest; gives what is drawn."""
    from perfbench.reports.flame_graph import flame_page  # noqa: PLC0415
    from perfbench.reports.profile_summary import summary  # noqa: PLC0415

    manifest = replace(manifest, files={**manifest.files, **PAGES})
    graph = flame_graph(tree, title=manifest.benchmark, unit=manifest.unit, notes=tuple(manifest.notes))
    (folder / FLAME_GRAPH).write_text(flame_page(graph, manifest), encoding="utf-8")
    document = speedscope(tree, name=manifest.benchmark, unit=manifest.unit)
    (folder / SPEEDSCOPE).write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
    (folder / SUMMARY).write_text(summary(graph, manifest), encoding="utf-8")
    write_manifest(manifest, folder)
    return graph


def differential_of(base: Profiled, head: Profiled, title: str, notes: tuple[str, ...]) -> DifferentialGraph:
    """Both sides per call, laid over one another."""
    return differential_graph(
        base.tree.scaled(1 / base.divisor),
        head.tree.scaled(1 / head.divisor),
        title=title,
        unit=head.whole.unit,
        base_title=base.side.revision,
        head_title=head.side.revision,
        normalised=PER_CALL if base.divisor > 1 else AS_PEAKS,
        notes=notes,
    )


def write_differential(
    folder: Path, graph: DifferentialGraph, base: ProfileManifest, head: ProfileManifest
) -> None:
    """Write the differential flame graph and the table of what moved."""
    from perfbench.reports.flame_graph import differential_page  # noqa: PLC0415
    from perfbench.reports.profile_summary import moved_summary  # noqa: PLC0415

    (folder / DIFFERENTIAL).write_text(differential_page(graph, base, head), encoding="utf-8")
    (folder / MOVED).write_text(moved_summary(graph), encoding="utf-8")
    files = {"flame graph": DIFFERENTIAL, "summary": MOVED}
    write_manifest(
        replace(head, side="differential", revision=f"{base.revision}..{head.revision}", files=files), folder
    )


def _tools_own_page(tool: str, mode: str, folder: Path, files: dict[str, str]) -> str:
    """memray's own flame graph, which needs no net; empty where it has none."""
    if tool != "memray" or "raw" not in files:
        return ""
    from perfbench.profiling.memray_pages import write_memray_page  # noqa: PLC0415

    return write_memray_page(folder / files["raw"], mode, folder)


def profiles_folder() -> Path:
    """`profiles/` at the top of the repository around here, or here where there is none."""
    from perfbench.measure.repository import opened, top_of  # noqa: PLC0415

    try:
        with opened(Path.cwd()) as repo:
            return top_of(repo) / PROFILES
    except UsageError:
        return Path.cwd() / PROFILES
