"""How the sides of a repository without an asv configuration are built."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from perfbench.measure.asv_config import AsvConfig
from perfbench.measure.asv_matrix import Combination


def config_without_asv(root: Path, source: Path, benchmarks: Path | None = None) -> AsvConfig:
    """What an asv configuration would say of the repository at `root`; `source` names it in complaints.

    `benchmarks` is the folder of a suite that lies elsewhere.

    Each side is checked out beside an environment of the Python that runs this. A project that pip can
    install is installed there; any other gets nothing but what its harnesses set up.
    """
    commands = None if _is_installable(root) else ()
    return AsvConfig(
        path=source,
        project=root.name,
        repo=".",
        repo_subdir="",
        branches=(),
        benchmark_dir=benchmarks or root,
        environment_type="virtualenv",
        combinations=(Combination(f"{sys.version_info.major}.{sys.version_info.minor}"),),
        build_command=commands,
        install_command=commands,
        install_timeout=600.0,
        default_benchmark_timeout=60.0,
    )


def _is_installable(root: Path) -> bool:
    """Whether pip finds a project here; a pyproject.toml may as well hold the settings of tools alone."""
    if (root / "setup.py").is_file():
        return True
    try:
        content = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return "project" in content or "build-system" in content
