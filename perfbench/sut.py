"""Which system is under test, as the benchmarks are told it: the one part of the tool that they may import.

By default it is the sandbox runner that comes with perfbench. What a project configures under `[sut.*]`
reaches the benchmarks as JSON in the environment variable PERFBENCH_SUT: one object with the configured
tables by name, and `root`, the top of the checkout of the side that is measured. Base and head get one
each, so that both are measured by the same benchmarks.

PERFBENCH_SUT_RUNTIMES names another factory of runtimes as `module:function`: a function that takes a
runtime's name and returns a `Runtime`. It is what tests put a fake in with.

Only the standard library is imported here, since this file also serves in environments of other projects.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from perfbench.errors import ConfigError, UnavailableError, UsageError
from perfbench.sandbox import runtimes

if TYPE_CHECKING:
    from perfbench.sandbox.runtimes.runtime import Runtime

VARIABLE = "PERFBENCH_SUT"
RUNTIMES_VARIABLE = "PERFBENCH_SUT_RUNTIMES"
GROUP = "perfbench.sut"
"""The entry-point group in which a package offers factories by name."""

RUNTIMES: tuple[str, ...] = runtimes.NAMES
"""The runtimes that the benchmarks know by name, here or not."""

OWN = ("own",)
"""The one target of a table that names a factory."""

TARGETS = (
    "runtime",
    "store",
    "engine",
    "source",
    "program",
    "endpoint",
    "tool",
    "model",
    "workflow",
    "query",
)
"""The params that say what is measured. A row without one measures perfbench itself or the host."""

_LISTS = {
    "container": "runtimes",
    "command": "commands",
    "api": "endpoints",
    "mcp": "tools",
    "database": "queries",
    "llm": "models",
}
"""Table → the key whose names are its targets; the other tables name a factory."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def is_reference() -> bool:
    """Whether the sandbox runner that comes with perfbench is measured: nothing else is configured."""
    return not _tables()


def configured(table: str) -> Mapping[str, Any] | None:
    """The table `[sut.<table>]` as it is configured, None where it is not."""
    return _tables().get(table)


def root() -> str:
    """The top of the checkout that is measured; the current directory where perfbench says nothing."""
    return str(_tables().get("root") or Path.cwd())


def names(table: str, default: Sequence[str]) -> tuple[str, ...]:
    """The targets of one area, as values of a param: `default` names those of the reference.

    In a project that configures a system of its own they are those of its table, and none where it
    leaves the table out: such rows do not exist there.
    """
    if is_reference():
        return tuple(default)
    found = configured(table)
    if found is None:
        return ()
    listed = found.get(_LISTS.get(table, ""))
    return tuple(str(name) for name in listed) if listed else OWN


def factory(table: str) -> Callable[..., Any] | None:
    """The factory that `[sut.<table>]` names, as `module:function` or as an entry point; None without one.

    Raises UsageError where it cannot be found.
    """
    found = configured(table)
    place = found.get("factory") if found else None
    return None if place is None else _factory(str(place), f"factory = {place!r} of [sut.{table}]", root())


def made(table: str) -> Any:
    """What the factory of `[sut.<table>]` makes.

    Raises UsageError where there is no such factory, RuntimeError with its own words when it raises.
    """
    own = factory(table)
    if own is None:
        raise UsageError(f"[sut.{table}] names no factory", "write factory = 'module:function' there")
    try:
        return own()
    except NotImplementedError:
        raise
    except Exception as error:
        raise RuntimeError(f"the factory of [sut.{table}] raised {type(error).__name__}: {error}") from error


def runtime(name: str) -> Runtime:
    """The runtime called `name` of the system under test, usable here or not.

    Raises UsageError when there is none of that name, or when its factory cannot be found.
    """
    if chosen := os.environ.get(RUNTIMES_VARIABLE):
        return cast("Runtime", _factory(chosen, f"{RUNTIMES_VARIABLE}={chosen}", root())(name))
    own = factory("container")
    if own is not None:
        return cast("Runtime", own(name))
    image = (configured("container") or {}).get("image")
    return runtimes.runtime(name) if image is None else runtimes.runtime(name, image=str(image))


def filled(text: str) -> str:
    """`text` with each `${NAME}` replaced by that environment variable, so that no secret is in a configuration.

    Raises UnavailableError for a variable that is not set, with its name and never a value.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise UnavailableError(f"the environment variable {match[1]} is not set", f"export {match[1]}=…")
        return os.environ[match[1]]

    return _VARIABLE.sub(value, text)


def _tables() -> Mapping[str, Any]:
    return _parsed(os.environ.get(VARIABLE, ""))


@cache
def _parsed(text: str) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"is not JSON ({error})", "perfbench sets it; unset it", path=VARIABLE) from None
    if not isinstance(found, dict):
        raise ConfigError("is no JSON object", "perfbench sets it; unset it", path=VARIABLE)
    return found


@cache
def _factory(place: str, shown: str, folder: str) -> Callable[..., Any]:
    if ":" not in place:
        return _entry_point(place, shown)
    module, _, function = place.partition(":")
    if folder not in sys.path:
        sys.path.append(folder)  # a project that is not installed is imported from its checkout
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"{shown} names nothing that can be imported ({error})",
            "write it as module:function, of a module that can be imported",
        ) from error
    if not callable(found):
        raise UsageError(f"{shown} is not a function", "name a function")
    return cast("Callable[..., Any]", found)


def _entry_point(name: str, shown: str) -> Callable[..., Any]:
    from importlib.metadata import entry_points  # noqa: PLC0415  (it reads every distribution's metadata)

    found = [one for one in entry_points(group=GROUP) if one.name == name]
    if not found:
        raise UsageError(
            f"{shown} is no entry point of the group {GROUP}",
            "install the package that offers it, or write module:function",
        )
    try:
        return cast("Callable[..., Any]", found[0].load())
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{shown} cannot be imported ({error})", f"its package offers {found[0].value}"
        ) from error
