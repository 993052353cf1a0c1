"""A parsed file of settings, TOML, YAML or JSON: every complaint names the file, the line and the nearest key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from perfbench.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""The way to a value from the top of the file: ("threshold", 2, "limit")."""

Shape = TypeVar("Shape", bound=msgspec.Struct)

LARGEST_FILE = 256 * 1024
"""Bytes; no settings are longer."""

DEEPEST = 32
"""Levels of tables and lists in YAML and JSON; no settings lie deeper."""

_TYPE_WORDS = {
    "str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "a table", "null": "nothing",
    "date": "a date", "datetime": "a date with time", "time": "a time of day",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A parsed file that knows on which line each key stands. `form` is TOML, YAML or JSON."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int] = field(repr=False)
    form: str = "TOML"

    def line(self, key: KeyPath) -> int | None:
        """The line of `key`, else of the nearest table around it; None where it is not known."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return None

    def place(self, key: KeyPath) -> str:
        """Where `key` stands, as `perfbench.toml:12`; the file's name alone where the line is not known."""
        line = self.line(key)
        return self.path.name if line is None else f"{self.path.name}:{line}"

    def error(self, key: KeyPath, message: str, remedy: str = "") -> ConfigError:
        """A complaint about the value at `key`."""
        return ConfigError(message, remedy, path=self.path, line=self.line(key))

    def at(self, table: KeyPath) -> Any:
        """What stands at `table`; an empty table where there is nothing."""
        content: Any = self.data
        for part in table:
            content = content.get(part, {}) if isinstance(content, Mapping) else {}
        return content

    def decode(self, shape: type[Shape], *, table: KeyPath = ()) -> Shape:
        """The table at `table` (absent: empty) as a `shape`. Raises ConfigError where it does not fit."""
        try:
            return msgspec.convert(self.at(table), shape)
        except msgspec.ValidationError as error:
            self._refuse(str(error), shape, table)

    def _refuse(self, complaint: str, shape: type[msgspec.Struct], table: KeyPath) -> NoReturn:
        """Turn msgspec's sentence into one with a place and a remedy."""
        text, _, place = complaint.partition(" - at `$")
        within, meant = _fault(self.at(table), shape, place.rstrip("`"))
        key = table + within
        if match := re.match(r"Object contains unknown field `(.*)`", text, re.DOTALL):
            name = match[1]
            known = [entry for struct in _structs_in(meant) for entry in struct.__struct_fields__]
            raise self.error((*key, name), f"unknown key '{name}'", nearest(name, known)) from None
        if match := re.match(r"Object missing required field `(.*)`", text):
            where = self._table_words(key)
            raise self.error(key, f"{where} has no '{match[1]}'", f"add {self._assigned(match[1])}") from None
        if match := re.match(r"Expected `(.*)`, got `(.*)`", text):
            wanted = " or ".join(
                _TYPE_WORDS.get(word, word) for word in match[1].split(" | ") if word != "null"
            )
            found = _TYPE_WORDS.get(match[2], match[2])
            what = f"'{_dotted(key)}'" if key else "the file"
            raise self.error(key, f"{what} must be {wanted}, not {found}") from None
        if text == "Invalid RFC3339 encoded date":
            raise self.error(key, f"'{_dotted(key)}' must be a date", "write it as 2026-12-31") from None
        raise self.error(key, f"'{_dotted(key)}': {text}") from None

    def _table_words(self, key: KeyPath) -> str:
        if not key:
            return "the file"
        return f"[{_dotted(key)}]" if self.form == "TOML" else f"'{_dotted(key)}'"

    def _assigned(self, name: str) -> str:
        """How a value is given to `name` in this form."""
        return {"YAML": f"{name}: …", "JSON": f'"{name}": …'}.get(self.form, f"{name} = …")


def bounded_text(path: Path, shown: Path) -> str:
    """The text of `path`; complaints call it `shown`.

    Raises ConfigError for a file that cannot be read, is larger than 256 KiB or is not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=shown) from None
    if len(raw) > LARGEST_FILE:
        raise ConfigError(f"is larger than {LARGEST_FILE // 1024} KiB, as no settings are", path=shown)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError("is not UTF-8", "save it as UTF-8", path=shown, line=line) from None


def as_typed(path: Path) -> Path:
    """Relative to where the user stands, if it lies below."""
    absolute, here = path.absolute(), Path.cwd()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else path


def nearest(name: str, known: list[str]) -> str:
    """A remedy for a misspelt name: the nearest valid one, or all of them."""
    import difflib  # noqa: PLC0415  (few keys are wrong)

    close = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"valid keys: {', '.join(known)}"


def _fault(content: Any, shape: Any, place: str) -> tuple[KeyPath, Any]:
    """msgspec's `.threshold[2].limit` as a path below `content`, and the type that is wanted there.

    Of a free table it only says `[...]`: then it is the first entry that does not fit.
    """
    path: KeyPath = ()
    for name, index, free in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]|\[(\.\.\.)\]", place):
        part: str | int | None = name or (int(index) if index else None)
        shape = _inner(shape, part)
        if free and isinstance(content, Mapping):
            part = next((key for key, value in content.items() if not _fits(value, shape)), None)
        if part is None:
            break
        path = (*path, part)
        content = content[part] if _holds(content, part) else None
    return path, shape


def _inner(annotation: Any, part: str | int | None) -> Any:
    """The type of what stands at `part` (a key, a place in a list, None for any key of a free table)."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(part, int) and get_origin(kind) in (tuple, list):
            return get_args(kind)[0]
        if part is None and get_origin(kind) is dict:
            return get_args(kind)[1]
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and part in kind.__struct_fields__:
            return get_type_hints(kind)[str(part)]
    return Any


def _fits(value: Any, annotation: Any) -> bool:
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    return True


def _holds(content: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(content, list) and part < len(content)
    return isinstance(content, Mapping) and part in content


def _structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """The Structs that an annotation is made of, such as `dict[str, Table] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for part in get_args(annotation):
        yield from _structs_in(part)


def _dotted(key: KeyPath) -> str:
    return ".".join(str(part) for part in key if isinstance(part, str))
