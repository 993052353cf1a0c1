# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""The sessions of this repository: `perf-regression`, `tests` and `lint`.

Wherever Python and git are:

    python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox -s perf-regression

or `pipx run noxfile.py -s perf-regression`, or `uv run noxfile.py -s perf-regression`.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

PYPROJECT = nox.project.load_toml(Path(__file__).with_name("pyproject.toml"))

EXIT_CODES = {
    1: "regressed, over budget, or a row is missing",
    2: "usage, configuration, or a part that is not there",
    3: "nothing was measured, or a benchmark failed on head alone",
    4: "undecided (--strict)",
    130: "interrupted",
}


@nox.session(name="perf-regression")
def perf_regression(session: nox.Session) -> None:
    """Is the working tree slower than the commit before it? Options go to `perfbench check`."""
    _install(session)
    _run(session, "perfbench", "clean", "--sandboxes")
    try:
        _run(session, "perfbench", "check", *session.posargs)
    except nox.command.CommandFailed as failure:
        # nox itself ends with 1 whatever the reason, so the real code is said here.
        code = failure.return_code or 2
        session.error(f"perfbench check ended with {code}: {EXIT_CODES.get(code, 'it was killed')}")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests; those that share an engine run one after the other. Options go to pytest."""
    _install(session, "test")
    _run(session, "pytest", "-n", "2", "--dist", "loadgroup", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, layout and types."""
    _install(session, "lint", "test")
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")
    _run(session, "mypy")


def _install(session: nox.Session, *groups: str) -> None:
    session.install(".[all]", *nox.project.dependency_groups(PYPROJECT, *groups))


def _run(session: nox.Session, *command: str) -> None:
    """Run with time to clean up after Ctrl-C: nox alone would kill after half a second, sandboxes and all."""
    session.run(*command, interrupt_timeout=60.0, terminate_timeout=10.0)


if __name__ == "__main__":
    nox.main()
