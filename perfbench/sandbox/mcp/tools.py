"""What a client may ask for: each public method of `Tools` is one tool, its docstring what a model reads of it.

All block, all check the size of what they are given and of what they give back, and say no with a
PerfbenchError. Nothing here knows of the protocol.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from perfbench.errors import CommandError, SandboxError, ScriptError, StoreError, UsageError
from perfbench.sandbox.mcp import filing
from perfbench.sandbox.mcp.shelf import Shelf

if TYPE_CHECKING:
    from perfbench.sandbox.sessions import Session, SessionStore

Encoding = Literal["utf-8", "base64"]

MOST_BYTES = 1024**2
"""The longest text, file, script, state and standard input that a tool takes, and file that it gives."""
MOST_OUTPUT = 256 * 1024
"""So much is given back of a command's stdout, and as much of its stderr; the rest is cut."""
MOST_WORDS = 1024
LONGEST_ARGV = 128 * 1024
LONGEST_RUN = 60.0
"""Seconds; the most that a command may be given."""
LONGEST_SCRIPT = 10.0
MOST_HISTORY = 1000
"""Entries of a session's history."""


class CommandResult(TypedDict):
    """What a command did. `truncated` says that stdout or stderr was longer than is given back."""

    exit_code: int
    stdout: str
    stderr: str
    truncated: bool


class SessionContent(TypedDict):
    """A session as it is stored; `created` in seconds since the epoch."""

    id: str
    state: dict[str, Any]
    history: list[dict[str, Any]]
    created: float


