"""Reading what settings are kept in: TOML, YAML and JSON, each strictly and within bounds.

A file is at most 256 KiB of UTF-8, nested at most 16 deep, and says everything once. YAML is held to what
JSON can say: aliases, tags and keys that are no text are refused, since a few lines of aliases can stand
for gigabytes and a tag for any object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from perfbench.errors import SettingError, UnavailableError

if TYPE_CHECKING:
    from yaml import SafeLoader

LARGEST_FILE = 256 * 1024
DEEPEST = 16

_MOST_KEY_PARTS = 32  # tomllib's time and memory grow with their square
_MOST_NODES = 10_000  # PyYAML needs 0.1 ms for each
_LONGEST_SCALAR = 8192  # YAML reads 1:2:3:… as a number to the base of 60, in time that grows with its square
_KEY_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_KEY_PART}[ \t]*+\.[ \t]*+){{{_MOST_KEY_PARTS}}}")

Table = Mapping[str, Any]


def read_document(path: Path) -> Table:
    """The table that a file holds, parsed by what its name ends with.

    Raises SettingError for a file that cannot be read, is too large or too deep, is not UTF-8 or not what
    its name says, and UnavailableError for YAML where PyYAML is absent.
    """
    parse = PARSERS.get(path.suffix.lower())
    if parse is None:
        raise SettingError(
            f"{path}: settings are not read from {path.suffix or 'a name without a suffix'}",
            f"use {', '.join(PARSERS)}",
        )
    try:
        text = _bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingError(f"{path}: is not UTF-8", "save it as UTF-8") from None
    try:
        found = parse(text)
    except RecursionError:
        raise SettingError(f"{path}: is nested too deeply", f"{DEEPEST} levels are read") from None
    except (ValueError, OverflowError) as error:
        raise SettingError(f"{path}: {error}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingError(f"{path}: holds no table of settings", "write keys with their values")
    return found


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SettingError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    if len(data) > LARGEST_FILE:
        raise SettingError(f"{path}: is larger than {LARGEST_FILE // 1024} KiB, as no settings are")
    return data


def _toml(text: str) -> object:
    import tomllib  # noqa: PLC0415  (not every program has a file of settings)

    if match := _LONG_KEY.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise ValueError(f"line {line}: a key of more than {_MOST_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise ValueError(f"is not valid TOML: {error}") from None


def _json(text: str) -> object:
    import json  # noqa: PLC0415

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        table: dict[str, object] = {}
        for key, value in pairs:
            if key in table:
                raise _TwiceError(key)
            table[key] = value
        return table

    def no_number(name: str) -> NoReturn:
        raise ValueError(f"{name} is no number")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=no_number) if text.strip() else None
    except _TwiceError:
        raise
    except ValueError as error:
        raise ValueError(f"is not valid JSON: {error}") from None


class _TwiceError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key[:100]!r} stands there twice; remove one")


def _yaml(text: str) -> object:
    try:
        import yaml  # noqa: PLC0415
    except ImportError:
        raise UnavailableError(
            "settings in YAML need PyYAML, which is not installed", "pip install pyyaml"
        ) from None
    try:
        loader = _strict_loader()(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        said = error.problem or error.context or "it cannot be parsed"
        raise ValueError(f"is not valid YAML: {_at(error.problem_mark)}{said}") from None
    except yaml.YAMLError as error:  # a character that YAML forbids
        raise ValueError(f"is not valid YAML: {getattr(error, 'reason', 'it cannot be parsed')}") from None


def _strict_loader() -> type[SafeLoader]:
    """PyYAML's safe loader without aliases, tags, merges and keys that stand twice."""
    import yaml  # noqa: PLC0415

    class Strict(yaml.SafeLoader):
        depth = 0
        nodes = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
                raise ValueError(f"{_at(event.start_mark)}anchors and aliases are not read; write it out")
            if event.tag is not None:
                raise ValueError(f"{_at(event.start_mark)}tags are not read; write a plain value")
            if isinstance(event, yaml.ScalarEvent) and len(event.value) > _LONGEST_SCALAR:
                raise ValueError(f"{_at(event.start_mark)}a value of more than {_LONGEST_SCALAR} characters")
            self.nodes += 1
            if self.nodes > _MOST_NODES:
                raise ValueError(f"{_at(event.start_mark)}more than {_MOST_NODES} keys and values")
            self.depth += 1
            if self.depth > DEEPEST:
                raise RecursionError
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:str":
                    raise ValueError(f"{_at(key.start_mark)}a key must be text; put it in quotes")
                if key.value in seen:
                    raise _TwiceError(key.value)
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return Strict


def _at(mark: Any) -> str:
    return "" if mark is None else f"line {mark.line + 1}: "


PARSERS: Mapping[str, Callable[[str], object]] = {
    ".toml": _toml,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": _json,
}
"""What a file's name ends with → how its text is parsed. Each raises ValueError with the reason."""
