"""What a profile's manifest says of how it was taken, in a few words each: for pages and for texts alike."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from perfbench.model_profile import Overhead, ProfileManifest
from perfbench.reports.names import plain
from perfbench.reports.site.wording import SHORT_HASH
from perfbench.units import BYTES, format_duration, format_interval, format_ratio, format_value

Fact = tuple[str, str]
"""What a fact is called, and what it is."""


def facts(manifest: ProfileManifest) -> list[Fact]:
    """Every fact that is known, from the benchmark to the machine; texts are fit for a terminal."""
    environment = manifest.environment
    known = [
        ("benchmark", plain(manifest.benchmark)),
        ("side", plain(manifest.side)),
        ("tool", tool_words(manifest)),
        ("commit", commit_words(manifest)),
        ("rests on", sample_words(manifest)),
        ("overhead", overhead_words(manifest.overhead)),
        ("taken", moment(manifest.started)),
        ("machine", machine_words(manifest)),
        ("Python", plain(environment.python)),
        ("kernel", plain(environment.kernel)),
        ("engine", plain(environment.engine)),
    ]
    return [(name, words) for name, words in known if words]


def lead(manifest: ProfileManifest) -> str:
    """The facts that a reader wants before anything else, in one line."""
    parts = (
        tool_words(manifest),
        sample_words(manifest),
        f"overhead {overhead_words(manifest.overhead)}",
        commit_words(manifest),
        plain(manifest.environment.machine),
    )
    return " · ".join(filter(None, parts))


def tool_words(manifest: ProfileManifest) -> str:
    """Tool, its version and the mode: `py-spy 0.4.1, wall`."""
    tool = " ".join(filter(None, (plain(manifest.tool), plain(manifest.tool_version))))
    return ", ".join(filter(None, (tool, plain(manifest.mode))))


def commit_words(manifest: ProfileManifest) -> str:
    """The commit in short, whether anything was changed beside it, and what the user called it."""
    commit = plain(manifest.commit[:SHORT_HASH])
    revision = plain(manifest.revision)
    shown = f"{commit or revision}{'+changes' if manifest.dirty else ''}"
    return f"{shown} ({revision})" if commit and revision and revision not in manifest.commit else shown


def sample_words(manifest: ProfileManifest) -> str:
    """What a profile rests on: `9,812 samples in 10.2 s, 412 calls`."""
    words = f"{_counted(manifest.samples, 'sample')} in {format_duration(manifest.seconds)}"
    return f"{words}, {_counted(manifest.calls, 'call')}" if manifest.calls else words


def overhead_words(overhead: Overhead | None) -> str:
    """How much slower it ran under the profiler: `+3.1 % (+1.2 … +5), 12 slices`."""
    if overhead is None:
        return "not measured"
    if math.isnan(overhead.ratio):
        return f"not known after {_counted(overhead.slices, 'slice')}"
    bounds = format_interval(overhead.low, overhead.high)
    known = not (math.isnan(overhead.low) or math.isnan(overhead.high))
    words = f"{format_ratio(overhead.ratio)} ({bounds})" if known else format_ratio(overhead.ratio)
    return f"{words}, {_counted(overhead.slices, 'slice')}"


def machine_words(manifest: ProfileManifest) -> str:
    """The machine and what it is made of: `lab, AMD EPYC 7B13, 8 cores, 16 GiB`."""
    environment = manifest.environment
    parts = (
        plain(environment.machine),
        plain(environment.cpu),
        _counted(environment.cores, "core") if environment.cores else "",
        format_value(environment.memory, BYTES) if environment.memory else "",
    )
    return ", ".join(filter(None, parts))


def moment(seconds: float) -> str:
    """A moment to the minute, by UTC; empty where the seconds are no date."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
