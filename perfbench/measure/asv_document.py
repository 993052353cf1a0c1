"""Reading an asv configuration file: JSON with comments, bounded, every complaint with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfbench.errors import ConfigError

LARGEST_FILE = 256 * 1024  # json5 parses about 300 kB a second


@dataclass(frozen=True, slots=True)
class AsvDocument:
    """A parsed file; its readers return the value of a key in the shape asked for, or raise ConfigError."""

    path: Path
    text: str = field(repr=False)
    values: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> AsvDocument:
        """Parse `path` as asv does (JSON5). Raises ConfigError where it cannot be read or is no object."""
        text = _bounded_text(path)
        import json5  # noqa: PLC0415  (only where a configuration is read)

        try:
            values = json5.loads(text)
        except ValueError as error:
            place, _, what = str(error).removeprefix("<string>:").partition(" ")
            line = int(place) if place.isdigit() else None
            raise ConfigError(f"not valid JSON: {what or error}", path=path, line=line) from None
        except RecursionError:
            raise ConfigError("not valid JSON: nested too deeply", path=path) from None
        if not isinstance(values, dict):
            raise ConfigError("the file must hold one JSON object", path=path)
        return cls(path, text, values)

    def wrong(self, key: str, message: str, remedy: str = "") -> ConfigError:
        """A complaint about `key`, with the line on which it first stands outside a comment."""
        found = re.search(rf"(?m)^(?!\s*//).*?(?<![\w-])[\"']?{re.escape(key)}[\"']?\s*:", self.text)
        line = self.text.count("\n", 0, found.end()) + 1 if found else None
        return ConfigError(message, remedy, path=self.path, line=line)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raise ConfigError for the first key that is not in `known`, naming the nearest that is."""
        for key in self.values:
            if key not in known:
                raise self.wrong(key, f'unknown key "{key}"', nearest(key, known))

    def string(self, key: str, default: str) -> str:
        """A string; null and absence give the default."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.wrong(key, f'"{key}" must be a string, not {_shown(value)}')
        return value

    def strings(self, key: str) -> tuple[str, ...] | None:
        """A list of strings, or None where the key is absent or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.wrong(key, f'"{key}" must be a list of strings, not {_shown(value)}')
        for item in value:
            if not isinstance(item, str):
                raise self.wrong(key, f'"{key}" must hold strings', f'write "{item}" in quotes')
        return tuple(value)

    def commands(self, key: str) -> tuple[str, ...] | None:
        """One command line or a list of them; None means asv's default, which an empty list does not."""
        value = self.values.get(key)
        return (value,) if isinstance(value, str) else self.strings(key)

    def seconds(self, key: str, default: float) -> float:
        """A positive number of seconds."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise self.wrong(key, f'"{key}" must be a positive number of seconds, not {_shown(value)}')
        return float(value)

    def table(self, key: str) -> Mapping[str, Any]:
        """An object; null and absence give an empty one."""
        value = self.values.get(key) or {}
        if not isinstance(value, dict):
            raise self.wrong(key, f'"{key}" must be an object, not {_shown(value)}')
        return value

    def tables(self, key: str) -> tuple[Mapping[str, Any], ...]:
        """A list of objects; null and absence give an empty one."""
        value = self.values.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, f'"{key}" must be a list of objects')
        return tuple(value)


def nearest(name: str, known: Collection[str]) -> str:
    """A remedy that names the nearest valid key, or all of them where none is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f'the nearest valid key is "{near[0]}"' if near else f"valid keys are {', '.join(sorted(known))}"


def _bounded_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError("there is no such file", "asv quickstart writes one", path=path) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=path) from None
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"larger than {LARGEST_FILE // 1024} KiB", path=path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("not valid UTF-8", path=path, line=line) from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
