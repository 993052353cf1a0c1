"""Settings: made new, got, set, loaded, resolved to paths, judged.

By default they are those of the sandbox runner that comes with perfbench. `[sut.settings]` names a factory
without arguments; what it makes has any of `get(key)`, `set(key, value)`, `load(path)`, `resolve_path(key)`
and `validate()`, and what it lacks is a skipped row. It may say with attributes what it is asked for: `key`,
`value`, `path_key` and `file` (from the root of the checkout).
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarks._workspace import workspace
from perfbench import sut
from perfbench.sandbox import settings

KEY = "limits.memory"
VALUE = 512 * 1024**2
PATH_KEY = "folders.data"

TABLE: Mapping[str, Mapping[str, str | int | float | bool]] = {
    "limits": {"memory": VALUE, "cpus": 1.5, "pids": 64, "seconds": 30.0, "network": False},
    "session": {"store": "redis", "url": "redis://127.0.0.1:6379"},
    "script": {"engine": "lua", "seconds": 2.0, "memory": 32 * 1024**2},
    "service": {"host": "127.0.0.1", "port": 9000, "body": 1024**2, "sandboxes": 16},
    "folders": {"data": "../data", "cache": "~/.cache/sandbox"},
}
"""What is loaded: the same 16 settings from each source."""

Method = TypeVar("Method", bound=Callable[..., object])


def _reference() -> settings.Settings:
    """Settings of which every one has been given."""
    made = settings.Settings()
    for key, value in made.defaults.items():
        made.set(key, value)
    made.set(PATH_KEY, "/usr/share/../lib/./sandbox/../data")
    return made


class _Subject:
    """What is measured, and what it is asked for. An own one is made by the setup that first needs it."""

    make: Callable[[], Any] = settings.Settings
    one: Any = _reference() if sut.is_reference() else None
    key: str = KEY
    value: Any = VALUE
    path_key: str = PATH_KEY


def _require(name: str | None, source: str) -> None:  # noqa: ARG001
    """Make an own one. Raises NotImplementedError, asv's way to skip, where it has no method of that name."""
    if _Subject.one is None:
        _Subject.make = _factory()
        _Subject.one = own = _Subject.make()
        _Subject.key = getattr(own, "key", KEY)
        _Subject.value = getattr(own, "value", VALUE)
        _Subject.path_key = getattr(own, "path_key", PATH_KEY)
    if name is not None and not callable(getattr(_Subject.one, name, None)):
        raise NotImplementedError(f"what the factory of [sut.settings] makes has no {name}()")


def _factory() -> Callable[[], Any]:
    found = sut.factory("settings")
    if found is None:
        raise NotImplementedError("[sut.settings] names no factory")
    return found


def _needs(name: str | None) -> Callable[[Method], Method]:
    """Give a row a setup where a project's own settings are measured, and none to the reference.

    asv repeats a setup before every call that it times, and what takes less than a microsecond would be
    measured with all its caches cold.
    """

    def mark(method: Method) -> Method:
        if not sut.is_reference():
            method.setup = partial(_require, name)  # type: ignore[attr-defined]
        return method

    return mark


class Settings:
    """Settings that are there, all of them given by somebody."""

    version = "1"
    params = (sut.names("settings", ("defaults",)),)
    param_names = ("source",)
    timeout = 60.0

    @_needs(None)
    def time_new(self, source: str) -> None:
        _Subject.make()

    @_needs("get")
    def time_get(self, source: str) -> None:
        _Subject.one.get(_Subject.key)

    @_needs("set")
    def time_set(self, source: str) -> None:
        _Subject.one.set(_Subject.key, _Subject.value)

    @_needs("resolve_path")
    def time_resolve_path(self, source: str) -> None:
        """A path with `..` in it, of which every part is looked at for links."""
        _Subject.one.resolve_path(_Subject.path_key)

    @_needs("validate")
    def time_validate(self, source: str) -> None:
        _Subject.one.validate()


class Load:
    """New settings, and 16 of them loaded from one source."""

    version = "1"
    params = (sut.names("settings", ("toml", "yaml", "json", "environment")),)
    param_names = ("source",)
    timeout = 60.0

    def setup(self, source: str) -> None:
        self.load = _loading(source)

    def time_load(self, source: str) -> None:
        self.load()


@cache
def _loading(source: str) -> Callable[[], Any]:
    """What is under the clock, called once to see that it gives what was written."""
    if source in sut.OWN:
        return _own_loading()
    variables, file = None, Path()
    if source == "environment":
        variables = _variables()
    else:
        file = workspace() / f"settings.{source}"
        file.write_text(WRITERS[source]())

    def load() -> settings.Settings:
        made = settings.Settings()
        if variables is None:
            made.load(file)
        else:
            made.load_environment(variables)
        return made

    try:
        loaded = load()
    except NotImplementedError as error:
        raise NotImplementedError(str(error)) from None  # asv shows what stands in the brackets, no remedy
    if loaded.get(KEY) != VALUE:
        raise RuntimeError(f"{KEY} was not loaded from {source}")
    return load


def _own_loading() -> Callable[[], Any]:
    _require("load", "own")
    file = getattr(_Subject.one, "file", None)
    if file is None:
        file = workspace() / "settings.toml"
        file.write_text(_toml())
    place = Path(sut.root()) / file

    def load() -> Any:
        return _Subject.make().load(place)

    load()
    return load


def _toml() -> str:
    tables = (
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in TABLE.items()
    )
    return "\n".join(tables)


def _yaml() -> str:
    tables = (
        f"{name}:\n" + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in table.items())
        for name, table in TABLE.items()
    )
    return "".join(tables)


def _json() -> str:
    return json.dumps(TABLE, indent=2)


WRITERS: Mapping[str, Callable[[], str]] = {"toml": _toml, "yaml": _yaml, "json": _json}


def _variables() -> Mapping[str, str]:
    """The settings as variables, among as many that have nothing to do with them as a shell has."""
    own = {
        f"SANDBOX_{name}__{key}".upper(): str(value).lower() if isinstance(value, bool) else str(value)
        for name, table in TABLE.items()
        for key, value in table.items()
    }
    return {**{f"OTHER_{number}": "x" * 20 for number in range(40)}, **own}


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("settings")
