"""Which settings there are: the default of each, whose type its values must have, and their bounds."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Value = str | int | float | bool

MIB = 1024**2
TIB = 1024**4
_LONGEST_TEXT = 4096  # characters, of a value in a file
_MOST_SHOWN = 60  # characters, of a value in an error

_WORDS = {
    "str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "dict": "a table", "list": "a list", "NoneType": "nothing", "date": "a date",
    "datetime": "a date with time", "time": "a time of day", "bytes": "bytes",
}  # fmt: skip

_TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. A value must have the type of `default`; a whole number is a number too.

    `minimum` and `maximum` are allowed themselves. `choices` are all the texts that are valid, any where
    there are none. A `secret` is never shown.
    """

    default: Value
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[str, ...] = ()
    secret: bool = False

    def complaint(self, value: object) -> tuple[str, str] | None:
        """What is wrong with a value, as the rest of a sentence, and the remedy; None when nothing is."""
        wanted = type(self.default)
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            return f"must be {_WORDS[wanted.__name__]}, not {_WORDS.get(type(value).__name__, 'that')}", ""
        if isinstance(value, str):
            return self._complaint_of_text(value)
        assert isinstance(value, (int, float))  # noqa: S101  (by its type, which is that of the default)
        if not self.minimum <= value <= self.maximum:
            return f"is {self._shown(value)}", f"choose {self._range()}"
        return None

    def converted(self, value: object) -> object:
        """A value without complaint in the type of the default: whole numbers become numbers."""
        return float(value) if isinstance(self.default, float) and isinstance(value, int) else value

    def read(self, text: str) -> object:
        """The value that a text of the environment stands for; the text itself where it stands for none."""
        kind = type(self.default)
        try:
            if kind is bool:
                return _TRUTH.get(text.strip().lower(), text)
            return int(text) if kind is int else float(text) if kind is float else text
        except ValueError:
            return text

    def _complaint_of_text(self, text: str) -> tuple[str, str] | None:
        if len(text) > _LONGEST_TEXT:
            return f"has {len(text)} characters", f"choose at most {_LONGEST_TEXT}"
        if "\0" in text:
            return "holds a NUL character", "remove it"
        if self.choices and text not in self.choices:
            return f"is {self._shown(text)}", nearest(text, self.choices)
        return None

    def _shown(self, value: Value) -> str:
        if self.secret:
            return "…"
        text = repr(value) if not isinstance(value, int) or abs(value) < 10**_MOST_SHOWN else "enormous"
        return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"

    def _range(self) -> str:
        if math.isinf(self.maximum):
            return f"{self.minimum:.15g} or more"
        return f"{self.minimum:.15g} to {self.maximum:.15g}"


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for a misspelt name: the nearest valid one, or all of them."""
    valid = list(known)
    close = difflib.get_close_matches(name[:100], valid, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"valid are {', '.join(valid)}"


SCHEMA: Mapping[str, Option] = {
    "runtime": Option("process"),
    "limits.memory": Option(256 * MIB, MIB, TIB),  # bytes
    "limits.cpus": Option(1.0, 0.01, 1024),
    "limits.pids": Option(128, 1, 4_194_304),
    "limits.seconds": Option(60.0, 0.001, 86_400),  # of one command
    "limits.output": Option(16 * MIB, 0, TIB),  # bytes of one command
    "limits.network": Option(False),
    "session.store": Option("sqlite", choices=("memory", "json", "sqlite", "redis", "postgres")),
    "session.url": Option(""),
    "script.engine": Option("quickjs", choices=("quickjs", "v8", "lua", "wasm", "starlark", "python")),
    "script.seconds": Option(5.0, 0.001, 3_600),
    "script.memory": Option(64 * MIB, MIB, TIB),  # bytes
    "service.host": Option("127.0.0.1"),
    "service.port": Option(8080, 0, 65_535),  # 0: a free one
    "service.body": Option(8 * MIB, 1024, TIB),  # bytes of one request
    "service.sandboxes": Option(64, 1, 100_000),  # alive at a time
    "folders.data": Option("data"),
    "folders.cache": Option("~/.cache/sandbox"),
    "token": Option("", secret=True),
}
"""Every setting of the sandbox runner by its dotted key."""
