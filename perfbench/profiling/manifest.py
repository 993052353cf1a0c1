"""`manifest.json`: what a profile is of and how it was taken, beside it; written once and read for the index."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from perfbench.errors import UsageError
from perfbench.model_profile import ProfileManifest

NAME = "manifest.json"
VERSION = 1
LARGEST = 1024**2


def write_manifest(manifest: ProfileManifest, folder: Path) -> None:
    """Write it into the folder. A number that is not finite is null."""
    document = {"perfbench_profile": VERSION, **asdict(manifest)}
    text = msgspec.json.format(msgspec.json.encode(_finite(document)), indent=2)
    (folder / NAME).write_bytes(text + b"\n")


def read_manifest(folder: Path) -> ProfileManifest:
    """The manifest of a profile's folder. Raises UsageError where there is none that can be read."""
    path = folder / NAME
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large to be a manifest", "remove the folder, and profile again")
        found: Any = msgspec.json.decode(path.read_bytes())
        if not isinstance(found, dict) or found.pop("perfbench_profile", None) != VERSION:
            raise UsageError(f"{path} is no manifest of a profile", "remove the folder, and profile again")
        if (cost := found.get("overhead")) is not None:
            found["overhead"] = {key: math.nan if value is None else value for key, value in cost.items()}
        return msgspec.convert(found, ProfileManifest)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        # msgspec's own errors are ValueErrors.
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be read: {reason}", "remove the folder, and profile again") from None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
