"""Building the two sides: each revision checked out and installed in an environment of its own, and kept."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from perfbench.errors import ConfigError, PerfbenchError, UsageError
from perfbench.measure import repository
from perfbench.measure.asv_config import AsvConfig
from perfbench.measure.interpreter import choose_combination
from perfbench.measure.revisions import Revision
from perfbench.measure.side import Side
from perfbench.measure.side_folder import SideFolder, SideFolders, locked
from perfbench.measure.side_install import Installer, InstallError, Recipe, asv_variables, normal
from perfbench.measure.submodules import check_out_submodules

if TYPE_CHECKING:
    from git import Repo

LAYOUT = 1
"""Goes into every key; one more whenever sides are built in another way."""
LOGS_KEPT = 16
BUILD_TOOLS = frozenset({"setuptools", "wheel"})
"""Never held to head's versions: what the project runs with does not depend on them."""


class UnbuildableError(PerfbenchError):
    """A revision cannot be checked out or installed; `commit` is its full hash."""

    def __init__(self, message: str, remedy: str, commit: str) -> None:
        super().__init__(message, remedy)
        self.commit = commit


@dataclass(frozen=True, slots=True)
class BuiltSides:
    """Both sides, ready to be measured.

    `differences` says in sentences how their dependencies differ; `not_measured` names the combinations
    of asv's matrix other than the one that was built.
    """

    base: Side
    head: Side
    differences: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()


def build_sides(
    repo_root: Path,
    config: AsvConfig,
    base: Revision,
    head: Revision,
    *,
    cache: Path,
    say: Callable[[str], None],
) -> BuiltSides:
    """Check out and install both revisions below `cache` (`.perfbench`), or find them there from before.

    Dependencies are resolved once: base is installed with head's versions, and only if that fails
    without them. `say` gets a line whenever something takes its time. Raises UnbuildableError where a side
    cannot be built, with its log, ConfigError for an environment that cannot hold two versions,
    MissingComponentError without a Python that the configuration wants.
    """
    if config.environment_type == "existing":
        raise ConfigError(
            'environment_type "existing" holds one installed version, so that two cannot be compared',
            'use "virtualenv"',
            path=config.path,
        )
    with _workshop(repo_root, config, cache, say) as shop:
        built_head = shop.head(head)
        built_base = shop.base(base, built_head.side.dependencies)
        shop.folders.trim({built_head.folder, built_base.folder})
        others = tuple(str(one) for one in config.combinations if one != shop.recipe.combination)
    differences = _differences(built_base.side.dependencies, built_head.side.dependencies)
    return BuiltSides(built_base.side, built_head.side, differences, others)


def build_head(
    repo_root: Path, config: AsvConfig, head: Revision, *, cache: Path, say: Callable[[str], None]
) -> Side:
    """Head alone, as `build_sides` does it; for environment type "existing" the interpreter that runs this."""
    if config.environment_type == "existing":
        return _existing(repo_root, config, head)
    with _workshop(repo_root, config, cache, say) as shop:
        built = shop.head(head)
        shop.folders.trim({built.folder})
    return built.side


def benchmark_dir(repo_root: Path, config: AsvConfig, head: Side) -> Path:
    """The benchmarks to run on both sides: those of head's own tree, where they lie in the repository.

    Raises UsageError where head has none.
    """
    root = repo_root.resolve()
    inside = config.benchmark_dir.is_relative_to(root)
    found = head.root / config.benchmark_dir.relative_to(root) if inside else config.benchmark_dir
    if found.is_dir():
        return found
    if config.benchmark_dir.is_dir():
        raise UsageError(
            f"head {head.revision} has no benchmark folder {config.benchmark_dir.relative_to(root)}",
            "it is not committed there, or git ignores it",
        )
    raise UsageError(f"there is no benchmark folder {config.benchmark_dir}", 'see "benchmark_dir"')


@dataclass(frozen=True, slots=True)
class _Built:
    side: Side
    folder: SideFolder


