"""What `[sut.*]` of perfbench.toml say of a user's own system, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from perfbench.config_harness import Words, environment, no_shell, origin, timeout, words
from perfbench.model import Served, System
from perfbench.settings_file import KeyPath, SettingsFile

PORT = "{port}"
"""Stands for a free port of loopback, another one for each side."""

ROOT = "{root}"
"""Stands for the top of the side's checkout."""

OWN = ("own",)
"""The one target of a table that names a factory."""

DEFAULT_PROMPT = "Count from 1 to 20."
DEFAULT_TOKENS = 64

_MOST_BYTES = 96 * 1024  # an environment variable of Linux holds 128 KiB

_WEB = ("http", "https")
_DATABASES = ("postgresql", "postgres", "sqlite")

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_RUNTIME = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_MODEL = re.compile(r"[A-Za-z0-9_.:/@-]{1,120}")
_FACTORY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*|[A-Za-z0-9_.-]{1,60}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_METHOD = re.compile(r"[A-Z]{1,20}")
_PLACEHOLDER = re.compile(r"(?<![$%])\{(\w*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _ServedTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every table of a server may say of how it is started."""

    start: Words | None = None
    ready: Words | None = None
    stop: Words | None = None
    timeout: str | float | None = None


class ContainerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sut.container]` as it stands in the file."""

    runtimes: tuple[str, ...] = ()
    image: str | None = None
    factory: str | None = None


class CommandTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sut.command]` as it stands in the file."""

    commands: dict[str, Words] = field(default_factory=dict)
    argv: Words | None = None


class FactoryTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sut.session]`, `[sut.script]`, `[sut.settings]` or `[sut.workflow]` as it stands in the file."""

    factory: str


class EndpointTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the endpoints of `[sut.api]`."""

    path: str
    method: str = "GET"
    body: Any = None
    status: int | None = None


class ApiTable(_ServedTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[sut.api]` as it stands in the file."""

    url: str
    endpoints: dict[str, EndpointTable]
    headers: dict[str, str] = field(default_factory=dict)


class ToolTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the tools of `[sut.mcp]`."""

    arguments: dict[str, Any] = field(default_factory=dict)


class McpTable(_ServedTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[sut.mcp]` as it stands in the file."""

    tools: dict[str, ToolTable]
    command: Words | None = None
    url: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


