"""Installing a side: its virtual environment, the asv commands in it, and what came of them."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from perfbench.errors import PerfbenchError, UsageError
from perfbench.measure.asv_config import AsvConfig
from perfbench.measure.asv_matrix import Combination
from perfbench.measure.install_command import Command, parse_command
from perfbench.measure.interpreter import Interpreter
from perfbench.measure.program import end_group, guard
from perfbench.measure.side_folder import SideFolder

SIMPLE = "in-dir={env_dir} python -m pip install {build_dir}"
"""What asv's default build and install commands come to, in one step and without an sdist between."""
BUILD_WHEEL = "python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"
INSTALL_WHEEL = "in-dir={env_dir} python -m pip install {wheel_file}"

ASTRAY = (
    "VIRTUAL_ENV",
    "VIRTUAL_ENV_PROMPT",
    "CONDA_PREFIX",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
)
"""Variables of the caller that would lead pip elsewhere; those of Python itself go as well."""

_PROBE = """
import importlib.metadata, json, sysconfig
found = []
for one in importlib.metadata.distributions():
    name, origin = one.metadata["Name"], json.loads(one.read_text("direct_url.json") or "{}")
    if name:
        editable = bool(origin.get("dir_info", {}).get("editable"))
        found.append([name, one.version, origin.get("url", ""), editable])
paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
print(json.dumps({"distributions": found, "paths": sorted(paths)}))
"""


class InstallError(PerfbenchError):
    """A side could not be installed; the message is the last meaningful line of its log."""


INSTALLERS = r"site-packages/(pip|setuptools|pkg_resources|_distutils_hack)/"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What both sides are built by."""

    config: AsvConfig
    combination: Combination
    interpreter: Interpreter

    @property
    def default(self) -> bool:
        """Whether asv's own commands hold, so that pip needs nothing but the project's folder."""
        return self.config.build_command is None and self.config.install_command is None

    def commands(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The build and the install commands."""
        if self.default:
            return (), (SIMPLE,)
        build, install = self.config.build_command, self.config.install_command
        return (BUILD_WHEEL,) if build is None else build, (INSTALL_WHEEL,) if install is None else install


@dataclass(frozen=True, slots=True)
class Installed:
    """What is in an environment beside the project, by name; and whether the project runs from its tree."""

    dependencies: Mapping[str, str]
    editable: bool