@dataclass(frozen=True, slots=True)
class _Workshop:
    """What it takes to build the sides of one run."""

    repo: Repo
    recipe: Recipe
    folders: SideFolders
    logs: Path
    say: Callable[[str], None]

    def head(self, revision: Revision) -> _Built:
        folder = self.folders.folder(self._key(revision, {}))
        if folder.record() is None:
            self._build("head", revision, folder, {})
        return self._built("head", revision, folder)

    def base(self, revision: Revision, wanted: Mapping[str, str]) -> _Built:
        """Base with head's versions; a side that was head once will do if it has them."""
        constraints = {name: version for name, version in wanted.items() if name not in BUILD_TOOLS}
        folder = self.folders.folder(self._key(revision, {}))
        record = folder.record()
        if record is None or not _agree(record["dependencies"], constraints):
            folder = self.folders.folder(self._key(revision, constraints))
            if folder.record() is None:
                self._build("base", revision, folder, constraints)
        return self._built("base", revision, folder)

    def _build(
        self, label: str, revision: Revision, folder: SideFolder, constraints: Mapping[str, str]
    ) -> None:
        self.say(f"building {label} {revision.label}")
        with _log(self.logs, label, revision) as log:
            try:
                self._install(revision, folder, constraints, log)
            except InstallError as error:
                if not constraints:
                    raise self._unbuildable(label, revision, error, log) from None
                self.say(
                    f"{label} {revision.label} does not install with head's dependencies; trying its own"
                )
                try:
                    self._install(revision, folder, {}, log)
                except InstallError as second:
                    raise self._unbuildable(label, revision, second, log) from None
            except repository.GitRefusedError as error:
                raise self._unbuildable(label, revision, error, log) from None

    def _install(
        self, revision: Revision, folder: SideFolder, constraints: Mapping[str, str], log: IO[bytes]
    ) -> None:
        self.folders.fresh(folder)
        try:
            self.folders.check_out(folder, revision.commit)
            check_out_submodules(self.repo, repository.top_of(self.repo), folder.tree)
            installer = Installer(self.recipe, folder, revision.commit, log, self.folders.lock)
            installed = installer.install(constraints)
            # An editable project is imported from its tree; the benchmarks always are.
            installer.compile(folder.tree if installed.editable else self._benchmarks(folder))
            folder.complete({"dependencies": dict(installed.dependencies)})
        except BaseException:
            self.folders.discard(folder)
            raise

    def _benchmarks(self, folder: SideFolder) -> Path:
        top, benchmarks = repository.top_of(self.repo), self.recipe.config.benchmark_dir
        return folder.tree / benchmarks.relative_to(top) if benchmarks.is_relative_to(top) else folder.tree

    def _built(self, label: str, revision: Revision, folder: SideFolder) -> _Built:
        folder.touch()
        record = folder.record() or {}
        combination = self.recipe.combination
        environment = asv_variables(self.recipe, folder, revision.commit)
        side = Side(
            label,
            revision.label,
            revision.commit,
            revision.dirty,
            folder.tree,
            folder.python,
            {**environment, **combination.env, **combination.env_nobuild},
            record["dependencies"],
        )
        return _Built(side, folder)

    def _key(self, revision: Revision, constraints: Mapping[str, str]) -> str:
        """16 hex digits for all that the built side depends on."""
        config, combination = self.recipe.config, self.recipe.combination
        parts = (
            LAYOUT, revision.tree, self.recipe.interpreter.identity, self.recipe.commands(),
            config.project, config.repo_subdir, str(config.path.parent), str(config.benchmark_dir),
            combination.requirements, sorted(combination.env.items()), sorted(constraints.items()),
        )  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def _unbuildable(
        self, label: str, revision: Revision, error: PerfbenchError, log: IO[bytes]
    ) -> UnbuildableError:
        return UnbuildableError(
            f"{label} {revision.label} cannot be built: {error.message}",
            f"the whole log is {log.name}",
            revision.commit,
        )


@contextmanager
def _workshop(
    repo_root: Path, config: AsvConfig, cache: Path, say: Callable[[str], None]
) -> Iterator[_Workshop]:
    try:
        with repository.opened(repo_root) as repo, locked(cache, repo, say) as folders:
            combination, interpreter = choose_combination(config.combinations, cache / "sides" / "none")
            recipe = Recipe(config, combination, interpreter)
            yield _Workshop(repo, recipe, folders, cache.resolve() / "logs", say)
    except OSError as error:
        raise PerfbenchError(f"cannot build in {cache}: {error.strerror or error}") from None


@contextmanager
def _log(folder: Path, label: str, revision: Revision) -> Iterator[IO[bytes]]:
    folder.mkdir(exist_ok=True)
    for old in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)[: -LOGS_KEPT + 1]:
        old.unlink(missing_ok=True)
    with (folder / f"{label}-{revision.label}.log").open("wb") as log:
        yield log


def _agree(dependencies: Mapping[str, str], constraints: Mapping[str, str]) -> bool:
    """Whether whatever both name has one version."""
    return all(dependencies.get(name, version) == version for name, version in constraints.items())


def _differences(base: Mapping[str, str], head: Mapping[str, str]) -> tuple[str, ...]:
    told = []
    for name in sorted(base.keys() | head.keys()):
        if base.get(name) == head.get(name):
            continue
        if name in base and name in head:
            told.append(f"{name} is {base[name]} on base and {head[name]} on head")
        else:
            where, version = ("base", base[name]) if name in base else ("head", head[name])
            told.append(f"{name} {version} is installed on {where} alone")
    return tuple(told)


def _existing(repo_root: Path, config: AsvConfig, head: Revision) -> Side:
    """The running interpreter and the working tree, as they are."""
    environment = {
        "ASV": "true",
        "ASV_PROJECT": config.project,
        "ASV_CONF_DIR": str(config.path.parent),
        "ASV_ENV_TYPE": "existing",
        "ASV_COMMIT": head.commit,
    }
    found = {normal(one.name): one.version for one in importlib.metadata.distributions() if one.name}
    side = Side("head", head.label, head.commit, head.dirty, repo_root, Path(sys.executable), environment, {})
    return replace(side, dependencies=dict(sorted(found.items())))
