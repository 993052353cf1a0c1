"""The sandboxes that a server keeps between calls: so many and no more, and none once it ends."""

from __future__ import annotations

import threading

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.runtime import Runtime, Sandbox

MOST = 64
"""So many sandboxes are kept at once."""


class Shelf:
    """Running sandboxes of one runtime, by id; for many threads."""

    def __init__(self, runtime: Runtime, *, most: int = MOST) -> None:
        self._runtime = runtime
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, Sandbox] = {}
        self._coming = 0
        self._closed = False
        self._default_lock = threading.Lock()
        self._default: str | None = None

    def create(self) -> str:
        """Start a sandbox and keep it; returns its id.

        Raises SandboxError when there are too many, when the server ends, and when the runtime refuses.
        """
        with self._lock:
            self._refuse_when_closed()
            if len(self._kept) + self._coming >= self._most:
                raise SandboxError(
                    f"{self._most} sandboxes are kept already", "delete one with delete_sandbox"
                )
            self._coming += 1
        try:
            sandbox = self._runtime.create()
            try:
                sandbox.start()
                self._keep(sandbox)
            except BaseException:
                sandbox.remove()
                raise
        finally:
            with self._lock:
                self._coming -= 1
        return sandbox.id

    def find(self, id: str | None) -> Sandbox:  # noqa: A002, RUF100
        """The kept sandbox of that id; for None the default one, which is made on first use.

        Raises SandboxError when there is none.
        """
        if id is None:
            with self._default_lock:
                if self._default is None or self._default not in self._kept:
                    self._default = self.create()
                id = self._default  # noqa: A001, RUF100
        with self._lock:
            self._refuse_when_closed()
            if id not in self._kept:
                raise SandboxError(
                    f"there is no sandbox {id[:100]!r}", "list_sandboxes names those there are"
                )
            return self._kept[id]

    def delete(self, id: str) -> None:  # noqa: A002, RUF100
        """Remove the sandbox of that id and all that runs in it. Raises SandboxError when there is none."""
        sandbox = self.find(id)
        with self._lock:
            self._kept.pop(id, None)
        sandbox.remove()

    def ids(self) -> list[str]:
        """Of all that are kept, the oldest first."""
        with self._lock:
            return list(self._kept)

    def close(self) -> None:
        """Remove every sandbox and keep none from now on; harmless the second time.

        Commands that still run in them are killed, so whoever waits for one is let go. Raises the first
        SandboxError, after all the rest have been removed.
        """
        with self._lock:
            self._closed = True
            kept = list(self._kept.values())
            self._kept.clear()
        failures = []
        for sandbox in kept:
            try:
                sandbox.remove()
            except SandboxError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _keep(self, sandbox: Sandbox) -> None:
        with self._lock:
            self._refuse_when_closed()
            self._kept[sandbox.id] = sandbox

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise SandboxError("the server is ending and keeps no sandboxes any more")
