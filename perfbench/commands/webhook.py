"""Telling a webhook: one POST, to https or to this machine, bounded in time, without a trace of its address.

The address is a secret (whoever has it can post), so no message, and no error of the library below, repeats it.
"""

from __future__ import annotations

import ipaddress
import os
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from perfbench.errors import PerfbenchError, UsageError

PATIENCE = 20.0
"""Seconds in all, looking up the name included."""

_CONTROL = set(map(chr, (*range(33), 127)))


class WebhookError(PerfbenchError):
    """A webhook was not told. It says why, and never where."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post: parts of the address that the variable `name` held."""

    name: str
    host: str
    port: int | None
    path: str
    secure: bool


def target_of(name: str | None) -> Target:
    """The webhook whose address the environment variable `name` holds.

    Raises UsageError where none is configured, the variable is empty, or it holds what is neither https nor loopback.
    """
    if name is None:
        raise UsageError(
            "no webhook is configured",
            "name the variable that holds its URL: webhook = 'PERFBENCH_WEBHOOK' under [history]",
        )
    url = os.environ.get(name, "").strip()
    if not url:
        raise UsageError(
            f"the variable {name} of [history] webhook is not set", "set it to the webhook's URL"
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    wrong = not host or parts.scheme not in ("http", "https") or parts.username is not None
    if wrong or _CONTROL.intersection(url) or not url.isascii():
        raise UsageError(f"the variable {name} holds no URL to post to", "set it to https://…")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(f"the URL in {name} would be sent to in the clear", "use https")
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Target(name, host, port, path, parts.scheme == "https")


def post(target: Target, body: bytes, *, seconds: float = PATIENCE) -> None:
    """Send a JSON document, waiting for at most `seconds`.

    No redirection is followed and no proxy asked. Raises WebhookError where the answer is no success.
    """
    outcome: list[str] = []

    def send() -> None:
        outcome.append(_sent(target, body, seconds))

    # Looking a name up knows no time limit; a thread that is not waited for does.
    thread = threading.Thread(target=send, daemon=True, name="webhook")
    thread.start()
    thread.join(seconds)
    said = outcome[0] if outcome else f"it did not answer within {seconds:g} s"
    if said:
        raise WebhookError(
            f"the webhook in {target.name} was not told: {said}", "the alerts stay untold; run it again"
        )


def _sent(target: Target, body: bytes, seconds: float) -> str:
    """Post, and what went wrong in words; empty where nothing did."""
    import http.client  # noqa: PLC0415  (with it comes OpenSSL)

    kind = http.client.HTTPSConnection if target.secure else http.client.HTTPConnection
    connection = kind(target.host, target.port, timeout=seconds)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "perfbench"}
    try:
        connection.request("POST", target.path, body, headers)
        status = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _fault(error, seconds)
    finally:
        connection.close()
    if 200 <= status < 300:
        return ""
    moved = ", a redirection, which is not followed" if 300 <= status < 400 else ""
    return f"it answered {status}{moved}"


def _fault(error: Exception, seconds: float) -> str:
    """An error in words of ours: what the library says of it names the host."""
    import ssl  # noqa: PLC0415

    if isinstance(error, TimeoutError):
        return f"it did not answer within {seconds:g} s"
    if isinstance(error, ssl.SSLError):
        return "no secure connection could be made"
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno and error.errno > 0 else "its host was not found"
    return "its host has no valid name" if isinstance(error, ValueError) else "it did not answer in HTTP"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
