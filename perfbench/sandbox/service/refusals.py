"""What the service answers when it does not do what was asked: a status, one sentence and its remedy."""

from __future__ import annotations

from collections.abc import Mapping

from perfbench.errors import PerfbenchError, SandboxError, StoreError, UnavailableError
from perfbench.sandbox.sessions.session import UnknownSessionError


class RefusedError(PerfbenchError):
    """A request that is not served. `details` are further members of the JSON answer."""

    def __init__(
        self,
        status: int,
        message: str,
        remedy: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.status = status
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def content(self) -> dict[str, object]:
        """The members of the JSON answer."""
        remedy = {"remedy": self.remedy} if self.remedy else {}
        return {"error": self.message, **remedy, **self.details}


class UnknownSandboxError(SandboxError):
    """There is no sandbox of that id."""


class TooManySandboxesError(SandboxError):
    """No more sandboxes may be made at present."""


class NoRoomError(StoreError):
    """The sessions that are held leave no room for another."""


class UnknownFileError(SandboxError):
    """There is no file of that name in the sandbox."""


class OutOfTimeError(SandboxError):
    """A command ran past its time and was killed."""


STATUSES: tuple[tuple[type[PerfbenchError], int], ...] = (
    (UnknownSandboxError, 404),
    (UnknownFileError, 404),
    (UnknownSessionError, 404),
    (TooManySandboxesError, 429),
    (NoRoomError, 429),
    (OutOfTimeError, 504),
    (UnavailableError, 503),
    (StoreError, 503),
    (SandboxError, 409),
    (PerfbenchError, 400),
)
"""Error → status; the first that fits counts."""

RETRY = {"Retry-After": "1"}


def refusal(error: PerfbenchError) -> RefusedError:
    """How an error of the runner is answered."""
    if isinstance(error, RefusedError):
        return error
    status = next(status for kind, status in STATUSES if isinstance(error, kind))
    return RefusedError(status, error.message, error.remedy, headers=RETRY if status in (429, 503) else None)


def bad(message: str, remedy: str = "") -> RefusedError:
    """The request does not say what it should."""
    return RefusedError(400, message, remedy)