class Tools:
    """The tools of one server, on the sandboxes of `shelf`; `store` names what keeps its sessions."""

    def __init__(self, shelf: Shelf, *, store: str) -> None:
        self._shelf = shelf
        self._store_name = store
        self._store: SessionStore | None = None
        self._lock = threading.Lock()

    def echo(self, text: str) -> str:
        """Answer with the same text."""
        _bytes_of(text, "text")
        return text

    def create_sandbox(self) -> str:
        """Start a new sandbox and answer with its id."""
        return self._shelf.create()

    def list_sandboxes(self) -> list[str]:
        """The ids of the sandboxes that run."""
        return self._shelf.ids()

    def delete_sandbox(self, sandbox: str) -> str:
        """Remove a sandbox with its files and all that runs in it."""
        self._shelf.delete(sandbox)
        return sandbox

    def run_command(
        self, argv: list[str], sandbox: str | None = None, stdin: str = "", timeout: float = 10.0
    ) -> CommandResult:
        """Run a program with its arguments, without a shell, in a sandbox (a default one if none is named).

        It works in the folder in which files are written and read. `timeout` is in seconds, at most 60; the
        program is killed after it.
        """
        _check_argv(argv)
        _check_seconds(timeout, LONGEST_RUN)
        given = _bytes_of(stdin, "stdin")
        result = self._shelf.find(sandbox).exec(argv, stdin=given, timeout=timeout)
        return {
            "exit_code": result.exit_code,
            "stdout": result.stdout[:MOST_OUTPUT].decode(errors="replace"),
            "stderr": result.stderr[:MOST_OUTPUT].decode(errors="replace"),
            "truncated": max(len(result.stdout), len(result.stderr)) > MOST_OUTPUT,
        }

    def write_file(
        self, path: str, content: str, sandbox: str | None = None, encoding: Encoding = "utf-8"
    ) -> int:
        """Write a file of at most 1 MiB in a sandbox and answer with its length in bytes.

        `path` is relative to the folder of the sandbox. With encoding "base64", content is that.
        """
        data = _bytes_of(content, "content")
        if encoding == "base64":
            try:
                data = base64.b64decode(data, validate=True)
            except binascii.Error as error:
                raise UsageError(f"content is not base64 ({error})") from None
        filing.write(self._shelf.find(sandbox), path, data)
        return len(data)

    def read_file(self, path: str, sandbox: str | None = None, encoding: Encoding = "utf-8") -> str:
        """The content of a file of at most 1 MiB in a sandbox, as text or in base64."""
        data = filing.read(self._shelf.find(sandbox), path, most=MOST_BYTES)
        if encoding == "base64":
            return base64.b64encode(data).decode()
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise SandboxError(f"{path} is not UTF-8 text", 'read it with encoding "base64"') from None

    def list_files(self, path: str = ".", sandbox: str | None = None) -> list[str]:
        """The names in a folder of a sandbox, those of folders with a slash at the end."""
        return filing.names(self._shelf.find(sandbox), path)

    def run_script(self, source: str, engine: str = "quickjs", timeout: float = 5.0) -> Any:
        """Run a script in an interpreter of its own and answer with its value, as JSON.

        Engines are quickjs, v8, lua, wasm, starlark and python, where they are installed. `timeout` is in
        seconds, at most 10.
        """
        from perfbench.sandbox import scripting  # noqa: PLC0415

        _bytes_of(source, "source")
        _check_seconds(timeout, LONGEST_SCRIPT)
        limits = scripting.ScriptLimits(seconds=timeout)
        with scripting.open_engine(engine, limits=limits) as interpreter:
            value = interpreter.execute(source)
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            raise ScriptError(f"its value, of the type {type(value).__name__}, is no JSON") from None
        if len(text) > MOST_BYTES:
            raise ScriptError(f"its value is longer than {MOST_BYTES} bytes")
        return value

    def session_create(self, state: dict[str, Any] | None = None) -> str:
        """Begin a session with that state and answer with its id."""
        _check_json(state, "state")
        return self._sessions().create(state).id

    def session_read(self, session: str) -> SessionContent:
        """The state and the history of a session."""
        found = self._find(session)
        return {
            "id": found.id,
            "state": found.state,
            "history": found.history,
            "created": found.created,
        }

    def session_write(
        self, session: str, state: dict[str, Any] | None = None, entry: dict[str, Any] | None = None
    ) -> int:
        """Replace the state of a session, add an entry to its history, or both; answers with its entries."""
        _check_json(state, "state")
        _check_json(entry, "entry")
        with self._lock:  # two calls that add to one history must not lose an entry
            found = self._find(session)
            if state is not None:
                found.state = state
            if entry is not None:
                if len(found.history) >= MOST_HISTORY:
                    raise StoreError(
                        f"its history has {MOST_HISTORY} entries already", "begin another session"
                    )
                found.history.append(entry)
            self._sessions().write(found)
        return len(found.history)

    def _find(self, session: str) -> Session:
        if len(session) > 200:
            raise UsageError("session is longer than any id")
        return self._sessions().read(session)

    def _sessions(self) -> SessionStore:
        from perfbench.sandbox import sessions  # noqa: PLC0415

        if self._store is None:
            self._store = sessions.open_store(self._store_name)
        return self._store

    def close(self) -> None:
        """Remove every sandbox and let go of the sessions; harmless the second time."""
        try:
            self._shelf.close()
        finally:
            store, self._store = self._store, None
            if store is not None:
                store.close()


def _bytes_of(text: str, name: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name} is not Unicode text") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} has {len(data)} bytes, more than {MOST_BYTES}")
    return data


def _check_argv(argv: Sequence[str]) -> None:
    if not argv or not argv[0]:
        raise CommandError("argv names no program", 'write it as ["ls", "-l"]')
    if len(argv) > MOST_WORDS:
        raise CommandError(f"argv has {len(argv)} words, more than {MOST_WORDS}")
    words = [_bytes_of(word, "a word of argv") for word in argv]
    if sum(map(len, words)) > LONGEST_ARGV:
        raise CommandError(f"argv is longer than {LONGEST_ARGV} bytes", "hand it in as stdin or as a file")
    if any(b"\0" in word for word in words):
        raise CommandError("a word of argv holds a NUL")


def _check_seconds(timeout: float, most: float) -> None:
    if not 0.0 < timeout <= most:
        raise UsageError(f"timeout is {timeout:g} s", f"take more than 0 and at most {most:g}")


def _check_json(value: Mapping[str, Any] | None, name: str) -> None:
    if value is not None and len(json.dumps(value)) > MOST_BYTES:
        raise UsageError(f"{name} is longer than {MOST_BYTES} bytes")
