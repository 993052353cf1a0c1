"""The command line of the service."""

from __future__ import annotations

import argparse
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass

from perfbench.errors import UsageError
from perfbench.sandbox import runtimes, sessions
from perfbench.sandbox.service.limits import MIB, ServiceLimits

TOKEN = "SANDBOX_TOKEN"  # noqa: S105  (the name of the variable)
SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Options:
    """What the service is told. `token` is asked of every client where there is one."""

    host: str
    port: int
    runtime: str
    store: str
    until_eof: bool
    limits: ServiceLimits
    token: str | None
    local: bool
    """Whether `host` is this machine alone."""


def options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line and the token. Raises UsageError for a host that would need one."""
    given = _parser().parse_args(arguments)
    token = os.environ.get(TOKEN) or None
    local = _is_loopback(given.host)
    if token is not None and (len(token) < SHORTEST_TOKEN or not token.isascii()):
        raise UsageError(f"{TOKEN} is too weak", f"give it {SHORTEST_TOKEN} ASCII characters or more")
    if not local and token is None:
        raise UsageError(
            f"{given.host} can be reached from other machines",
            f"put a token into the environment variable {TOKEN}, or listen on 127.0.0.1",
        )
    limits = ServiceLimits(
        body=given.body,
        requests=given.requests,
        sandboxes=given.sandboxes,
        output=given.output,
        seconds=given.seconds,
        threads=given.threads,
        head_seconds=given.patience,
        body_seconds=given.patience,
    )
    return Options(given.host, given.port, given.runtime, given.store, given.until_eof, limits, token, local)


def _is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, is this machine alone. Other names are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parser() -> argparse.ArgumentParser:
    most = ServiceLimits()
    parser = argparse.ArgumentParser(
        prog="python -m perfbench.sandbox.service",
        description="The sandbox runner over HTTP.",
        epilog=f"With {TOKEN} in the environment every request needs `Authorization: Bearer TOKEN`.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help=f"address to listen on; others than loopback need {TOKEN}")
    add("--port", type=_port, default=8000, help="0 for a free one")
    add("--runtime", default="process", help=f"{', '.join(runtimes.NAMES)}")
    add("--store", default="memory", choices=sessions.NAMES, help="where sessions are kept")
    add("--until-eof", action="store_true", help="end when standard input ends")
    add("--body", type=_count, default=most.body, metavar="BYTES", help="largest body of a request")
    add("--output", type=_count, default=most.output, metavar="BYTES", help="most of a command's output")
    add("--requests", type=_count, default=most.requests, metavar="N", help="requests at once")
    add("--threads", type=_count, default=most.threads, metavar="N", help="of them waiting for sandboxes")
    add("--sandboxes", type=_count, default=most.sandboxes, metavar="N", help="sandboxes at once")
    add("--seconds", type=_seconds, default=most.seconds, metavar="S", help="longest command or workflow")
    add("--patience", type=_seconds, default=most.head_seconds, metavar="S", help="until a request has come")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= 1024 * MIB):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value
