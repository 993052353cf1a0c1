"""The sandboxes that the service holds: so many at once, found by id, all removed at the end."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from perfbench.errors import RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes.runtime import Runtime, Sandbox
from perfbench.sandbox.service.refusals import TooManySandboxesError, UnknownSandboxError

REMOVED_AT_ONCE = 8


class Sandboxes:
    """Sandboxes of one runtime, at most `most`. Its methods wait for the runtime; threads may share it."""

    def __init__(self, runtime: Runtime, most: int) -> None:
        self._runtime = runtime
        self._most = most
        self._held: dict[str, Sandbox] = {}
        self._coming = 0
        self._closed = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def runtime(self) -> str:
        """The runtime's name."""
        return self._runtime.name

    def ids(self) -> list[str]:
        """The ids of those that clients may name."""
        return list(self._held)

    def find(self, id: str) -> Sandbox:
        """The sandbox of that id. Raises UnknownSandboxError."""
        try:
            return self._held[id]
        except KeyError:
            raise UnknownSandboxError(f"there is no sandbox {id[:100]!r}", "create one first") from None

    def create(self) -> Sandbox:
        """A new one, running. Raises TooManySandboxesError, and what the runtime raises."""
        sandbox = self._started()
        with self._lock:
            self._coming -= 1
            if not self._closed:
                self._held[sandbox.id] = sandbox
                return sandbox
        sandbox.remove()
        raise self._ending()

    def remove(self, id: str) -> None:
        """Remove one and all that runs in it. Raises UnknownSandboxError, and what the runtime raises."""
        sandbox = self.find(id)
        sandbox.remove()
        self._held.pop(id, None)

    def close(self) -> None:
        """Remove all, and make no more. Raises SandboxError when one cannot be removed, after all the rest."""
        with self._lock:
            self._closed = True
            left = list(self._held.values())
            self._held.clear()
        failures: list[SandboxError] = []

        def remove(sandbox: Sandbox) -> None:
            try:
                sandbox.remove()
            except SandboxError as error:
                failures.append(error)

        with ThreadPoolExecutor(REMOVED_AT_ONCE) as threads:
            list(threads.map(remove, left))
        if failures:
            raise failures[0]

    def _started(self) -> Sandbox:
        """A running sandbox, for which a place is taken among those that are coming."""
        with self._lock:
            if self._closed:
                raise self._ending()
            if len(self._held) + self._coming >= self._most:
                raise TooManySandboxesError(
                    f"there are {self._most} sandboxes already", "delete one, or start with more --sandboxes"
                )
            self._coming += 1
        sandbox = None
        try:
            sandbox = self._runtime.create()
            sandbox.start()
        except BaseException:
            with self._lock:
                self._coming -= 1
            if sandbox is not None:
                with contextlib.suppress(SandboxError):
                    sandbox.remove()
            raise
        return sandbox

    @staticmethod
    def _ending() -> SandboxError:
        return RuntimeUnavailableError("the service is ending")
