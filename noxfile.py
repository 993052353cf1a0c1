# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""The sessions of this repository: `perf-regression`, the benchmarks by area (`bench…`), `history`, `tests`, `lint`.

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
    _perfbench(session, "check")


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark of the current tree, in one table. Options go to `perfbench run`."""
    _bench(session, "--all")


@nox.session(name="bench-quick")
def bench_quick(session: nox.Session) -> None:
    """Every benchmark once, on the first runtime, store or engine that is here."""
    _bench(session, "--all", "--short", "--rounds", "1")


@nox.session(name="bench-container")
def bench_container(session: nox.Session) -> None:
    """Sandboxes: their life, commands and files."""
    _bench(session, "--only", "container,command,files")


@nox.session(name="bench-tools")
def bench_tools(session: nox.Session) -> None:
    """What is served: MCP tools, the API and its workflows; the commands of the runner itself."""
    _bench(session, "--only", "mcp,api,workflow,dispatch")


@nox.session(name="bench-language")
def bench_language(session: nox.Session) -> None:
    """Languages inside a sandbox, and script engines."""
    _bench(session, "--only", "language,script")


@nox.session(name="bench-memory")
def bench_memory(session: nox.Session) -> None:
    """Allocations, peaks, memory of a sandbox, and what stays behind."""
    _bench(session, "--only", "memory,leaks")


@nox.session(name="bench-concurrent")
def bench_concurrent(session: nox.Session) -> None:
    """The same with 1, 4, 16 and 64 at once."""
    _bench(session, "--only", "concurrency")


@nox.session
def history(session: nox.Session) -> None:
    """The benchmarks over the commits of this repository, by asv. Options go to `perfbench history run`."""
    _perfbench(session, "history", "run")


@nox.session
def profile(session: nox.Session) -> None:
    """Where the time of a benchmark goes, by py-spy, waiting included: `nox -s profile -- BENCHMARK …`."""
    _profile(session, "session.Read.time_read(sqlite)", "--tool", "py-spy")


@nox.session(name="profile-cpu")
def profile_cpu(session: nox.Session) -> None:
    """Where its CPU time goes, threads and child processes too."""
    _profile(
        session, "command.Exec.time_exec(process)", "--tool", "py-spy", "--mode", "cpu", "--subprocesses"
    )


@nox.session(name="profile-memory")
def profile_memory(session: nox.Session) -> None:
    """What it holds at its peak, by memray."""
    _profile(session, "session.Write.time_write(memory)", "--tool", "memray")


@nox.session(name="profile-concurrency")
def profile_concurrency(session: nox.Session) -> None:
    """What its threads and tasks wait for: locks, the event loop, the GIL."""
    _profile(session, "concurrency.Sessions.time_all(sqlite, 4)", "--tool", "concurrency")


@nox.session
def validation(session: nox.Session) -> None:
    """Are the settings right, and does every benchmark run? One round of one row of each, nothing judged."""
    _install(session)
    _run(session, "perfbench", "config", "validate")
    _bench(session, "--all", "--short", "--rounds", "1")


@nox.session(name="all")
def everything(session: nox.Session) -> None:
    """Lint, tests, every benchmark, and the gate, one after the other."""
    for name in ("lint", "tests", "bench", "perf-regression"):
        session.notify(name)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests; those that share an engine run one after the other. Options go to pytest."""
    _install(session, "test")
    # As many as there are cores on the machines of CI: only then each has a core and a lock of its own.
    _run(session, "pytest", "-n", "2", "--dist", "loadgroup", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, layout and types."""
    _install(session, "lint", "test")
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")
    _run(session, "mypy")


def _bench(session: nox.Session, *options: str) -> None:
    _perfbench(session, "run", *options)


def _profile(session: nox.Session, benchmark: str, *options: str) -> None:
    """Profile what is named, else a benchmark that such a profile tells something of."""
    named = any(not option.startswith("-") for option in session.posargs)
    _perfbench(session, "profile", *(() if named else (benchmark,)), *options)


def _perfbench(session: nox.Session, *command: str) -> None:
    """Run a measuring command; what dead owners left is removed first."""
    _install(session)
    _run(session, "perfbench", "clean", "--sandboxes")
    try:
        _run(session, "perfbench", *command, *session.posargs)
    except nox.command.CommandFailed as failure:
        # nox itself ends with 1 whatever the reason, so the real code is said here.
        code = failure.return_code or 2
        session.error(f"perfbench {command[0]} ended with {code}: {EXIT_CODES.get(code, 'it was killed')}")


def _install(session: nox.Session, *groups: str) -> None:
    session.install(".[all]", *nox.project.dependency_groups(PYPROJECT, *groups))


def _run(session: nox.Session, *command: str) -> None:
    """Run with time to clean up after Ctrl-C: nox alone would kill after half a second, sandboxes and all."""
    session.run(*command, interrupt_timeout=60.0, terminate_timeout=10.0)


if __name__ == "__main__":
    nox.main()
