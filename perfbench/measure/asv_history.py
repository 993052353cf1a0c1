"""A repository's benchmarks over its own commits, measured by asv itself into its own files.

asv runs on a copy of the project's configuration that differs in where things lie, and in which commit the
benchmarks are first looked for: at HEAD, whose tree they come from.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfbench.errors import ConfigError, MeasurementError, MissingComponentError, UsageError
from perfbench.measure import lacking
from perfbench.measure.asv_document import AsvDocument
from perfbench.measure.asv_process import run_asv
from perfbench.measure.history_results import REASONS, skip_unmeasured
from perfbench.measure.interpreter import find_interpreter, is_running
from perfbench.measure.program import ProgramFailedError, run_program
from perfbench.measure.scratch import ScratchFolder
from perfbench.measure.uninstallable import Installations

SOME_FAILED = 2
"""asv's exit code where it ran and rows failed."""

_ASKING_TAKES = 120.0

# asv's own words for where results go and which environments there are. A machine that it does not know yet is
# described with what it finds, as `asv machine --yes` does.
_ASK = """
import json, sys
from asv import environment, util
from asv.config import Config
from asv.machine import Machine, MachineCollection
from asv.plugin_manager import plugin_manager
configuration, name, answer = sys.argv[1:]
name = name or Machine.get_unique_machine_name()
try:
    machine = MachineCollection.load(name)["machine"]
except util.UserError:
    machine = name
    MachineCollection.save(name, {**Machine.get_defaults(), "machine": name})
config = Config.load(configuration)
made = list(environment.get_environments(config, None, verbose=False))
found = {"machine": machine, "environments": [one.name for one in made]}
with open(answer, "w") as file:
    json.dump(found, file)
"""

# Gives each environment what HEAD needs, the newest and so mostly all that any commit needs: from then on commits are
# installed without the network. Done again when the files in which a project names its dependencies have changed.
_PREPARE = """
import hashlib, pathlib, sys
from asv import environment, util
from asv.config import Config
from asv.console import log
from asv.plugin_manager import plugin_manager
from asv.repo import get_repo
configuration, head, root = sys.argv[1:]
config = Config.load(configuration)
repo = get_repo(config)
log.enable()
names = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
named = b"".join(path.read_bytes() for name in names if (path := pathlib.Path(root, name)).is_file())
wanted = hashlib.sha256(named).hexdigest()
for one in environment.get_environments(config, None, verbose=False):
    one.create()
    mark = pathlib.Path(one._path, "perfbench-prepared")
    if mark.is_file() and mark.read_text() == wanted:
        continue
    try:
        one.install_project(config, repo, head)
    except util.ProcessError:
        log.warning(f"HEAD cannot be installed in {one.name}")
    else:
        mark.write_text(wanted)
log.flush()
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What asv says of this machine: the name that it goes by, and the environments that it will make.

    `missing` are the Pythons of the configuration that are not installed here.
    """

    machine: str
    environments: tuple[str, ...]
    missing: tuple[str, ...]


