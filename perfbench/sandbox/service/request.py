"""One request: its body, bounded in size and time, and the fields of it, each of the type it must have."""

from __future__ import annotations

import asyncio
import difflib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from perfbench.sandbox.service.limits import ServiceLimits
from perfbench.sandbox.service.refusals import RefusedError, bad

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

CLOSE = {"Connection": "close"}


class ClientGoneError(Exception):
    """The client hung up before its request had come: there is no one to answer."""


class Request:
    """What a handler sees of a request."""

    __slots__ = ("_limits", "_receive", "_scope")

    def __init__(self, scope: Scope, receive: Receive, limits: ServiceLimits) -> None:
        self._scope = scope
        self._receive = receive
        self._limits = limits

    def part(self, name: str) -> str:
        """A part of the path, as the route names it."""
        return str(self._scope["path_params"][name])

    async def body(self, most: int | None = None) -> bytes:
        """The whole body, of at most `most` bytes.

        Raises RefusedError when it is too large (413) or too slow (408), ClientGoneError when it breaks off.
        """
        most = self._limits.body if most is None else most
        message = await self._message()
        body = message.get("body", b"")
        if message.get("more_body"):
            try:
                async with asyncio.timeout(self._limits.body_seconds):
                    body = await self._rest(bytearray(body), most)
            except TimeoutError:
                raise RefusedError(
                    408, f"the body has not come within {self._limits.body_seconds:g} s", headers=CLOSE
                ) from None
        if len(body) > most:
            raise too_large(most)
        return bytes(body)

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object; none at all is an empty one. Raises RefusedError (400) when it is not one."""
        data = await self.body(min(self._limits.json, self._limits.body))
        return parsed(data, self._limits.depth) if data.strip() else {}

    async def _rest(self, body: bytearray, most: int) -> bytearray:
        """The body to its end, or to the point where it is too large."""
        more = True
        while more and len(body) <= most:
            message = await self._message()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body

    async def _message(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        return message


def too_large(most: int) -> RefusedError:
    """The body has more than `most` bytes."""
    return RefusedError(413, f"the body is larger than {most} bytes", "send less at a time")


def parsed(data: bytes, depth: int) -> dict[str, Any]:
    """JSON text as an object. Raises RefusedError (400) for anything else, and for one nested deeper than `depth`."""
    try:
        found = json.loads(data, parse_constant=_no_number, parse_float=_finite)
        # Cheap for what has few brackets, as nearly everything has.
        too_deep = data.count(b"[") + data.count(b"{") > depth and _depth(found) > depth
    except RecursionError:
        too_deep, found = True, None
    except ValueError as error:
        raise bad(f"the body is not JSON ({error})", "send a JSON object") from None
    if too_deep:
        raise bad(f"the body is nested deeper than {depth} levels", "send something flatter")
    if not isinstance(found, dict):
        raise bad("the body is no JSON object", 'send {"name": value, …}')
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant[:20]} is no number that JSON has")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _depth(value: object) -> int:
    """Levels of nesting, walked without recursion."""
    deepest, level = 0, [value]
    while level:
        inner = [one for one in level if isinstance(one, (dict, list))]
        deepest += bool(inner)
        level = [below for one in inner for below in (one.values() if isinstance(one, dict) else one)]
    return deepest


class Fields:
    """The members of a JSON object, each asked for by its type; `where` names the object in messages.

    Every method raises RefusedError (400) with the name of the member that does not fit.
    """

    def __init__(self, members: object, where: str, known: Sequence[str]) -> None:
        if not isinstance(members, dict):
            raise bad(f"{where} is no JSON object")
        for name in members:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise bad(
                    f"{where} has no {name[:60]!r}",
                    f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(known) or 'nothing'}",
                )
        self._members: Mapping[str, Any] = members
        self._where = where

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str, default: str | None = None) -> str:
        """A string that can be handed to the system."""
        value = self._members.get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return self._clean(name, value)

    def argv(self) -> list[str]:
        """`argv`: a list of strings, the program first. A line for a shell is no such list."""
        value = self._members.get("argv")
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            raise self._wrong("argv", 'a list of strings such as ["ls", "-l"]')
        for word in value:
            if "\0" in self._clean("argv", word):
                raise self._wrong("argv", "without NUL characters")
        if not value[0]:
            raise self._wrong("argv", "led by the name of a program")
        return value

    def seconds(self, name: str, most: float) -> float:
        """A time above 0 and at most `most`, which is also what it is when it is left out."""
        value = self._members.get(name, most)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._wrong(name, "a number of seconds")
        if not 0 < value <= most:
            raise self._wrong(name, f"above 0 and at most {most:g} s")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._members.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object; an empty one when it is left out."""
        value = self._members.get(name, {})
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return value

    def mappings(self, name: str, most: int | None = None) -> list[dict[str, Any]]:
        """A list of JSON objects, at most `most`; an empty one when it is left out."""
        value = self._members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._wrong(name, "a list of objects")
        if most is not None and len(value) > most:
            raise self._wrong(name, f"at most {most} long")
        return value

    def _clean(self, name: str, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._wrong(name, "text without lone surrogates") from None
        return value

    def _wrong(self, name: str, wanted: str) -> RefusedError:
        return bad(f"{name!r} of {self._where} must be {wanted}")
