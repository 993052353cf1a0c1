"""Which Python, and so which combination of the matrix, is measured."""

from __future__ import annotations

import platform
import re
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfbench.errors import MissingComponentError
from perfbench.measure.asv_matrix import Combination

_SPECIFICATION = re.compile(r"(?P<kind>[a-z]*?)-?(?P<version>\d+(\.\d+){0,2})?(?P<threads>t?)")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python to make environments with: the path given to virtualenv, and what tells it from others."""

    path: Path
    identity: str


def choose_combination(found: Sequence[Combination], place: Path) -> tuple[Combination, Interpreter]:
    """The first combination whose Python runs perfbench, else the first whose Python is installed.

    `place` is a path at which nothing need exist; virtualenv's discovery wants one. Raises
    MissingComponentError where none of the Pythons is here.
    """
    for combination in found:
        if is_running(combination.python):
            return combination, _running()
    for combination in found:
        interpreter = _discovered(combination.python, place)
        if interpreter is not None:
            return combination, interpreter
    wanted = ", ".join(dict.fromkeys(combination.python for combination in found))
    raise MissingComponentError(
        f"the asv configuration wants Python {wanted}, and none of them is installed here",
        f'install one, or add "{platform.python_version().rpartition(".")[0]}" to its "pythons"',
    )


def find_interpreter(specification: str, place: Path) -> Interpreter | None:
    """The Python that runs this if it will do, else the one that virtualenv finds, else None; `place` as above."""
    return _running() if is_running(specification) else _discovered(specification, place)


def is_running(specification: str) -> bool:
    """Whether `3.12`, `python3`, `pypy3.10`, `3.13t`, `same` or a path means the Python that runs this."""
    if specification in ("same", sys.executable):
        return True
    found = _SPECIFICATION.fullmatch(specification)
    if found is None or found["kind"] not in ("", "python", sys.implementation.name):
        return False
    if sys.implementation.name != "cpython" and found["kind"] != sys.implementation.name:
        return False
    if bool(found["threads"]) != bool(sysconfig.get_config_var("Py_GIL_DISABLED")):
        return False
    version = tuple(found["version"].split(".")) if found["version"] else ()
    return version == platform.python_version_tuple()[: len(version)]


def _running() -> Interpreter:
    return Interpreter(Path(sys.executable), f"{sys.implementation.name} {sys.version} {sys.base_prefix}")


def _discovered(specification: str, place: Path) -> Interpreter | None:
    import virtualenv  # noqa: PLC0415  (90 ms)

    try:
        session = virtualenv.session_via_cli(["--python", specification, str(place)], setup_logging=False)
    except (RuntimeError, OSError, ValueError, SystemExit):
        return None
    found = session.interpreter
    path = found.system_executable or found.executable
    return Interpreter(Path(path), f"{found.implementation} {found.version} {path}")
