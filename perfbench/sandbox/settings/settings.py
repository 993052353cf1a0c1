"""Settings: defaults, overruled by files, by the environment and by the program, in the order they are given.

What comes from outside is judged when all of it is there, since what a file says may be overruled by the
environment: by `validate`, or at the latest by the first `get`, so that no value is handed out that has not
been judged. What the program itself sets is judged at once.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perfbench.errors import SettingError
from perfbench.sandbox.settings.documents import DEEPEST, Table, read_document
from perfbench.sandbox.settings.schema import SCHEMA, Option, Value, nearest

ENVIRONMENT_PREFIX = "SANDBOX_"
SEPARATOR = "__"
"""Stands for the dot of a key in the name of a variable: SANDBOX_LIMITS__MEMORY is limits.memory."""

_JUDGED_TOGETHER = ("service.host", "token")


@dataclass(frozen=True, slots=True)
class _Given:
    """A value that is no default, where it came from in words, and the folder that paths in it start from."""

    value: object
    origin: str
    folder: Path | None


class _Absent:
    """Stands for a default that was not given, since None may be one."""


_ABSENT: Final = _Absent()


class Settings:
    """The settings of one sandbox runner, by dotted key. Not made for several threads that write."""

    def __init__(self, schema: Mapping[str, Option] = SCHEMA) -> None:
        self._schema = schema
        self._values: dict[str, object] = {key: option.default for key, option in schema.items()}
        self._given: dict[str, _Given] = {}
        self._judged = True

    @property
    def defaults(self) -> dict[str, Value]:
        """The value of each setting where nothing says another."""
        return {key: option.default for key, option in self._schema.items()}

    def get(self, key: str, default: object = _ABSENT) -> object:
        """The value of a setting. A key that is none gives `default`, and without one raises SettingError.

        Raises SettingError as well where something that was loaded is not valid.
        """
        if not self._judged:
            self.validate()
        try:
            return self._values[key]
        except KeyError:
            if default is _ABSENT:
                raise SettingError(f"there is no setting {key!r}", nearest(key, self._schema)) from None
            return default

    def set(self, key: str, value: Value | Path) -> None:
        """Overrule a setting. Raises SettingError for a key that is none, a wrong type, a value out of range."""
        plain = str(value) if isinstance(value, Path) else value
        given = _Given(plain, "the program", None)
        self._judge(key, given)
        self._given[key] = given
        if key in _JUDGED_TOGETHER:
            self._judged = False

    def load(self, path: str | Path) -> None:
        """Overrule settings by those of a file whose name ends with .toml, .yaml, .yml or .json.

        Raises SettingError for a file that cannot be read or parsed, and then nothing has changed;
        UnavailableError for YAML where PyYAML is absent.
        """
        file = Path(path)
        folder = file.absolute().parent
        found: dict[str, _Given] = {}
        for key, value in _flat(read_document(file), self._schema, str(file)):
            if key in found:
                raise SettingError(f"{file}: the key {key!r} stands there twice", "remove one")
            found[key] = _Given(value, str(file), folder)
        self._given.update(found)
        self._judged = False

    def load_environment(
        self, environ: Mapping[str, str] | None = None, prefix: str = ENVIRONMENT_PREFIX
    ) -> None:
        """Overrule settings by the variables whose names begin with `prefix`, those of this process by default.

        The rest of a name is the key, `__` standing for its dots. Values are read by the type of their setting.
        """
        found: dict[str, _Given] = {}
        for name, text in (os.environ if environ is None else environ).items():
            if name.startswith(prefix):
                key = name[len(prefix) :].replace(SEPARATOR, ".").lower()
                option = self._schema.get(key)
                found[key] = _Given(option.read(text) if option else text, f"${name}", None)
        self._given.update(found)
        self._judged = False

    def resolve_path(self, key: str, base: str | Path | None = None) -> Path:
        """A setting as an absolute path: `~` is a home, and a relative path starts from the file that set it.

        What no file has set starts from the current directory. Links and `..` are resolved. Raises
        SettingError when that leads out of the folder `base`, where one is given, or to no path at all.
        """
        value = self.get(key)
        given = self._given.get(key)
        if not isinstance(value, str) or not value:
            raise self._error(key, given, "is no path")
        try:
            path = Path(value).expanduser()
            folder = Path.cwd() if given is None or given.folder is None else given.folder
            found = (folder / path).resolve()
            within = None if base is None else Path(base).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # no such home, a ring of links, a NUL
            raise self._error(key, given, f"cannot be resolved ({error})") from None
        if within is not None and not found.is_relative_to(within):
            raise self._error(key, given, f"leads out of {within}", "name a place below it")
        return found

    def validate(self) -> None:
        """Judge every value that is no default, and whether they agree with each other.

        Raises SettingError that says where the first wrong one came from, its key, what is wanted and, for
        a key that is none, the nearest that is.
        """
        for key, given in self._given.items():
            self._judge(key, given)
        self._judge_together()
        self._judged = True

    def _judge(self, key: str, given: _Given) -> None:
        """Make a value the one that counts. Raises SettingError where it is none for this key."""
        option = self._schema.get(key)
        if option is None:
            raise SettingError(f"{given.origin}: unknown key {key[:200]!r}", nearest(key, self._schema))
        complaint = option.complaint(given.value)
        if complaint is not None:
            raise self._error(key, given, *complaint)
        self._values[key] = option.converted(given.value)

    def _judge_together(self) -> None:
        """Raise SettingError where others can reach the service and it asks them for no token."""
        host = self._values.get("service.host", "")
        if host and not self._values.get("token") and not _is_loopback(str(host)):
            raise self._error(
                "service.host",
                self._given.get("service.host"),
                "is no address of loopback, and there is no token",
                f"set {ENVIRONMENT_PREFIX}TOKEN, or choose 127.0.0.1",
            )

    def _error(self, key: str, given: _Given | None, message: str, remedy: str = "") -> SettingError:
        where = "the default" if given is None else given.origin
        return SettingError(f"{where}: {key!r} {message}", remedy)


def _flat(table: Table, schema: Mapping[str, Option], origin: str) -> Iterator[tuple[str, object]]:
    """The values of a document by dotted key. Raises SettingError where it is nested too deeply."""
    waiting: list[tuple[str, object, int]] = [("", table, 0)]
    while waiting:
        key, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise SettingError(f"{origin}: is nested too deeply", f"{DEEPEST} levels are read")
        if isinstance(value, dict) and key not in schema:
            inner = [(f"{key}.{name}" if key else str(name), held, depth + 1) for name, held in value.items()]
            waiting += reversed(inner)
        else:
            yield key, value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