class AsvHistory:
    """asv on the configuration at `config`, measuring the repository at `project` into the folder `results`.

    `head` is the commit whose tree the benchmarks come from. Raises MissingComponentError without asv, ConfigError
    for a configuration whose environments cannot hold a commit. Leaving its `with` block removes all but
    results and environments.
    """

    def __init__(self, config: Path, project: Path, head: str, results: Path | None = None) -> None:
        if importlib.util.find_spec("asv") is None:
            raise MissingComponentError(
                "a history is measured by asv, which is not installed", "pip install 'perfbench-gate[asv]'"
            )
        document = AsvDocument.read(config)
        if document.string("environment_type", "").partition(":")[0] == "existing":
            raise ConfigError(
                '"environment_type" is "existing", and no commit can be installed there',
                'write "virtualenv"',
                path=config,
            )
        self._head = head
        self._root = project
        here = config.resolve().parent
        self.results = results or (here / document.string("results_dir", "results")).resolve()
        self._scratch = ScratchFolder()
        self._missing, self._folders = _pythons(document, self._scratch.path)
        self._config = self._scratch.path / config.name
        derived = _derived(document.values, here, self._missing)
        derived |= {"repo": str(project), "results_dir": str(self.results), "branches": ["HEAD"]}
        self._config.write_text(json.dumps(derived))
        if (here / "pyproject.toml").is_file():
            # asv installs what the one beside its configuration needs to be built.
            shutil.copy(here / "pyproject.toml", self._scratch.path)
        path = self._scratch.path / "path"
        path.mkdir()
        shutil.copy(lacking.__file__, path / "sitecustomize.py")

    def __enter__(self) -> AsvHistory:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.remove()

    def facts(self, machine: str | None) -> Facts:
        """Ask asv. Raises MeasurementError with its words when it refuses."""
        answer = self._scratch.path / "facts.json"
        try:
            run_program(
                (sys.executable, "-c", _ASK, str(self._config), machine or "", str(answer)),
                cwd=self._scratch.path,
                environment=self._environment(None),
                timeout=_ASKING_TAKES,
            )
        except ProgramFailedError as error:
            raise MeasurementError(f"asv {error.message}", "`asv check` may say more") from None
        found = json.loads(answer.read_text())
        if not found["environments"]:
            wanted = f": the configuration wants Python {', '.join(self._missing)}" if self._missing else ""
            raise MissingComponentError(
                f"asv can make no environment here{wanted}", 'install one, or change "pythons" and "exclude"'
            )
        return Facts(found["machine"], tuple(found["environments"]), self._missing)

    def run(
        self,
        commits: Sequence[str],
        facts: Facts,
        say: Callable[[str], None],
        *,
        expressions: Sequence[str] = (),
        attributes: Sequence[str] = (),
        trial: bool = False,
    ) -> bool:
        """Measure what these commits do not have yet, in the order given; False where a row has failed.

        Environments are made first, and need the network for it; commits do not, as long as they need nothing
        that HEAD does not.

        `expressions` and `attributes` are those of asv's `--bench` and `--attribute`. A `trial` calls each row
        once and keeps nothing. Raises MeasurementError when asv gives up, UsageError when it does not take what
        it is given.
        """
        hashes = self._scratch.path / "commits"
        hashes.write_text("".join(f"{commit}\n" for commit in commits))
        reasons = None if trial else self.results / facts.machine / REASONS
        self._asv(["-c", _PREPARE, str(self._config), self._head, str(self._root)], None, say)
        installations = Installations()

        def hear(line: str) -> None:
            installations.hear(line)
            say(line)

        code = self._asv(
            [
                "-m", "asv", "run", f"HASHFILE:{hashes}", "--config", str(self._config),
                "--machine", facts.machine, "--launch-method", "spawn", "--no-pull",
                *(("--quick", "--dry-run") if trial else ("--skip-existing-successful",)),
                *(f"--bench={expression}" for expression in expressions),
                *(f"--attribute={attribute}" for attribute in attributes),
            ],
            reasons,
            hear,
        )  # fmt: skip
        for one in installations.failed if not trial else ():
            if not self._head.startswith(one.commit):
                skip_unmeasured(self.results / facts.machine, one.commit, one.environment, one.reason)
        return code == 0

    def _asv(self, arguments: Sequence[str], reasons: Path | None, say: Callable[[str], None]) -> int:
        """asv's exit code; one that says that it has given up becomes a MeasurementError."""
        argv = (sys.executable, *arguments)
        code, last = run_asv(argv, cwd=self._scratch.path, environment=self._environment(reasons), say=say)
        if code == SOME_FAILED and (
            refused := [line for line in last if re.match(r"asv[\w ]*: error: ", line)]
        ):
            raise UsageError(
                f"asv refuses the call: {refused[-1].partition('error: ')[2]}", "see `asv run --help`"
            )
        if code not in (0, SOME_FAILED):
            said = next((line.strip() for line in reversed(last) if line.strip()), "without a word")
            raise MeasurementError(f"asv gave up: {said[:300]}", "what it said before tells more")
        return code

    def _environment(self, reasons: Path | None) -> dict[str, str]:
        """Ours, with temporary files where they are found again; pip asks for no newer pip."""
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([*self._folders, os.environ.get("PATH", os.defpath)]),
            "TMPDIR": str(self._scratch.path),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHONUNBUFFERED": "1",
        }
        # asv's processes get as PYTHONPATH what it finds in this variable, and no other.
        original = environment.get("ASV_PYTHONPATH", "")
        path = [str(self._scratch.path / "path"), *filter(None, [original])]
        return environment | {
            "ASV_PYTHONPATH": os.pathsep.join(path),
            lacking.PATH_VARIABLE: original,
            lacking.HEAD_VARIABLE: self._head,
            lacking.FILE_VARIABLE: str(reasons or os.devnull),
        }


def _pythons(document: AsvDocument, place: Path) -> tuple[tuple[str, ...], list[str]]:
    """The Pythons of a configuration that are not here, and the folders of those that are.

    asv takes the first program of the name on the PATH, which may be one that only says that there is none
    (pyenv's are).
    """
    missing, folders = [], []
    for python in document.strings("pythons") or ():
        found = find_interpreter(python, place / "none")
        if found is None:
            missing.append(python)
            continue
        folder = Path(sys.base_prefix) / "bin" if is_running(python) else found.path.parent
        if (folder / f"python{python}").exists():
            folders.append(str(folder))
    return tuple(missing), list(dict.fromkeys(folders))


def _derived(values: Mapping[str, Any], here: Path, missing: Sequence[str]) -> dict[str, Any]:
    """The configuration with absolute places, for asv to read from elsewhere, and without what is missing."""
    found = dict(values)
    for key, default in (("benchmark_dir", "benchmarks"), ("env_dir", "env"), ("html_dir", "html")):
        found[key] = str((here / str(found.get(key) or default)).resolve())
    for key in ("build_command", "install_command", "uninstall_command"):
        if found.get(key) is not None:
            commands = [found[key]] if isinstance(found[key], str) else found[key]
            found[key] = [command.replace("{conf_dir}", str(here)) for command in commands]
    if found.get("pythons"):
        found["pythons"] = [python for python in found["pythons"] if python not in missing]
    if found.get("include"):
        found["include"] = [entry for entry in found["include"] if entry.get("python") not in missing]
    return found