class Installer:
    """Fills one side's folder, whose tree is checked out already. All output goes to `log`."""

    def __init__(self, recipe: Recipe, folder: SideFolder, commit: str, log: IO[bytes], lock: int) -> None:
        self._recipe = recipe
        self._folder = folder
        self._log = log
        self._lock = lock
        self._variables = asv_variables(recipe, folder, commit)

    def install(self, constraints: Mapping[str, str]) -> Installed:
        """Make the environment and install the project, its dependencies at the versions of `constraints`.

        Raises InstallError where a command fails or takes longer than the configuration's
        `install_timeout`, UsageError for a command that cannot be read.
        """
        environment = self._environment(constraints)
        self._make_environment()
        self._folder.wheels.mkdir()
        for requirements in (self._build_tools(), self._recipe.combination.requirements):
            if requirements:
                argv = ("python", "-m", "pip", "install", *requirements)
                self._run(Command(argv, {}, cwd=str(self._folder.env)), environment)
        build, install = self._recipe.commands()
        for line in (*build, *install):
            self._run(parse_command(line, self._interpolation()), environment)
        return self._inspect()

    def compile(self, *paths: Path) -> None:
        """Byte-compile Python files, so that no side pays for it while measured; broken ones are let be."""
        existing = [str(path) for path in paths if path.is_dir()]
        if not existing:
            return  # given nothing, compileall would take all of sys.path
        # What comes with an environment to install things with is not measured, and half of what there is to compile.
        argv = ("python", "-m", "compileall", "-qq", "-j", "0", "-x", INSTALLERS, *existing)
        self._run(Command(argv, {}, return_codes=None, cwd=str(self._folder.env)), self._environment({}))

    def _make_environment(self) -> None:
        # Not the environment's own programs: this one is ours, with the path that finds it.
        interpreter = ("--python", str(self._recipe.interpreter.path))
        seeds = ("--setuptools=bundle", "--no-download", "--no-periodic-update")
        argv = (sys.executable, "-m", "virtualenv", "--quiet", *interpreter, *seeds, "--activators=")
        self._run(Command((*argv, str(self._folder.env)), {}, cwd=str(self._folder.path)), dict(os.environ))

    def _build_tools(self) -> tuple[str, ...]:
        """What commands other than asv's own may call: build, wheel, and the project's build requirements.

        asv installs them always; pip needs none of them to build in isolation.
        """
        if self._recipe.default:
            return ()
        words = " ".join(itertools.chain(*self._recipe.commands()))
        tools = tuple(tool for tool in ("build", "wheel") if re.search(rf"(?<![-{{\w]){tool}\b", words))
        try:
            project = tomllib.loads((self._build_dir / "pyproject.toml").read_text())
            required = project["build-system"]["requires"]
        except (OSError, ValueError, KeyError, TypeError):
            required = []  # none, or one that pip will complain about better
        return (*tools, *(str(one) for one in required))

    @property
    def _build_dir(self) -> Path:
        return self._folder.tree / self._recipe.config.repo_subdir

    def _interpolation(self) -> dict[str, str]:
        values = {name.removeprefix("ASV_").lower(): value for name, value in self._variables.items()}
        values.pop("asv")
        wheel = self._wheel()
        return values | {"wheel_file": str(wheel)} if wheel else values

    def _wheel(self) -> Path | None:
        """The project's wheel; without `--no-deps` a build command leaves its dependencies' beside it."""
        wheels = sorted(self._folder.wheels.glob("*.whl"))
        if len(wheels) <= 1:
            return wheels[0] if wheels else None
        project = normal(self._recipe.config.project)
        own = [wheel for wheel in wheels if normal(wheel.name.partition("-")[0]) == project]
        if len(own) == 1:
            return own[0]
        raise UsageError(
            f"the build command left {len(wheels)} wheels, and which is the project's cannot be told",
            "add --no-deps to its pip wheel",
        )

    def _environment(self, constraints: Mapping[str, str]) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "__PYVENV")) and name not in ASTRAY
        }
        environment |= {"PIP_USER": "false", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        if constraints:
            path = self._folder.path / "constraints.txt"
            path.write_text("".join(f"{name}=={version}\n" for name, version in sorted(constraints.items())))
            # As a URL, since pip splits the variable at spaces, which a path may hold.
            environment["PIP_CONSTRAINT"] = f"{environment.get('PIP_CONSTRAINT', '')} {path.as_uri()}".strip()
        return environment | self._variables | dict(self._recipe.combination.env)

    def _run(self, command: Command, environment: Mapping[str, str]) -> None:
        """Run a command to its end, its whole process group killed on every other way out."""
        environment = {**environment, **command.environment}
        program = shutil.which(command.argv[0], path=environment.get("PATH"))
        if program is None:
            raise InstallError(f"{command.argv[0]}: command not found")
        argv = (program, *command.argv[1:])
        self._log.write(f"$ {' '.join(command.argv)}\n".encode())
        self._log.flush()
        cwd = command.cwd or str(self._build_dir)
        if not Path(cwd).is_dir():
            raise InstallError(f"{cwd}: no such folder")
        process = subprocess.Popen(
            (*guard(), *argv),  # pip is not left at work after a kill -9
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(self._lock,),
        )
        limit = self._recipe.config.install_timeout
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            end_group(process)
            raise InstallError(
                f"{' '.join(command.argv)} took longer than install_timeout, {limit:g} s"
            ) from None
        except BaseException:
            end_group(process)
            raise
        if not command.accepts(code):
            raise InstallError(last_meaningful_line(Path(self._log.name), code))

    def _inspect(self) -> Installed:
        """Ask the environment what is in it, and compile what lies there."""
        try:
            answer = subprocess.run(
                (str(self._folder.python), "-I", "-c", _PROBE), capture_output=True, check=True, timeout=120
            )
            found = json.loads(answer.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise InstallError(f"the environment's Python does not run: {error}") from None
        self.compile(*(Path(path) for path in found["paths"]))
        besides = (normal(self._recipe.config.project), "pip")
        dependencies = {
            normal(name): version
            for name, version, url, _ in found["distributions"]
            if normal(name) not in besides and not url.startswith(self._folder.path.as_uri())
        }
        editable = any(editable for *_, editable in found["distributions"])
        return Installed(dict(sorted(dependencies.items())), editable)


def asv_variables(recipe: Recipe, folder: SideFolder, commit: str) -> dict[str, str]:
    """The variables that asv sets for commands and benchmarks, and PATH with the environment first."""
    combination, config = recipe.combination, recipe.config
    name = "-".join([config.environment_type, f"py{combination.python}", *combination.requirements])
    return {
        "ASV": "true",
        "ASV_PROJECT": config.project,
        "ASV_CONF_DIR": str(config.path.parent),
        "ASV_ENV_NAME": re.sub(r"[^\w.+-]+", "_", name),
        "ASV_ENV_DIR": str(folder.env),
        "ASV_ENV_TYPE": config.environment_type,
        "ASV_COMMIT": commit,
        "ASV_BUILD_DIR": str(folder.tree / config.repo_subdir),
        "ASV_BUILD_CACHE_DIR": str(folder.wheels),
        "PATH": os.pathsep.join([str(folder.env / "bin"), os.environ.get("PATH", os.defpath)]),
    }


def last_meaningful_line(log: Path, code: int) -> str:
    """The line of a build log that says best what went wrong: what the backend raised, else pip's error."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        text = file.read().decode(errors="replace")
    lines = [line.strip(" │╰─>×") for line in text.rpartition("\n$ ")[2].splitlines()[1:]]
    lines = [line for line in lines if line and not line.startswith(("note:", "hint:", "[notice]"))]
    ends = [number for number, line in enumerate(lines) if line == "[end of output]" and number]
    if ends:
        return lines[ends[-1] - 1]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or [f"exit code {code}, and no output"])[-1]


def normal(name: str) -> str:
    """A distribution's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
