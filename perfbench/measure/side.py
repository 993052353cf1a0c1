"""One of the two things compared: a revision checked out and installed in an environment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perfbench.measure.systems import SideSystems


@dataclass(frozen=True, slots=True)
class Side:
    """What a worker needs in order to measure one revision.

    `label` is "base" or "head"; `revision` is the short commit as a report names it (`3f2c1ab+changes`);
    `commit` is what is checked out below `root`: for a dirty tree a snapshot that no branch holds.
    `python` is the environment's interpreter; `environment` holds the variables to add to a cleaned
    environment of the caller (the matrix's, asv's own, and PATH); `dependencies` maps the names of the
    distributions installed beside the project to their versions. `systems` is the user's own system as this
    side has it, if one is configured.
    """

    label: str
    revision: str
    commit: str
    dirty: bool
    root: Path
    python: Path
    environment: Mapping[str, str]
    dependencies: Mapping[str, str]
    systems: SideSystems | None = None
