"""The profiles that lie in a folder, and the page that lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfbench.commands.profile_folder import DIFFERENTIAL_SIDE
from perfbench.errors import UsageError
from perfbench.measure.repository import keep_out
from perfbench.model_profile import ProfileManifest
from perfbench.profiling.manifest import NAME, read_manifest

if TYPE_CHECKING:
    from perfbench.reports.profile_index import IndexEntry

INDEX = "index.html"
MOST = 10_000
"""So many profiles are listed at most, the newest."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One profile's folder, and what its manifest says."""

    folder: Path
    manifest: ProfileManifest


def stored_profiles(profiles: Path) -> Iterator[Stored | UsageError]:
    """Every profile in the folder, and an error for each manifest that cannot be read."""
    for path in sorted(profiles.glob(f"*/*/{NAME}")):
        if path.parent.name.startswith(".") or path.is_symlink():
            continue
        try:
            yield Stored(path.parent, read_manifest(path.parent))
        except UsageError as error:
            yield error


def write_index(profiles: Path) -> int:
    """Write `index.html` into the folder, where git passes over it; returns how many profiles it lists."""
    from perfbench.reports.profile_index import index_page  # noqa: PLC0415

    found = [one for one in stored_profiles(profiles) if isinstance(one, Stored)]
    found.sort(key=lambda one: -one.manifest.started)
    entries = [_entry(one, profiles) for one in found[:MOST]]
    (profiles / INDEX).write_text(index_page(entries), encoding="utf-8")
    keep_out(profiles, "/.gitignore", f"/{INDEX}")
    return len(entries)


def _entry(stored: Stored, profiles: Path) -> IndexEntry:
    from perfbench.reports.profile_facts import tool_words  # noqa: PLC0415
    from perfbench.reports.profile_index import IndexEntry  # noqa: PLC0415

    manifest, folder = stored.manifest, stored.folder.relative_to(profiles).as_posix()
    page = manifest.files.get("flame graph", "")
    return IndexEntry(
        manifest=manifest,
        folder=folder,
        page=f"{folder}/{page}" if page else "",
        differential=manifest.side == DIFFERENTIAL_SIDE,
        title=tool_words(manifest),
        when=manifest.started,
    )
