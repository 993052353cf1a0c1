"""Where the settings of a project stand: the one file that is read, whichever of its names and forms it has."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from perfbench.errors import ConfigError
from perfbench.json_file import read_json
from perfbench.settings_file import KeyPath, SettingsFile, as_typed
from perfbench.toml_file import read_toml
from perfbench.yaml_file import read_yaml

VARIABLE = "PERF_CONFIG_FILE"
"""Names the file of settings; nothing else is looked for then."""

NAMES = ("perfbench.toml", "perfbench.yaml", "perfbench.yml", "perfbench.json")
"""What the file at the top of a repository may be called."""

PYPROJECT = "pyproject.toml"
PYPROJECT_TABLE = ("tool", "perfbench")

_READERS: Mapping[str, Callable[[Path], SettingsFile]] = {
    ".toml": read_toml, ".yaml": read_yaml, ".yml": read_yaml, ".json": read_json,
}  # fmt: skip


def settings_of(root: Path) -> tuple[SettingsFile, KeyPath] | None:
    """The settings of the project at `root`, and the table of the file in which they stand; None without any.

    They stand in the file that PERF_CONFIG_FILE names, else in perfbench.toml, .yaml, .yml or .json, else in
    `[tool.perfbench]` of pyproject.toml. Raises ConfigError where two of these are there, which would leave
    open which of them counts, and for a file that is wrong; MissingComponentError for YAML without PyYAML.
    """
    if named := os.environ.get(VARIABLE):
        return _named(Path(named))
    found = [root / name for name in NAMES if (root / name).exists()]
    if not found:
        return _of_pyproject(root / PYPROJECT)
    others = [path.name for path in found[1:]]
    if _has_table(root / PYPROJECT):
        others.append(f"[tool.perfbench] of {PYPROJECT}")
    if others:
        raise ConfigError(f"there are settings in {others[0]} as well", "keep one", path=as_typed(found[0]))
    return _read(found[0])


def others_than(path: Path) -> list[Path]:
    """The files beside `path` that hold settings of the same project, as a user would type them."""
    root = path.parent
    found = [root / name for name in NAMES if (root / name).exists() and root / name != path]
    if _has_table(root / PYPROJECT):
        found.append(root / PYPROJECT)
    return [as_typed(other) for other in found]


def _named(path: Path) -> tuple[SettingsFile, KeyPath]:
    if path.suffix not in _READERS:
        known = ", ".join(_READERS)
        raise ConfigError(f"{VARIABLE} names {path}", f"its name must end in one of {known}", path=path)
    if not path.is_file():
        raise ConfigError(f"{VARIABLE} names it, and there is no such file", f"unset {VARIABLE}", path=path)
    return _read(path)


def _read(path: Path) -> tuple[SettingsFile, KeyPath]:
    return _READERS[path.suffix](path), PYPROJECT_TABLE if path.name == PYPROJECT else ()


def _of_pyproject(path: Path) -> tuple[SettingsFile, KeyPath] | None:
    """What a pyproject.toml says, read strictly where it speaks of us at all."""
    try:
        speaks = "perfbench" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if not speaks:
        return None
    file, table = _read(path)
    return (file, table) if file.at(table) != {} else None


def _has_table(path: Path) -> bool:
    """Whether a pyproject.toml holds settings of ours; it is not read for anything else here."""
    import tomllib  # noqa: PLC0415  (2 ms, and few projects have both files)

    try:
        text = path.read_text(encoding="utf-8")
        tools = tomllib.loads(text).get("tool") if "perfbench" in text else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(tools, dict) and "perfbench" in tools
