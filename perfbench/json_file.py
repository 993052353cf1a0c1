"""Reading settings from JSON strictly: no key twice, nothing that JSON does not have, and each key's line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from perfbench.errors import ConfigError
from perfbench.settings_file import DEEPEST, KeyPath, SettingsFile, as_typed, bounded_text

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:\n]|[^\s{}\[\],:"]++', re.DOTALL)


def read_json(path: Path) -> SettingsFile:
    """Read and parse `path`.

    Raises ConfigError, with the line where it is known, for a file that cannot be read, is larger than
    256 KiB, is not UTF-8, is not JSON, holds no object, holds a key twice or is nested too deeply.
    """
    shown = as_typed(path)
    text = bounded_text(path, shown)
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
        json.dumps(data, ensure_ascii=False).encode()
    except RecursionError:
        raise ConfigError("is nested too deeply", path=shown) from None
    except json.JSONDecodeError as error:
        raise _syntax_error(shown, error.msg, error.lineno) from None
    except UnicodeEncodeError:
        raise _syntax_error(shown, "half a character (a lone surrogate)") from None
    except ValueError as error:  # NaN, and integers that are too long
        raise _syntax_error(shown, str(error)) from None
    if not isinstance(data, dict):
        raise ConfigError("must hold one JSON object", 'write {"measure": {…}}', path=shown)
    return SettingsFile(shown, data, _Keys(shown).lines_of(text), "JSON")


def _syntax_error(path: Path, what: str, line: int | None = None) -> ConfigError:
    return ConfigError(f"is not valid JSON: {what[:1].lower()}{what[1:]}", path=path, line=line)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"there is no number {name}")


@dataclass(slots=True)
class _Level:
    """An object or a list that is open: the way to it, and the place in it."""

    path: KeyPath
    is_list: bool
    index: int = 0
    name: str | None = None

    def child(self) -> KeyPath:
        """The way to the value that comes next."""
        part: str | int = self.index if self.is_list else str(self.name)
        return (*self.path, part)


@dataclass(slots=True)
class _Keys:
    """Walks over a valid document and finds the line on which each key and each entry of a list begins."""

    path: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)
    levels: list[_Level] = field(default_factory=list)

    def lines_of(self, text: str) -> dict[KeyPath, int]:
        number = 1
        for match in _TOKEN.finditer(text):
            mark = match[0]
            if mark == "\n":
                number += 1
            else:
                self._take(mark, number)
        return self.lines

    def _take(self, mark: str, number: int) -> None:
        level = self.levels[-1] if self.levels else None
        if mark in "{[":
            self._open(mark == "[", level, number)
        elif mark in "}]":
            self.levels.pop()
        elif level is None or mark == ":":
            return
        elif mark == ",":
            level.index, level.name = level.index + 1, None
        elif level.is_list:
            self.lines.setdefault(level.child(), number)
        elif level.name is None:
            self._name(level, mark, number)

    def _open(self, is_list: bool, level: _Level | None, number: int) -> None:
        if len(self.levels) >= DEEPEST:
            raise ConfigError("is nested too deeply", path=self.path, line=number)
        path = () if level is None else level.child()
        if path:
            self.lines.setdefault(path, number)
        self.levels.append(_Level(path, is_list))

    def _name(self, level: _Level, mark: str, number: int) -> None:
        level.name = _unquoted(mark)
        key = level.child()
        if key in self.lines:
            raise ConfigError(
                f"the key '{level.name}' stands here twice", "remove one", path=self.path, line=number
            )
        self.lines[key] = number


def _unquoted(mark: str) -> str:
    text: Any = json.loads(mark)
    return str(text)
