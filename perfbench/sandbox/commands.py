"""Commands by name: what a line of text asks of the sandbox runner, without a shell.

A line is cut into words as a POSIX shell quotes them (`shlex`), and nothing more: `$HOME`, `;`, `|` and `*`
are characters like others. What a command takes is read from the signature of its function: positional
parameters are its arguments, keyword-only ones its options, and those whose default is True or False its
flags.

    def run(program: str, *arguments: str, timeout: float = 10.0, quiet: bool = False) -> str: …

    run --timeout 5 --quiet -- python3 "a script.py" --help
"""

from __future__ import annotations

import difflib
import inspect
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perfbench.errors import CommandError

Argument = str | int | float | bool

LONGEST_LINE = 64 * 1024
"""Characters of one line."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_KINDS: Mapping[object, type] = {"int": int, "float": float, "bool": bool, int: int, float: float, bool: bool}
_WORDS = {int: "a whole number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Command:
    """A function that lines can call: its parameters by the type into which their words are read.

    `needed` of `parameters` have no default; `rest` is the type of any further arguments, None where there
    may be none. `needed_options` are the options without a default.
    """

    name: str
    function: Callable[..., Any]
    summary: str
    aliases: tuple[str, ...]
    parameters: Mapping[str, type]
    needed: int
    rest: type | None
    options: Mapping[str, type]
    needed_options: frozenset[str]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a line asks for: a command with its arguments and options, read into their types."""

    command: Command
    arguments: tuple[Argument, ...] = ()
    options: Mapping[str, Argument] = field(default_factory=dict)

    def call(self) -> Any:
        """What the command's function returns. What it raises is passed on."""
        return self.command.function(*self.arguments, **self.options)


