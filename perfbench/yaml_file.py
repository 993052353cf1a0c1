"""Reading settings from YAML strictly: tables, lists and plain values, and the line of each.

It is the part of YAML that TOML and JSON have too. Aliases, anchors and tags are refused, so that a file is
never larger than it looks; words mean what YAML 1.2 says (`no` is a word, `false` is not).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfbench.errors import ConfigError, MissingComponentError
from perfbench.settings_file import DEEPEST, KeyPath, SettingsFile, as_typed, bounded_text

if TYPE_CHECKING:
    from yaml.events import Event, NodeEvent, ScalarEvent

_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_WHOLE = re.compile(r"[-+]?[0-9]{1,400}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def read_yaml(path: Path) -> SettingsFile:
    """Read and parse `path`.

    Raises ConfigError, with the line, for a file that cannot be read, is larger than 256 KiB, is not UTF-8,
    is not YAML, or holds an alias, a tag, a key twice, several documents or too many levels; and
    MissingComponentError where PyYAML is not installed.
    """
    shown = as_typed(path)
    text = bounded_text(path, shown)
    try:
        import yaml  # noqa: PLC0415  (an optional part)
    except ImportError:
        raise MissingComponentError(
            f"{shown} is YAML, and PyYAML is not installed", "pip install pyyaml"
        ) from None
    # libyaml where it is there: twenty times as fast, which is felt with a large file.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(shown)
    try:
        data = builder.document(iter(yaml.parse(text, Loader=loader)))
    except yaml.YAMLError as error:
        raise _syntax_error(shown, error) from None
    except ValueError as error:  # characters that do not exist
        raise ConfigError(f"is not valid YAML: {error}", path=shown) from None
    return SettingsFile(shown, data, builder.lines, "YAML")


@dataclass(slots=True)
class _Builder:
    """Makes values of PyYAML's events, and keeps the lines of keys and entries."""

    path: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def document(self, events: Iterator[Event]) -> dict[str, Any]:
        """The one table that the stream holds; empty where it holds nothing."""
        from yaml import events as kinds  # noqa: PLC0415

        data: Any = {}
        documents = 0
        for event in events:
            if isinstance(event, kinds.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._wrong(event, "holds several documents", "keep one")
                data = self._value(next(events), events, ())
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise ConfigError(
                "must hold one table of settings", "write 'measure:' at its top", path=self.path
            )
        return data

    def _value(self, event: Event, events: Iterator[Event], path: KeyPath) -> Any:
        from yaml import events as kinds  # noqa: PLC0415

        if not isinstance(event, kinds.NodeEvent) or isinstance(event, kinds.AliasEvent):
            raise self._wrong(event, "an alias (*) has no place in settings", "write the value out")
        self._refuse_extras(event)
        if path:
            self.lines.setdefault(path, _line(event))
        if len(path) > DEEPEST:
            raise self._wrong(event, "is nested too deeply")
        if isinstance(event, kinds.MappingStartEvent):
            return self._table(events, path)
        if isinstance(event, kinds.SequenceStartEvent):
            return self._list(events, path)
        return self._plain(event)  # type: ignore[arg-type]

    def _table(self, events: Iterator[Event], path: KeyPath) -> dict[str, Any]:
        from yaml import events as kinds  # noqa: PLC0415

        table: dict[str, Any] = {}
        while not isinstance(event := next(events), kinds.MappingEndEvent):
            if not isinstance(event, kinds.ScalarEvent):
                raise self._wrong(event, "a key must be a word")
            self._refuse_extras(event)
            name = self._text(event)
            if name in table:
                raise self._wrong(event, f"the key '{name}' stands here twice", "remove one")
            self.lines[(*path, name)] = _line(event)
            table[name] = self._value(next(events), events, (*path, name))
        return table

    def _list(self, events: Iterator[Event], path: KeyPath) -> list[Any]:
        from yaml import events as kinds  # noqa: PLC0415

        entries: list[Any] = []
        while not isinstance(event := next(events), kinds.SequenceEndEvent):
            entries.append(self._value(event, events, (*path, len(entries))))
        return entries

    def _plain(self, event: ScalarEvent) -> Any:
        text = self._text(event)
        if event.style:  # quoted, or a block of text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text) or _INFINITE.fullmatch(text):
            return float(text.replace(".", "") if _INFINITE.fullmatch(text) else text)
        return text

    def _text(self, event: ScalarEvent) -> str:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._wrong(event, "is not valid YAML: half a character (a lone surrogate)")
        return text

    def _refuse_extras(self, event: NodeEvent) -> None:
        if event.anchor is not None:
            raise self._wrong(event, f"an anchor (&{event.anchor}) has no place in settings", "remove it")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._wrong(event, f"a tag ({tag}) has no place in settings", "remove it")

    def _wrong(self, event: Event, message: str, remedy: str = "") -> ConfigError:
        return ConfigError(message, remedy, path=self.path, line=_line(event))


def _line(event: Event) -> int:
    return 1 if event.start_mark is None else int(event.start_mark.line) + 1


def _syntax_error(path: Path, error: Exception) -> ConfigError:
    """PyYAML's complaint in one line, with its place where it knows one."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line = None if mark is None else int(mark.line) + 1
    return ConfigError(f"is not valid YAML: {' '.join(str(what).split())}", path=path, line=line)
