"""A chat with a model behind an OpenAI-compatible endpoint, streamed, on the standard library.

The answer comes as server-sent events: lines `data: {…}`, each with a piece of the answer, until one that
says that it is finished. Everything is bounded: the silence between two pieces, the whole time, the bytes.
Whatever goes wrong is a RuntimeError of one sentence, in which no header's value is shown.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

SILENCE = 60.0
"""Seconds without a byte after which the server counts as stuck."""
LONGEST = 240.0
"""Seconds of one answer."""
LARGEST_LINE = 1024 * 1024
"""Bytes of one event."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one answer."""

_PIECES = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls")
"""What a piece of an answer may hold; reasoning is made of tokens like any other."""
_LONGEST_SHOWN = 200  # characters of what a server says of an error


@dataclass(frozen=True, slots=True)
class Answer:
    """When an answer came, in seconds from the moment its request was sent, and of how many tokens it is.

    The server's own count, where it gives one, else the number of pieces.
    """

    first: float
    last: float
    end: float
    tokens: int

    def tokens_per_second(self) -> float:
        """Of the tokens after the first, over the time in which they came.

        Raises RuntimeError where that cannot be told: the answer is one token, or came in one piece.
        """
        if self.tokens < 2 or self.last <= self.first:
            raise RuntimeError(
                f"an answer of {self.tokens} tokens came in one piece, so its tokens have no rate; "
                "raise max_tokens of [sut.llm], or see that the server streams"
            )
        return (self.tokens - 1) / (self.last - self.first)


class Connection:
    """One connection to an endpoint, opened before the clock runs."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._shown_url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._path = parts.path.rstrip("/") + "/chat/completions"
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **headers}
        self._secrets = tuple(word for value in headers.values() for word in (value, *value.split()))
        self._connection = kind(parts.hostname or "", parts.port, timeout=SILENCE)
        try:
            self._connection.connect()
        except OSError as error:
            self._fail(f"does not answer ({_reason(error)}); is it started?")

    def close(self) -> None:
        """Harmless the second time."""
        self._connection.close()

    def ask(self, model: str, prompt: str, most_tokens: int) -> Answer:
        """Ask the model and wait for all of its answer."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": most_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        data = json.dumps(body).encode()
        start = time.perf_counter()
        try:
            self._connection.request("POST", self._path, data, self._headers)
            response = self._connection.getresponse()
        except ValueError:  # whose text shows the header
            self._fail("cannot be asked: a header of [sut.llm] holds what no header can")
        except (OSError, http.client.HTTPException) as error:
            self._fail(f"gave no answer ({_reason(error)})")
        with response:  # it has the socket for itself where the server wants it closed
            self._check(response)
            return self._answer(response, start)

    def _check(self, response: http.client.HTTPResponse) -> None:
        """Raise RuntimeError for anything but a stream, with what the server says of it."""
        kind = response.headers.get_content_type()
        if response.status != 200:
            said = self._said(response)
            self._fail(f"answered {response.status} {response.reason[:60]}{f': {said}' if said else ''}")
        if kind != "text/event-stream":
            self._fail(f"answered with {kind[:60]} and no stream; it must serve stream=true as OpenAI does")

    def _answer(self, response: http.client.HTTPResponse, start: float) -> Answer:
        first = last = 0.0
        pieces = counted = 0
        finished = False
        for event in self._events(response, start):
            finished = finished or _is_finished(event)
            if event is None:
                break
            counted = _tokens(event) or counted
            if _has_piece(event):
                last = time.perf_counter() - start
                first = first or last
                pieces += 1
        if not finished:
            self._fail(f"broke off after {pieces} pieces of its answer")
        if not pieces:
            self._fail("gave an answer without a single token")
        return Answer(first, last, time.perf_counter() - start, counted or pieces)

    def _events(self, response: http.client.HTTPResponse, start: float) -> Iterator[Mapping[str, Any] | None]:
        """The events of a stream as they come, None for the one that says that there are no more."""
        size = 0
        while line := self._line(response):
            size += len(line)
            if size > LARGEST:
                self._fail(f"sent more than {LARGEST // 1024**2} MiB")
            if time.perf_counter() - start > LONGEST:
                self._fail(f"did not come to an end within {LONGEST:g} s")
            name, _, value = line.strip().partition(b":")
            if name != b"data":
                continue  # comments that keep the connection alive, names and numbers of events
            if value.strip() == b"[DONE]":
                yield None
                return
            yield self._event(value)

    def _line(self, response: http.client.HTTPResponse) -> bytes:
        try:
            line = response.readline(LARGEST_LINE + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._fail(f"broke off in the middle of its answer ({_reason(error)})")
        if len(line) > LARGEST_LINE:
            self._fail(f"sent a line of more than {LARGEST_LINE // 1024} KiB")
        return line

    def _event(self, data: bytes) -> Mapping[str, Any]:
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            self._fail(f"sent what is no event of a chat: {data.strip()[:60]!r}")
        if error := event.get("error"):
            self._fail(f"gave up: {self._shown(error)}")
        return event

    def _said(self, response: http.client.HTTPResponse) -> str:
        """What the body of an error says, as far as it can be read."""
        try:
            body = json.loads(response.read(LARGEST_LINE))
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return ""
        return self._shown(body.get("error")) if isinstance(body, dict) else ""

    def _shown(self, error: object) -> str:
        """A server's error without the headers that it may have been sent, which hold keys."""
        said = str(error.get("message") or "") if isinstance(error, dict) else str(error or "")
        for secret in self._secrets:
            if len(secret) > 3:
                said = said.replace(secret, "…")
        return " ".join(said.split())[:_LONGEST_SHOWN]

    def _fail(self, message: str) -> NoReturn:
        self.close()
        raise RuntimeError(f"the model at {self._shown_url} {message}") from None


def _is_finished(event: Mapping[str, Any] | None) -> bool:
    """Whether an event ends the answer: the last one of all, or one with a reason to stop."""
    return event is None or any(choice.get("finish_reason") for choice in _choices(event))


def _has_piece(event: Mapping[str, Any]) -> bool:
    deltas = (choice.get("delta") for choice in _choices(event))
    return any(isinstance(delta, dict) and any(delta.get(name) for name in _PIECES) for delta in deltas)


def _choices(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    choices = event.get("choices")
    return [one for one in choices if isinstance(one, dict)] if isinstance(choices, list) else []


def _tokens(event: Mapping[str, Any]) -> int:
    """The server's own count of the answer's tokens; 0 where the event has none."""
    usage = event.get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return count if type(count) is int and count > 0 else 0


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {SILENCE:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection was closed"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)[:_LONGEST_SHOWN]
