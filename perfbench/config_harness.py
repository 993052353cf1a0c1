"""What `[[harness]]` and `[[check]]` of perfbench.toml say, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from msgspec import Struct, field

from perfbench.model import Harness
from perfbench.settings_file import KeyPath, SettingsFile
from perfbench.units import SECONDS, parse_quantity

OUT = "{out}"
"""Stands in a command for the path that perfbench chooses for its results."""

RESERVED = "perfbench"
"""No harness is called so: the rows of perfbench's own controls are."""

MOST_ROUNDS = 1000

_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_FUNCTION = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHELL_WORDS = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1"})

Words = str | tuple[str, ...]
"""A command as written: one string that is split into words, or the words."""


@dataclass(frozen=True, slots=True)
class Check:
    """A user's own rule: a function that is asked once the verdicts are there. `origin` is `file:line`."""

    module: str
    function: str
    name: str = ""
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.module}:{self.function}"


class HarnessTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[harness]]` as it stands in the file."""

    name: str
    command: Words
    result: str | None = None
    record: bool = False
    setup: tuple[Words, ...] = ()
    cwd: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    timeout: str | float = 600.0
    rounds: int | None = None


class CheckTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[check]]` as it stands in the file."""

    function: str
    name: str = ""


def harnesses(file: SettingsFile, key: KeyPath, tables: Sequence[HarnessTable]) -> tuple[Harness, ...]:
    """The harnesses of the array at `key`. Raises ConfigError with the line of what is wrong."""
    found: list[Harness] = []
    for index, table in enumerate(tables):
        place = (*key, index)
        if table.name in {one.name for one in found}:
            raise file.error((*place, "name"), f"two harnesses are called {table.name!r}", "rename one")
        found.append(_harness(file, place, table))
    return tuple(found)


def checks(file: SettingsFile, key: KeyPath, tables: Sequence[CheckTable]) -> tuple[Check, ...]:
    """The checks of the array at `key`. Raises ConfigError for what does not read `module:function`."""
    return tuple(_check(file, (*key, index), table) for index, table in enumerate(tables))


def _check(file: SettingsFile, key: KeyPath, table: CheckTable) -> Check:
    match = _FUNCTION.fullmatch(table.function)
    if match is None:
        raise file.error(
            (*key, "function"), f"{table.function!r} names no function", "write 'module:function'"
        )
    return Check(match[1], match[2], table.name.strip(), origin(file, key))


def _harness(file: SettingsFile, key: KeyPath, table: HarnessTable) -> Harness:
    if not _NAME.fullmatch(table.name) or table.name == RESERVED:
        raise file.error(
            (*key, "name"),
            f"a harness cannot be called {table.name!r}",
            "use up to 60 letters, digits, '-' and '_'; its rows' names begin with it",
        )
    command = words(file, (*key, "command"), table.command)
    command, captured = _captured(command)
    no_shell(file, (*key, "command"), command)
    setup = tuple(words(file, (*key, "setup"), step) for step in table.setup)
    for step in setup:
        no_shell(file, (*key, "setup"), step)
    harness = Harness(
        name=table.name,
        command=command,
        captured=captured,
        recorded=table.record,
        result=None if table.result is None else _inside(file, (*key, "result"), table.result),
        setup=setup,
        cwd=_inside(file, (*key, "cwd"), table.cwd) if table.cwd else "",
        environment=environment(file, (*key, "environment"), table.environment),
        timeout=timeout(file, (*key, "timeout"), table.timeout),
        rounds=_rounds(file, (*key, "rounds"), table.rounds),
        origin=origin(file, key),
    )
    _writes_once(file, (*key, "command"), harness)
    return harness


def words(file: SettingsFile, key: KeyPath, command: Words) -> tuple[str, ...]:
    """The argv of a command. Raises ConfigError for one that runs no program or cannot be split."""
    import shlex  # noqa: PLC0415  (few projects name a harness)

    try:
        argv = tuple(shlex.split(command)) if isinstance(command, str) else command
    except ValueError as error:
        raise file.error(key, f"the command cannot be split into words: {error}") from None
    if not argv or not argv[0].strip():
        raise file.error(key, "the command runs no program", "name one")
    if any("\0" in word for word in argv):
        raise file.error(key, "the command holds a null character")
    return argv


def _captured(words: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The command without `> {out}` at its end, and whether that stood there."""
    if words[-2:] == (">", OUT):
        return words[:-2], True
    if words[-1] == f">{OUT}":
        return words[:-1], True
    return words, False


def no_shell(file: SettingsFile, key: KeyPath, argv: tuple[str, ...]) -> None:
    """Raise ConfigError for a word that only a shell understands."""
    if not argv:
        raise file.error(key, "the command runs no program", "name one before '> {out}'")
    if shell := next((word for word in argv if word in _SHELL_WORDS), None):
        raise file.error(
            key, f"{shell!r} means nothing here: no shell runs this command", "put it into a script"
        )


def _writes_once(file: SettingsFile, key: KeyPath, harness: Harness) -> None:
    """Exactly one place in which the results are found."""
    named = any(OUT in word for word in harness.command)
    places = [harness.captured, named, harness.result is not None, harness.recorded]
    if not any(places):
        raise file.error(
            key,
            f"harness {harness.name!r} does not say where its results are",
            f"write {OUT} where its command takes a file, end it with '> {OUT}', or set result or record",
        )
    if sum(places) > 1:
        raise file.error(key, f"harness {harness.name!r} writes its results to two places", "choose one")


def _inside(file: SettingsFile, key: KeyPath, text: str) -> str:
    path = PurePosixPath(text)
    if not text.strip() or path.is_absolute() or ".." in path.parts or "\0" in text:
        raise file.error(key, f"'{key[-1]}' is {text!r}", "write a path inside the repository")
    return text


def environment(file: SettingsFile, key: KeyPath, variables: dict[str, str]) -> dict[str, str]:
    """Variables to set for a program. Raises ConfigError for what is none."""
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name) or "\0" in value:
            raise file.error((*key, name), f"{name!r} cannot be set as a variable", "use letters and digits")
    return variables


def timeout(file: SettingsFile, key: KeyPath, text: str | float) -> float:
    """Seconds to wait for a program. Raises ConfigError for what is no such time."""
    seconds = _parsed(file, key, lambda: parse_quantity(text, SECONDS))
    if not 0 < seconds < 1e7:
        raise file.error(key, f"{text!r} is no time to wait for", "write '10 min'")
    return seconds


def _rounds(file: SettingsFile, key: KeyPath, rounds: int | None) -> int | None:
    if rounds is not None and not 1 <= rounds <= MOST_ROUNDS:
        raise file.error(key, f"'rounds' is {rounds}", f"choose 1 to {MOST_ROUNDS}")
    return rounds


def _parsed(file: SettingsFile, key: KeyPath, parse: Callable[[], float]) -> float:
    try:
        return parse()
    except ValueError as error:
        raise file.error(key, str(error)) from None


def origin(file: SettingsFile, key: KeyPath) -> str:
    """Where the table at `key` stands, as `file:line`."""
    line = file.line(key)
    return file.path.name if line is None else f"{file.path.name}:{line}"