class Registry:
    """Commands by name and alias."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._called: dict[str, Command] = {}

    def register(
        self, name: str, function: Callable[..., Any], *, summary: str = "", aliases: Iterable[str] = ()
    ) -> Command:
        """Make a function a command. Without a summary the first line of its docstring is one.

        Raises CommandError for a name that is none or taken, and for a function whose parameters cannot be
        words of a line.
        """
        others = tuple(aliases)
        for word in (name, *others):
            if not _NAME.fullmatch(word):
                raise CommandError(
                    f"{word!r} is no name of a command", "use small letters, digits, '-' and '_'"
                )
            if word in self._called:
                raise CommandError(f"there is a command {word!r} already", "choose another name")
        if len({name, *others}) <= len(others):
            raise CommandError(f"the command {name!r} has the same name twice", "remove one")
        command = _command(name, function, summary, others)
        self._commands[name] = command
        self._called.update(dict.fromkeys((name, *others), command))
        return command

    def find(self, name: str) -> Command:
        """The command of that name or alias. Raises CommandError with the nearest where there is none."""
        try:
            return self._called[name]
        except KeyError:
            raise CommandError(f"there is no command {name[:60]!r}", _nearest(name, self._called)) from None

    def parse(self, line: str) -> Invocation:
        """What a line asks for.

        `--name value` and `--name=value` are options, a flag is `--name` alone, and after `--` everything is
        an argument. A word with a single `-` is an argument too. Raises CommandError for a line that is
        empty, too long or has quotes without an end, and for one that does not fit its command.
        """
        words = _words(line)
        if not words:
            raise CommandError("the line is empty", f"the commands are {', '.join(self.names())}")
        command = self.find(words[0])
        arguments, options = _sorted(command, words[1:])
        return Invocation(command, _arguments(command, arguments), _options(command, options))

    def dispatch(self, line: str) -> Any:
        """Parse a line and call its command; gives what that returns and passes on what it raises."""
        return self.parse(line).call()

    def names(self) -> list[str]:
        """The commands in the order of the alphabet, without aliases."""
        return sorted(self._commands)


def _command(name: str, function: Callable[..., Any], summary: str, aliases: tuple[str, ...]) -> Command:
    parameters: dict[str, type] = {}
    options: dict[str, type] = {}
    needed, rest = 0, None
    needed_options = set()
    for parameter in _parameters(name, function):
        kind = _kind(parameter)
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = kind
        elif parameter.kind is parameter.KEYWORD_ONLY:
            options[parameter.name] = kind
            if parameter.default is parameter.empty:
                needed_options.add(parameter.name)
        elif parameter.kind is parameter.VAR_KEYWORD:
            raise CommandError(f"the command {name!r} takes any option", "name its options")
        else:
            parameters[parameter.name] = kind
            needed += parameter.default is parameter.empty
    documented = (function.__doc__ or "").strip().partition("\n")[0]
    return Command(
        name,
        function,
        summary or documented,
        aliases,
        parameters,
        needed,
        rest,
        options,
        frozenset(needed_options),
    )


def _parameters(name: str, function: Callable[..., Any]) -> Iterable[inspect.Parameter]:
    try:
        return inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise CommandError(
            f"what the command {name!r} takes cannot be seen", "register a function of Python"
        ) from None


def _kind(parameter: inspect.Parameter) -> type:
    """The type of a parameter by its annotation, else by its default; text where neither says."""
    known = _KINDS.get(parameter.annotation) if parameter.annotation.__hash__ else None
    return known or _KINDS.get(type(parameter.default), str)


def _words(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise CommandError(f"the line has {len(line)} characters", f"use at most {LONGEST_LINE}")
    if "\0" in line:
        raise CommandError("the line holds a NUL character", "remove it")
    try:
        return shlex.split(line)
    except ValueError:
        raise CommandError(
            "a quote of the line has no end", "close it, or write a backslash before it"
        ) from None


def _sorted(command: Command, words: Sequence[str]) -> tuple[list[str], dict[str, str | None]]:
    """The words of a line apart: arguments, and options with their values, None for flags."""
    arguments: list[str] = []
    options: dict[str, str | None] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            arguments += rest
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            key = _option(command, name)
            if key in options:
                raise _misfit(command, f"--{name} stands there twice", "remove one")
            if equals:
                options[key] = value
            elif command.options[key] is bool:
                options[key] = None
            else:
                options[key] = _value(command, name, next(rest, None))
        else:
            arguments.append(word)
    return arguments, options


def _option(command: Command, name: str) -> str:
    """The parameter that an option stands for; its name has `-` where that has `_`."""
    key = name.replace("-", "_")
    if key not in command.options:
        known = [f"--{option.replace('_', '-')}" for option in command.options]
        remedy = _nearest(f"--{name}", known) if known else "it takes none; write -- before what is no option"
        raise _misfit(command, f"there is no option --{name[:60]}", remedy)
    return key


def _value(command: Command, name: str, word: str | None) -> str:
    if word is None or word.startswith("--"):
        raise _misfit(command, f"--{name} has no value", f"write --{name}=…")
    return word


def _arguments(command: Command, words: Sequence[str]) -> tuple[Argument, ...]:
    names, kinds = list(command.parameters), list(command.parameters.values())
    if len(words) < command.needed:
        missing = ", ".join(names[len(words) : command.needed])
        raise _misfit(command, f"it lacks {missing}", "add it to the line")
    if len(words) > len(kinds):
        if command.rest is None:
            raise _misfit(command, f"{words[len(kinds)][:60]!r} is one argument too many", "remove it")
        surplus = len(words) - len(kinds)
        kinds += [command.rest] * surplus
        names += ["an argument"] * surplus
    return tuple(
        _read(command, name, kind, word) for name, kind, word in zip(names, kinds, words, strict=False)
    )


def _options(command: Command, options: Mapping[str, str | None]) -> dict[str, Argument]:
    if missing := command.needed_options - options.keys():
        name = min(missing).replace("_", "-")
        raise _misfit(command, f"it lacks --{name}", f"write --{name}=…")
    return {
        name: True if word is None else _read(command, f"--{name}", command.options[name], word)
        for name, word in options.items()
    }


def _read(command: Command, name: str, kind: type, word: str) -> Argument:
    """A word as its type. Raises CommandError where it is none of it."""
    if kind is str:
        return word
    if kind is bool:
        if word in ("true", "false"):
            return word == "true"
        raise _misfit(command, f"{name} must be true or false, not {word[:60]!r}")
    try:
        number: Argument = kind(word)
    except ValueError:
        raise _misfit(command, f"{name} must be {_WORDS[kind]}, not {word[:60]!r}") from None
    return number


def _misfit(command: Command, message: str, remedy: str = "") -> CommandError:
    return CommandError(f"{command.name}: {message}", remedy)


def _nearest(name: str, known: Iterable[str]) -> str:
    valid = sorted(known)
    close = difflib.get_close_matches(name[:100], valid, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(valid)}" if valid else "none is registered"
