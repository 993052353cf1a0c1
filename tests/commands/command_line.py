"""Runs the command line as a user does, in a folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from unittest.mock import patch

from perfbench.cli import main
from perfbench.continuous_integration import SERVICES

ROOT = Path(__file__).parents[2]

PATIENCE = 400.0
"""So many seconds a command may take on a machine that does much else."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said and ended with."""

    returncode: int
    stdout: str
    stderr: str


def perfbench(*arguments: str, cwd: Path, **environment: str) -> Done:
    """`perfbench` with these arguments, in this process: to start one takes longer than all that most commands do.

    Once a command has imported modules of a project they stay; such tests use `perfbench_process`.
    """
    with ExitStack() as stack:
        variables = {**without_ci(os.environ), "PYTHONPATH": str(ROOT), **environment}
        stack.enter_context(patch.dict(os.environ, variables, clear=True))
        stack.enter_context(chdir(cwd))
        if arguments[:1] != ("clean",):  # what dead owners left is no concern here, and Podman is slow to say
            stack.enter_context(patch("perfbench.sandbox.runtimes.sweep", return_value=[]))
        said = [stack.enter_context(TemporaryFile("w+", encoding="utf-8", newline="")) for _ in range(2)]
        with redirect_stdout(said[0]), redirect_stderr(said[1]):
            code = main(arguments)
        return Done(code, *(_read(file) for file in said))


def _read(file: IO[str]) -> str:
    """All that was written, with line ends as a pipe's reader in text mode sees them."""
    file.seek(0)
    return file.read().replace("\r\n", "\n").replace("\r", "\n")


def perfbench_process(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`perfbench` with these arguments, from this source tree, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "perfbench", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**without_ci(os.environ), "PYTHONPATH": str(ROOT), **environment},
        timeout=PATIENCE,
        check=False,
    )


def without_ci(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which nothing is told to the CI that runs these tests, and nothing is set by its user.

    Nor does a pytest that is run as a harness take itself for a worker of this one: pytest-benchmark would
    measure nothing then.
    """
    told = ("GITHUB_", "PYTEST_XDIST_", "PERF_", *SERVICES)
    return {
        **{name: value for name, value in environment.items() if not name.startswith(told)},
        "CI": "false",
    }


def git(*arguments: str, cwd: Path) -> str:
    """The output of a git command that must succeed, whatever the user's own configuration."""
    settings = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, *arguments], capture_output=True, text=True, cwd=cwd, check=True)
    return done.stdout


def repository(folder: Path) -> Path:
    """A repository with one commit."""
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    (folder / "README").write_text("a project\n")
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "--message=first", cwd=folder)
    return folder