class LlmTable(_ServedTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[sut.llm]` as it stands in the file."""

    url: str
    models: tuple[str, ...]
    headers: dict[str, str] = field(default_factory=dict)
    prompt: str = DEFAULT_PROMPT
    max_tokens: int = DEFAULT_TOKENS


class DatabaseTable(_ServedTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[sut.database]` as it stands in the file."""

    url: str
    queries: dict[str, str]


class SutTables(Struct, frozen=True, forbid_unknown_fields=True):
    """All tables of `[sut]`; those that are left out do not exist in the project."""

    container: ContainerTable | None = None
    command: CommandTable | None = None
    api: ApiTable | None = None
    mcp: McpTable | None = None
    session: FactoryTable | None = None
    script: FactoryTable | None = None
    settings: FactoryTable | None = None
    workflow: FactoryTable | None = None
    llm: LlmTable | None = None
    database: DatabaseTable | None = None


def systems(file: SettingsFile, key: KeyPath, tables: SutTables) -> tuple[System, ...]:
    """The parts of the user's own system that `[sut]` at `key` configures.

    Raises ConfigError with the line of what is wrong.
    """
    found: list[System] = []
    for name in SutTables.__struct_fields__:
        table = getattr(tables, name)
        if table is not None:
            found.append(_Reader(file, (*key, name)).system(table))
    if len(msgspec.json.encode([system.settings for system in found])) > _MOST_BYTES:
        raise file.error(key, f"'sut' holds more than {_MOST_BYTES // 1024} KiB", "use shorter bodies")
    return tuple(found)


class _Reader:
    """Reads one table, which stands at `key` of `file`."""

    def __init__(self, file: SettingsFile, key: KeyPath) -> None:
        self.file = file
        self.key = key
        self.shown = f"[sut.{key[-1]}]"

    def system(self, table: Struct) -> System:
        """The system that the table describes. Raises ConfigError."""
        served = self._served(table) if isinstance(table, _ServedTable) else None
        address = ""
        targets: tuple[str, ...] = OWN
        match table:
            case ContainerTable():
                settings, targets = self._container(table)
            case CommandTable():
                settings, targets = self._command(table)
            case ApiTable():
                settings, targets, address = self._api(table), tuple(table.endpoints), table.url
            case McpTable():
                settings, targets, address = self._mcp(table), tuple(table.tools), table.url or ""
            case LlmTable():
                settings, targets, address = self._llm(table), table.models, table.url
            case DatabaseTable():
                settings, targets, address = self._database(table), tuple(table.queries), table.url
            case FactoryTable():
                settings = {"factory": self._factory(table.factory)}
            case _:
                raise TypeError(f"no system is described by {type(table).__name__}")
        self._address(address, served)
        return System(str(self.key[-1]), settings, targets, address, served, origin(self.file, self.key))

    def _container(self, table: ContainerTable) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        if not table.runtimes and table.factory is None:
            raise self.file.error(
                self.key, f"{self.shown} names nothing to measure", 'add runtimes = ["process"] or a factory'
            )
        for index, name in enumerate(table.runtimes):
            self._name(("runtimes", index), "a runtime", name, _RUNTIME)
        self._once(("runtimes",), table.runtimes)
        settings: dict[str, Any] = {}
        if table.runtimes:
            settings["runtimes"] = list(table.runtimes)
        if table.image is not None:
            settings["image"] = self._text(("image",), table.image)
        if table.factory is not None:
            settings["factory"] = self._factory(table.factory)
        return settings, table.runtimes or OWN

    def _command(self, table: CommandTable) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        if table.argv is not None and table.commands:
            raise self.file.error((*self.key, "argv"), f"{self.shown} has both argv and commands", "keep one")
        if table.argv is not None:
            return {"commands": {"command": list(self._argv(("argv",), table.argv))}}, ("command",)
        self._names("commands", "a command", table.commands)
        argvs = {name: list(self._argv(("commands", name), argv)) for name, argv in table.commands.items()}
        return {"commands": argvs}, tuple(argvs)

    def _api(self, table: ApiTable) -> Mapping[str, Any]:
        self._names("endpoints", "an endpoint", table.endpoints)
        endpoints = {name: self._endpoint(name, endpoint) for name, endpoint in table.endpoints.items()}
        return {
            "url": self._url(table.url, _WEB),
            "endpoints": endpoints,
            **self._headers(table.headers),
        }

    def _endpoint(self, name: str, endpoint: EndpointTable) -> Mapping[str, Any]:
        place = ("endpoints", name)
        if not endpoint.path.startswith("/") or re.search(r"\s", endpoint.path):
            raise self._error((*place, "path"), f"the path {endpoint.path!r} is none", "begin it with '/'")
        self._text((*place, "path"), endpoint.path)
        method = endpoint.method.upper()
        if not _METHOD.fullmatch(method):
            raise self._error(
                (*place, "method"), f"{endpoint.method!r} is no method of HTTP", "write 'GET' or 'POST'"
            )
        settings: dict[str, Any] = {"method": method, "path": endpoint.path}
        if endpoint.body is not None:
            settings["body"] = self._plain((*place, "body"), endpoint.body)
        if endpoint.status is not None:
            if not 100 <= endpoint.status <= 599:
                raise self._error((*place, "status"), f"{endpoint.status} is no status of HTTP", "write 200")
            settings["status"] = endpoint.status
        return settings

    def _mcp(self, table: McpTable) -> Mapping[str, Any]:
        if (table.command is None) == (table.url is None):
            both = "both command and url" if table.url else "neither command nor url"
            raise self._error((), f"{self.shown} has {both}", "write one of them")
        if table.command is not None and table.start is not None:
            raise self._error(
                ("start",),
                "what 'command' runs is started by the benchmarks",
                "leave out start, or write url",
            )
        self._names("tools", "a tool", table.tools)
        settings: dict[str, Any] = {
            "tools": {
                name: {"arguments": self._plain(("tools", name, "arguments"), tool.arguments)}
                for name, tool in table.tools.items()
            }
        }
        if table.url is not None:
            settings["url"] = self._url(table.url, _WEB)
        if table.command is not None:
            settings["command"] = list(self._argv(("command",), table.command))
        if table.environment:
            settings["environment"] = environment(self.file, (*self.key, "environment"), table.environment)
        return {**settings, **self._headers(table.headers)}

    def _llm(self, table: LlmTable) -> Mapping[str, Any]:
        if not table.models:
            raise self._error(("models",), f"{self.shown} names no model", 'add models = ["…"]')
        for index, name in enumerate(table.models):
            self._name(("models", index), "a model", name, _MODEL)
        self._once(("models",), table.models)
        if not table.prompt.strip():
            raise self._error(("prompt",), "'prompt' is empty")
        if not 1 <= table.max_tokens <= 100_000:
            raise self._error(("max_tokens",), f"'max_tokens' is {table.max_tokens}", "choose 1 to 100000")
        return {
            "url": self._url(table.url, _WEB),
            "models": list(table.models),
            "prompt": table.prompt,
            "max_tokens": table.max_tokens,
            **self._headers(table.headers),
        }

    def _database(self, table: DatabaseTable) -> Mapping[str, Any]:
        self._names("queries", "a query", table.queries)
        for name, query in table.queries.items():
            if not query.strip():
                raise self._error(("queries", name), f"the query {name!r} is empty", "write it in SQL")
        return {"url": self._url(table.url, _DATABASES), "queries": dict(table.queries)}

    def _served(self, table: _ServedTable) -> Served | None:
        """How the server is started; None where it runs already."""
        if table.start is None:
            for name in ("ready", "stop", "timeout"):
                if getattr(table, name) is not None:
                    raise self._error((name,), f"'{name}' without start means nothing", "add start = …")
            return None
        seconds = 60.0 if table.timeout is None else timeout(self.file, (*self.key, "timeout"), table.timeout)
        return Served(
            start=self._argv(("start",), table.start),
            ready=() if table.ready is None else self._argv(("ready",), table.ready),
            stop=() if table.stop is None else self._argv(("stop",), table.stop),
            timeout=seconds,
        )

    def _address(self, address: str, served: Served | None) -> None:
        """Each side's server listens on a port of its own, or both would be one and the same."""
        if served is not None and PORT not in address:
            raise self._error(
                ("url",),
                "base and head would both listen on one port",
                f"write {PORT} for the port, in url and in start",
            )
        if served is None and PORT in address:
            raise self._error(
                ("url",),
                f"nothing is started that would listen on {PORT}",
                "add start = …, or write the port",
            )

    def _url(self, url: str, schemes: Sequence[str]) -> str:
        filled = url.replace(PORT, "1").replace(ROOT, "/root")
        if unknown := _PLACEHOLDER.search(filled):
            raise self._error(
                ("url",), f"{unknown[0]} stands for nothing", f"{PORT} and {ROOT} are what is known"
            )
        try:
            parts = urlsplit(filled)
            valid = parts.scheme in schemes and parts.port != 0
        except ValueError:
            valid = False
        if not valid or (schemes is _WEB and not parts.hostname) or re.search(r"\s", url):
            kinds = " or ".join(f"{scheme}://…" for scheme in schemes)
            raise self._error(
                ("url",), f"'url' of {self.shown} is no address that can be used", f"write {kinds}"
            )
        self._text(("url",), url)
        return url

    def _argv(self, place: KeyPath, command: Words) -> tuple[str, ...]:
        argv = words(self.file, (*self.key, *place), command)
        no_shell(self.file, (*self.key, *place), argv)
        return argv

    def _headers(self, headers: Mapping[str, str]) -> Mapping[str, Any]:
        for name, value in headers.items():
            if not _HEADER.fullmatch(name):
                raise self._error(
                    ("headers", name), f"{name!r} is no name of a header", "use letters and '-'"
                )
            self._text(("headers", name), value)
        return {"headers": dict(headers)} if headers else {}

    def _factory(self, place: str) -> str:
        if not _FACTORY.fullmatch(place):
            raise self._error(
                ("factory",),
                f"{place!r} names no factory",
                "write 'module:function', or the name of an entry point of the group perfbench.sut",
            )
        return place

    def _names(self, place: str, what: str, named: Mapping[str, object]) -> None:
        if not named:
            raise self._error((place,), f"{self.shown} names nothing to measure", f"add {place} = {{ … }}")
        for name in named:
            self._name((place, name), what, name, _NAME)

    def _name(self, place: KeyPath, what: str, name: str, pattern: re.Pattern[str]) -> None:
        if not pattern.fullmatch(name):
            raise self._error(
                place, f"{what} cannot be called {name!r}", "use up to 60 letters, digits, '_', '.' and '-'"
            )

    def _once(self, place: KeyPath, names: Sequence[str]) -> None:
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise self._error(place, f"{twice!r} stands there twice", "remove one")

    def _text(self, place: KeyPath, text: str) -> str:
        if not text.strip() or _CONTROL.search(text):
            raise self._error(place, f"'{place[-1]}' is empty or holds a control character")
        return text

    def _plain(self, place: KeyPath, value: Any) -> Any:
        """The value as JSON can hold it. Raises ConfigError for dates, and for numbers that are none."""
        try:
            plain = msgspec.json.decode(msgspec.json.encode(value))
        except (TypeError, RecursionError):
            plain = None
        if plain != value:
            raise self._error(place, f"'{place[-1]}' cannot be written as JSON", "write dates as strings")
        return plain

    def _error(self, place: KeyPath, message: str, remedy: str = "") -> Exception:
        return self.file.error((*self.key, *place), message, remedy)
