"""memray's own pages, beside ours: `memray flamegraph --no-web`, whose scripts are inline."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE = "memray-flamegraph.html"
PATIENCE = 120.0
OPTIONS: Mapping[str, Sequence[str]] = {"peak": (), "leaks": ("--leaks",), "temporary": ("--temporary",)}


def write_memray_page(capture: Path, mode: str, folder: Path) -> str:
    """Have memray draw its own flame graph; its name, or empty where memray cannot, for ours is there anyway."""
    if mode not in OPTIONS:
        return ""
    command = [sys.executable, "-m", "memray", "flamegraph", "--no-web", "--force", *OPTIONS[mode],
               "-o", str(folder / PAGE), str(capture)]  # fmt: skip
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return PAGE if ended.returncode == 0 and (folder / PAGE).is_file() else ""
