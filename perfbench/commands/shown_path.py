"""Paths as a user would type them here."""

from __future__ import annotations

from pathlib import Path


def shown_path(path: Path) -> str:
    """Seen from the current folder where it lies below that, else whole."""
    here, absolute = Path.cwd(), path.absolute()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
