"""What asv.conf.json asks for, as far as two revisions of a git repository can be built from it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from perfbench.measure.asv_document import AsvDocument, nearest
from perfbench.measure.asv_matrix import Combination, combinations

SERVED = frozenset(
    {
        "version", "project", "repo", "repo_subdir", "dvcs", "branches", "benchmark_dir", "environment_type",
        "pythons", "matrix", "include", "exclude", "build_command", "install_command",
        "install_timeout", "default_benchmark_timeout", "plugins", "show_commit_url",
    }
)  # fmt: skip
IGNORED = frozenset(
    {
        # Every environment is fresh, so that nothing is ever uninstalled.
        "uninstall_command",
        # asv's own files, its site, and the search for regressions in its history.
        "env_dir", "results_dir", "html_dir", "hash_length", "build_cache_size", "wheel_cache_size",
        "project_url", "regressions_first_commits", "regressions_thresholds",
        # The worker has one way to start.
        "launch_method",
        # Without effect where the environment type is not conda, which is refused.
        "conda_channels", "conda_environment_file",
    }
)  # fmt: skip
ENVIRONMENT_TYPES = ("virtualenv", "uv", "existing")
CONDA_TYPES = ("conda", "mamba", "rattler")

_COPY = 'write it so here, or in a copy of this file that "asv_config" in perfbench.toml names'


@dataclass(frozen=True, slots=True)
class AsvConfig:
    """An asv configuration.

    `path` and `benchmark_dir` are absolute; `repo` is as written (a URL, or a path from the folder of
    `path`). Commands are None where asv's default holds. `environment_type` is "virtualenv", or
    "existing": the interpreter that runs perfbench, with what is installed in it. `combinations` is the
    matrix in asv's order, never empty. Timeouts are in seconds. `commit_url` is what asv's site puts before a
    commit's hash (`show_commit_url`), empty where nothing is told.
    """

    path: Path
    project: str
    repo: str
    repo_subdir: str
    branches: tuple[str, ...]
    benchmark_dir: Path
    environment_type: str
    combinations: tuple[Combination, ...]
    build_command: tuple[str, ...] | None
    install_command: tuple[str, ...] | None
    install_timeout: float
    default_benchmark_timeout: float
    commit_url: str = ""


def load_asv_config(path: Path) -> AsvConfig:
    """Read an asv.conf.json.

    Raises ConfigError, with the line, for what is not valid there, for a key that asv does not know
    either, and for what perfbench cannot serve (conda, Mercurial, plug-ins).
    """
    document = AsvDocument.read(path)
    document.refuse_unknown(SERVED | IGNORED)
    _check_version(document)
    _check_plugins(document)
    environment_type, pythons = _environment(document)
    return AsvConfig(
        path=path.resolve(),
        project=document.string("project", "project"),
        repo=_repo(document),
        repo_subdir=_repo_subdir(document),
        branches=document.strings("branches") or (),
        benchmark_dir=(path.resolve().parent / document.string("benchmark_dir", "benchmarks")).resolve(),
        environment_type=environment_type,
        combinations=combinations(document, pythons, environment_type),
        build_command=document.commands("build_command"),
        install_command=document.commands("install_command"),
        install_timeout=document.seconds("install_timeout", 600.0),
        default_benchmark_timeout=document.seconds("default_benchmark_timeout", 60.0),
        commit_url=document.string("show_commit_url", ""),
    )


def _check_version(document: AsvDocument) -> None:
    version = document.values.get("version")
    if version != 1 or isinstance(version, bool):
        raise document.wrong(
            "version", f'"version" must be 1, not {version}', 'add "version": 1 or run asv update'
        )


def _check_plugins(document: AsvDocument) -> None:
    foreign = [name for name in document.strings("plugins") or () if not name.startswith("asv.")]
    if foreign:
        raise document.wrong(
            "plugins", f'asv plug-in "{foreign[0]}" is not supported', f"do without; {_COPY}"
        )


def _environment(document: AsvDocument) -> tuple[str, tuple[str, ...]]:
    """Our environment type and the Pythons to make it for.

    asv's `uv` makes the environment that virtualenv makes, and `virtualenv:3.12` names the Python itself.
    """
    kind, _, python = document.string("environment_type", "").partition(":")
    if kind in CONDA_TYPES:
        raise document.wrong(
            "environment_type",
            f'environments of type "{kind}" are not supported',
            f'"virtualenv" is; {_COPY}',
        )
    if kind and kind not in ENVIRONMENT_TYPES:
        remedy = nearest(kind, ENVIRONMENT_TYPES).replace("key", "type")
        raise document.wrong("environment_type", f'unknown environment type "{kind}"', remedy)
    if kind == "existing":
        return kind, ("same",)
    # asv's default is the Python that runs it.
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return "virtualenv", (python,) if python else document.strings("pythons") or (running,)


def _repo(document: AsvDocument) -> str:
    dvcs = document.string("dvcs", "git")
    if dvcs != "git":
        raise document.wrong("dvcs", f'"{dvcs}" repositories are not supported', "perfbench reads git alone")
    repo = document.string("repo", "")
    if not repo:
        raise document.wrong(
            "repo", '"repo" is missing', 'add "repo": "." for the repository around this file'
        )
    return repo


def _repo_subdir(document: AsvDocument) -> str:
    subdir = PurePosixPath(document.string("repo_subdir", ""))
    if subdir.is_absolute() or ".." in subdir.parts:
        raise document.wrong("repo_subdir", '"repo_subdir" must lie inside the repository')
    return "" if subdir == PurePosixPath() else str(subdir)
