"""Sessions in a Redis server, one key each, by the client that its makers keep.

A connection that the server has dropped is opened again once; a server that does not answer is given up
after a few seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from perfbench.errors import StoreError, UnavailableError
from perfbench.sandbox.sessions.encoded import EncodedStore
from perfbench.sandbox.sessions.servers import ANSWER_TIMEOUT, CONNECT_TIMEOUT, address, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

PREFIX = "sandbox:session:"
PAGE = 1000
"""Keys that the server is asked to look at in one step of listing them."""

Answer = TypeVar("Answer")


class RedisStore(EncodedStore):
    """Keys `sandbox:session:<id>` in the server at `url`; other keys are let alone.

    Raises UnavailableError where the client is not installed, StoreError where no server answers.
    """

    name = "redis"

    def __init__(self, url: str) -> None:
        try:
            import redis  # noqa: PLC0415
        except ImportError as error:
            raise UnavailableError("redis is not installed", "pip install redis") from error
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        self._errors = redis.RedisError
        self._url = url
        self._address = address(url)
        # Every command of ours may be sent twice. One that was not answered in time is not: its server hangs.
        once = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        try:
            self._client: Redis = redis.Redis.from_url(
                url, retry=once, socket_connect_timeout=CONNECT_TIMEOUT, socket_timeout=ANSWER_TIMEOUT
            )
            try:
                self._asked(self._client.ping)
            except BaseException:
                self._client.close()
                raise
        except (ValueError, TypeError):
            # What the client says of it holds the URL, and that a password.
            raise StoreError(
                "the URL of the Redis server cannot be read", "write redis://:PASSWORD@HOST:PORT/0"
            ) from None

    def _put(self, id: str, data: bytes) -> None:
        self._asked(lambda: self._client.set(PREFIX + id, data))

    def _get(self, id: str) -> bytes | None:
        data = self._asked(lambda: self._client.get(PREFIX + id))
        return data.encode() if isinstance(data, str) else data

    def _remove(self, id: str) -> None:
        self._asked(lambda: self._client.delete(PREFIX + id))

    def _ids(self) -> list[str]:
        keys = self._asked(lambda: set(self._client.scan_iter(match=f"{PREFIX}*", count=PAGE)))
        return [(key if isinstance(key, str) else key.decode()).removeprefix(PREFIX) for key in keys]

    def _place(self, id: str) -> str:
        return f"session {id!r} in Redis at {self._address}"

    def _release(self) -> None:
        self._client.close()

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except (self._errors, OSError) as error:
            raise StoreError(
                f"Redis at {self._address} did not do it: {said(error, self._url)}",
                "see that the server runs and is not full",
            ) from error
