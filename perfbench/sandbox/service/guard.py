"""What stands before every handler: who may ask, how much may go on at once, and what errors look like.

Plain ASGI, since each layer of a middleware class costs as much as the whole of a small handler.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from perfbench.errors import PerfbenchError
from perfbench.sandbox.service.limits import ServiceLimits
from perfbench.sandbox.service.refusals import RETRY, RefusedError, refusal
from perfbench.sandbox.service.request import ClientGoneError, too_large

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({b"127.0.0.1", b"localhost", b"[::1]"})
HEALTH = "/health"
JSON = (b"content-type", b"application/json")


class Guard:
    """An ASGI application around another, and around `health`, which is answered when all else is busy too.

    With `local` the Host header must name this machine: a page of the web that has its own name point to
    127.0.0.1 is not served. A page that sends requests across origins never is. With `token` each request
    needs it, as `Authorization: Bearer TOKEN`.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: ServiceLimits,
        *,
        health: ASGIApp,
        token: str | None = None,
        local: bool = True,
    ) -> None:
        self._app = app
        self._health = health
        self._limits = limits
        self._token = None if token is None else b"Bearer " + token.encode()
        self._local = local
        self._busy = 0
        self._log = logging.getLogger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counted = 0
        try:
            self._admit(dict(scope["headers"]))
            if scope["path"] == HEALTH:
                await self._health(scope, receive, send)
                return
            if self._busy >= self._limits.requests:
                raise RefusedError(
                    503, f"{self._busy} requests are at work already", "try again", headers=RETRY
                )
            self._busy += 1
            counted = 1
            await self._app(scope, receive, send)
        except ClientGoneError:
            return
        except PerfbenchError as error:
            await _refuse(send, refusal(error))
        except Exception:
            self._log.exception("%s %s failed", scope["method"], scope["path"])
            await _refuse(send, RefusedError(500, "the service failed", "its log on stderr says why"))
        finally:
            self._busy -= counted

    def _admit(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises RefusedError for a request that is not let in."""
        host = headers.get(b"host", b"")
        if self._local and host not in LOOPBACK and _name(host) not in LOOPBACK:
            raise RefusedError(
                403, "the Host header does not name this machine", "ask 127.0.0.1 or localhost"
            )
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"://")[2] != host:
            raise RefusedError(403, "the request comes from a page of another origin")
        if self._token is not None and not hmac.compare_digest(
            headers.get(b"authorization", b""), self._token
        ):
            raise RefusedError(
                401, "the token is missing or wrong", headers={"WWW-Authenticate": 'Bearer realm="sandboxes"'}
            )
        length = headers.get(b"content-length")
        if length is not None and (len(length) > 18 or int(length) > self._limits.body):
            raise too_large(self._limits.body)


def _name(host: bytes) -> bytes:
    """A Host header without its port."""
    name, colon, port = host.rpartition(b":")
    return name if colon and port.isdigit() else host


async def answer(
    send: Send,
    status: int,
    content: bytes = b"",
    kind: tuple[bytes, bytes] = JSON,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a whole answer."""
    head = [] if status == 204 else [(b"content-length", b"%d" % len(content))]
    if content:
        head.append(kind)
    if headers:
        head += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": content})


def written(members: object) -> bytes:
    """JSON text."""
    return json.dumps(members, separators=(",", ":"), allow_nan=False).encode()


async def _refuse(send: Send, refused: RefusedError) -> None:
    await answer(send, refused.status, written(refused.content()), headers=refused.headers)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """What an ASGI router falls back to."""
    raise RefusedError(
        404, f"there is no {scope['path'][:100]!r} here", "`pydoc perfbench.sandbox.service` lists what is"
    )
