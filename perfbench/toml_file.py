"""Reading TOML strictly: every complaint names the file, the line and the nearest valid key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfbench.errors import ConfigError
from perfbench.settings_file import KeyPath, SettingsFile, as_typed, bounded_text

_SEARCH_EFFORT = 2 * 1024 * 1024  # characters parsed in search of line numbers, about a second
_MOST_KEY_PARTS = 32  # tomllib's time and memory grow with their square
_DEEPEST_KEY = 8  # deeper keys get the line of the table around them

_KEY_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_KEY_PART}[ \t]*+\.[ \t]*+){{{_MOST_KEY_PARTS}}}")


def read_toml(path: Path) -> SettingsFile:
    """Read and parse `path`.

    Raises ConfigError, with the line where it is known, for a file that cannot be read, is larger than
    256 KiB, is not UTF-8 or is not TOML.
    """
    shown = as_typed(path)
    text = bounded_text(path, shown)
    if match := _LONG_KEY.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise ConfigError(f"a key of more than {_MOST_KEY_PARTS} parts", path=shown, line=line)
    import tomllib  # noqa: PLC0415  (2 ms, and not every folder has a file of settings)

    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ConfigError("is nested too deeply", path=shown) from None
    except ValueError as error:  # TOMLDecodeError, and integers that are too long
        raise _syntax_error(shown, text, str(error)) from None
    return SettingsFile(shown, data, _key_lines(text))


def _syntax_error(path: Path, text: str, message: str) -> ConfigError:
    match = re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)", message)
    line = None
    if match:
        line = int(match[1]) if match[1] else text.rstrip("\n").count("\n") + 1
        message = message[: match.start()]
    return ConfigError(f"is not valid TOML: {message[:1].lower()}{message[1:]}", path=path, line=line)


def _key_lines(text: str) -> dict[KeyPath, int]:
    """The line on which each key and table of a valid document begins.

    `tomllib` keeps no positions, but it tells where a statement ends: a header or a `key = value` is the
    shortest run of lines that parses by itself, since a value that goes on over the line (a list, a
    multi-line string) does not parse before its end.
    """
    import tomllib  # noqa: PLC0415

    lines: dict[KeyPath, int] = {}
    tables: dict[KeyPath, int] = {}  # how often each array of tables has been opened
    table: KeyPath = ()
    statement, start, effort = "", 1, 0
    for number, line in enumerate(text.split("\n"), start=1):
        start = start if statement else number
        statement += line + "\n"
        effort += len(statement)
        if effort > _SEARCH_EFFORT:
            break
        try:
            parsed = tomllib.loads(statement)
        except ValueError:
            continue
        if statement.lstrip().startswith("["):
            table = _open_table(parsed, tables)
            for depth in range(1, len(table) + 1):
                lines.setdefault(table[:depth], start)
        else:
            for key in _nested_keys(parsed):
                lines.setdefault(table + key, start)
        statement = ""
    return lines


def _open_table(header: Any, tables: dict[KeyPath, int]) -> KeyPath:
    """The full path of a header, with the index of each array of tables that it lies in."""
    path: KeyPath = ()
    while header and len(path) < _DEEPEST_KEY:
        (name, header), *_ = header.items()
        path = (*path, name)
        if isinstance(header, list):
            tables[path] = tables.get(path, 0) + 1
            header = header[0]
        if path in tables:
            path = (*path, tables[path] - 1)
    return path


def _nested_keys(table: Mapping[str, Any], depth: int = _DEEPEST_KEY) -> list[KeyPath]:
    keys: list[KeyPath] = []
    for name, value in table.items():
        keys.append((name,))
        if isinstance(value, dict) and depth:
            keys += [(name, *rest) for rest in _nested_keys(value, depth - 1)]
    return keys
