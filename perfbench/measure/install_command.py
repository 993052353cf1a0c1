"""Command lines of an asv configuration: `in-dir={env_dir} return-code=any NAME=value python -m pip …`.

The grammar is that of asv's `util.interpolate_command`; nothing is ever given to a shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from perfbench.errors import UsageError

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_RETURN_CODES = re.compile(r"\d{1,3}(,\d{1,3})*")


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. `return_codes` None accepts any exit code; `cwd` None is the build folder."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    return_codes: frozenset[int] | None = frozenset({0})
    cwd: str | None = None

    def accepts(self, code: int) -> bool:
        """Whether this exit code means success."""
        return self.return_codes is None or code in self.return_codes


def parse_command(line: str, variables: Mapping[str, str]) -> Command:
    """Split a command line, put the variables in and take its prefixes off.

    Raises UsageError for a variable that is not known and for a malformed line.
    """
    words = [_interpolated(word, line, variables) for word in _split(line)]
    environment: dict[str, str] = {}
    codes: list[str] = []
    folders: list[str] = []
    while words:
        word = words[0]
        if word.startswith("return-code="):
            codes.append(word.partition("=")[2])
        elif word.startswith("in-dir="):
            folders.append(word.partition("=")[2])
        elif found := _VARIABLE.fullmatch(word):
            environment[found[1]] = found[2]
        else:
            break
        words.pop(0)
    if not words:
        raise _wrong(line, "it runs no program")
    if len(codes) > 1 or len(folders) > 1:
        raise _wrong(line, "return-code= and in-dir= may stand once")
    return Command(tuple(words), environment, _return_codes(line, codes), folders[0] if folders else None)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise _wrong(line, str(error)) from None


def _interpolated(word: str, line: str, variables: Mapping[str, str]) -> str:
    try:
        return word.format(**variables)
    except KeyError as error:
        known = ", ".join(sorted(variables))
        raise _wrong(line, f"{{{error.args[0]}}} has no value here (known: {known})") from None
    except (ValueError, IndexError, AttributeError) as error:
        raise _wrong(line, f"{word}: {error}") from None


def _return_codes(line: str, codes: list[str]) -> frozenset[int] | None:
    if not codes:
        return frozenset({0})
    if codes[0] == "any":
        return None
    if not _RETURN_CODES.fullmatch(codes[0]):
        raise _wrong(line, f"return-code={codes[0]} is neither a list of numbers nor any")
    return frozenset(int(code) for code in codes[0].split(","))


def _wrong(line: str, what: str) -> UsageError:
    return UsageError(f'asv command "{line}" cannot be run: {what}')
