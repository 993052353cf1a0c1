"""Reading TOML strictly: every complaint names the file, the line and the nearest valid key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args, get_type_hints

import msgspec

from perfbench.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""The way to a value from the top of the file: ("threshold", 2, "limit")."""

Shape = TypeVar("Shape", bound=msgspec.Struct)

_LARGEST_FILE = 256 * 1024
_SEARCH_EFFORT = 2 * 1024 * 1024  # characters parsed in search of line numbers, about a second
_MOST_KEY_PARTS = 32  # tomllib's time and memory grow with their square
_DEEPEST_KEY = 8  # deeper keys get the line of the table around them

_TYPE_WORDS = {
    "str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "a table", "null": "nothing",
    "date": "a date", "datetime": "a date with time", "time": "a time of day",
}  # fmt: skip
_KEY_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_KEY_PART}[ \t]*+\.[ \t]*+){{{_MOST_KEY_PARTS}}}")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A parsed file that knows on which line each key stands."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int] = field(repr=False)

    def line(self, key: KeyPath) -> int | None:
        """The line of `key`, else of the nearest table around it; None where it is not known."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return None

    def error(self, key: KeyPath, message: str, remedy: str = "") -> ConfigError:
        """A complaint about the value at `key`."""
        return ConfigError(message, remedy, path=self.path, line=self.line(key))

    def decode(self, shape: type[Shape], *, table: KeyPath = ()) -> Shape:
        """The table at `table` (absent: empty) as a `shape`. Raises ConfigError where it does not fit."""
        content: Any = self.data
        for part in table:
            content = content.get(part, {}) if isinstance(content, Mapping) else {}
        try:
            return msgspec.convert(content, shape)
        except msgspec.ValidationError as error:
            self._refuse(str(error), shape, table)

    def _refuse(self, complaint: str, shape: type[msgspec.Struct], table: KeyPath) -> NoReturn:
        """Turn msgspec's sentence into one with a place and a remedy."""
        text, _, place = complaint.partition(" - at `$")
        within = _key_path(place.rstrip("`"))
        key = table + within
        if match := re.match(r"Object contains unknown field `(.*)`", text, re.DOTALL):
            name = match[1]
            valid = msgspec.structs.fields(_struct_at(shape, within))
            known = [entry.encode_name for entry in valid]
            raise self.error((*key, name), f"unknown key '{name}'", nearest(name, known)) from None
        if match := re.match(r"Object missing required field `(.*)`", text):
            where = f"[{_dotted(key)}]" if key else "the file"
            raise self.error(key, f"{where} has no '{match[1]}'", f"add {match[1]} = …") from None
        if match := re.match(r"Expected `(.*)`, got `(.*)`", text):
            wanted = " or ".join(
                _TYPE_WORDS.get(word, word) for word in match[1].split(" | ") if word != "null"
            )
            found = _TYPE_WORDS.get(match[2], match[2])
            raise self.error(key, f"'{_dotted(key)}' must be {wanted}, not {found}") from None
        if text == "Invalid RFC3339 encoded date":
            raise self.error(key, f"'{_dotted(key)}' must be a date", "write it as 2026-12-31") from None
        raise self.error(key, f"'{_dotted(key)}': {text}") from None


def read_toml(path: Path) -> TomlFile:
    """Read and parse `path`.

    Raises ConfigError, with the line where it is known, for a file that cannot be read, is larger than
    256 KiB, is not UTF-8 or is not TOML.
    """
    shown = _as_typed(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=shown) from None
    if len(raw) > _LARGEST_FILE:
        raise ConfigError(f"is larger than {_LARGEST_FILE // 1024} KiB, as no settings are", path=shown)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8", "save it as UTF-8", path=shown, line=line) from None
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
    return TomlFile(shown, data, _key_lines(text))


def nearest(name: str, known: list[str]) -> str:
    """A remedy for a misspelt name: the nearest valid one, or all of them."""
    import difflib  # noqa: PLC0415  (few keys are wrong)

    close = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"valid keys: {', '.join(known)}"


def _as_typed(path: Path) -> Path:
    """Relative to where the user stands, if it lies below."""
    absolute, here = path.absolute(), Path.cwd()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else path


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


def _key_path(place: str) -> KeyPath:
    """msgspec's `.threshold[2].limit` as a path."""
    parts = re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", place)
    return tuple(name or int(index) for name, index in parts)


def _struct_at(shape: type[msgspec.Struct], path: KeyPath) -> type[msgspec.Struct]:
    """The Struct that describes the table at `path` below `shape`."""
    for part in path:
        if isinstance(part, int):
            continue
        annotation = get_type_hints(shape)[part]
        choices = (annotation, *get_args(annotation))
        shape = next(
            entry for entry in choices if isinstance(entry, type) and issubclass(entry, msgspec.Struct)
        )
    return shape


def _dotted(key: KeyPath) -> str:
    return ".".join(str(part) for part in key if isinstance(part, str))
