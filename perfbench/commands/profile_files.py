"""Profiles as files, of whatever profiler: drawn alone, or laid over one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from perfbench.commands.options import writable
from perfbench.commands.profile_folder import (
    AS_PEAKS,
    DIFFERENTIAL,
    FLAME_GRAPH,
    PER_CALL,
    SPEEDSCOPE,
    folder_name,
    made_whole,
    profiles_folder,
    write_differential,
)
from perfbench.commands.profile_listing import write_index
from perfbench.commands.profiled import PEAK
from perfbench.errors import UsageError
from perfbench.model import Problem
from perfbench.model_profile import DifferentialGraph, ProfileManifest
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.drawing import as_shares, differential_graph, flame_graph
from perfbench.profiling.manifest import NAME, read_manifest
from perfbench.profiling.readers import read_profile
from perfbench.reports.flame_graph import differential_page, flame_page
from perfbench.reports.names import plain
from perfbench.reports.profile_summary import moved_summary, summary
from perfbench.units import format_value

SHARE = "share"
TOLD = 5


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile that was given by its path: its tree, and its manifest where it is a folder of ours."""

    title: str
    tree: CallTree
    unit: str
    problems: Sequence[Problem]
    manifest: ProfileManifest | None = None


def opened(path: Path, what: str) -> ProfileFile:
    """Read a profile's file, or the folder that `perfbench profile` made of one. Raises UsageError."""
    if not path.is_dir():
        found = read_profile(path, what=what)
        return ProfileFile(path.name, found.tree, found.unit, found.problems)
    if not (path / NAME).is_file():
        raise UsageError(
            f"{path} is no folder of a profile", f"name one that holds {NAME}, or a profile's file"
        )
    manifest = read_manifest(path)
    if not (path / SPEEDSCOPE).is_file():
        raise UsageError(f"{path} holds no stacks", "name the folder of one side's profile")
    found = read_profile(path / SPEEDSCOPE)
    title = f"{manifest.benchmark} on {manifest.revision}"
    return ProfileFile(title, found.tree, manifest.unit, found.problems, manifest)


def write_flame_graph(path: Path, output: Path | None, *, what: str) -> None:
    """Draw one profile, and print its top functions."""
    found = opened(path, what)
    graph = flame_graph(found.tree, title=found.title, unit=found.unit)
    place = writable(output) or _beside(path)
    place.write_text(flame_page(graph, found.manifest), encoding="utf-8")
    click.echo(summary(graph, found.manifest))
    _tell(found)
    click.echo(f"written to {place}")


def write_difference(base: Path, head: Path, output: Path | None, *, absolute: bool, what: str) -> None:
    """Draw two profiles over one another, and print what moved most. Raises UsageError for different units."""
    one, other = opened(base, what), opened(head, what)
    if one.unit != other.unit:
        raise UsageError(
            f"{base} counts {one.unit}, and {head} {other.unit}", "compare two profiles of the same kind"
        )
    trees, unit, normalised = _normalised(one, other, absolute=absolute)
    graph = differential_graph(
        *trees,
        title=other.manifest.benchmark if other.manifest else f"{one.title} … {other.title}",
        unit=unit,
        base_title=one.title,
        head_title=other.title,
        normalised=normalised,
    )
    if output is None and one.manifest and other.manifest:
        place = _store_difference(
            graph, one.manifest, other.manifest, folder_name(f"{one.title}..{other.title}")
        )
    else:
        place = writable(output) or _beside_both(base, head)
        place.write_text(differential_page(graph, one.manifest, other.manifest), encoding="utf-8")
    click.echo(moved_summary(graph, TOLD))
    _tell(one)
    _tell(other)
    click.echo(f"written to {place}")


def _store_difference(
    graph: DifferentialGraph, base: ProfileManifest, head: ProfileManifest, name: str
) -> Path:
    """Write what two profiles of ours differ in below `profiles/`, and list it there."""
    profiles = profiles_folder()
    folder = profiles / "differences" / name
    with made_whole(folder) as making:
        write_differential(making, graph, base, head)
    write_index(profiles)
    return folder / DIFFERENTIAL


def _normalised(
    one: ProfileFile, other: ProfileFile, *, absolute: bool
) -> tuple[tuple[CallTree, CallTree], str, str]:
    """Both trees on one scale, its unit, and the scale in words."""
    if absolute:
        return (one.tree, other.tree), one.unit, "nothing: weights as they were recorded"
    if one.manifest and other.manifest and PEAK in (one.manifest.mode, other.manifest.mode):
        return (one.tree, other.tree), one.unit, AS_PEAKS
    if one.manifest and other.manifest and one.manifest.calls and other.manifest.calls:
        scaled = (one.tree.scaled(1 / one.manifest.calls), other.tree.scaled(1 / other.manifest.calls))
        return scaled, one.unit, PER_CALL
    sums = " and ".join(format_value(float(side.tree.weight.sum()), side.unit) for side in (one, other))
    return (as_shares(one.tree), as_shares(other.tree)), SHARE, f"each side divided by its whole ({sums})"


def _tell(found: ProfileFile) -> None:
    for problem in found.problems:
        line = f":{problem.line}" if problem.line is not None else ""
        click.echo(plain(f"note: {problem.path}{line}: {problem.message}"), err=True)


def _beside(path: Path) -> Path:
    return path / FLAME_GRAPH if path.is_dir() else path.with_name(f"{path.name}.html")


def _beside_both(base: Path, head: Path) -> Path:
    """Where the page of two profiles goes that are not both in folders of ours: to head."""
    if head.is_dir():
        return head / DIFFERENTIAL
    return head.with_name(f"{folder_name(f'{base.name}..{head.name}')}.html")  # two long names are none
