"""A clone of this repository in which the start of a Docker container may be slower than in its HEAD."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

from planted import DRIVER, ROOT, plant

START_ROW = "container.Lifecycle.time_start(docker:runc)"

_THRESHOLD = f"""
[[threshold]]
pattern = "{START_ROW}"
metric = "time"
limit = "1 %"
"""
"""This repository's own limit lets a start move by more than what is planted here."""


def make_clone(folder: Path, percent: Fraction, start: float) -> None:
    """Clone HEAD into `folder`; the working tree's start sleeps for `percent` of `start` milliseconds.

    Raises CalledProcessError where git fails, and SystemExit where the driver has another shape.
    """
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    with (folder / "baselines" / "thresholds.toml").open("a") as file:
        file.write(_THRESHOLD)
    if percent:
        plant(folder / DRIVER, float(percent) / 100 * start / 1000)
