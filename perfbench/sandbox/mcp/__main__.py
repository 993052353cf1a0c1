"""`python -m perfbench.sandbox.mcp`: the options, and what the process ends with."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from perfbench.errors import PerfbenchError, SandboxError
from perfbench.sandbox import runtimes
from perfbench.sandbox.mcp import serving
from perfbench.sandbox.mcp.shelf import Shelf
from perfbench.sandbox.mcp.tools import Tools
from perfbench.sandbox.runtimes.runtime import Runtime

TOKEN = "SANDBOX_TOKEN"  # noqa: S105  (the name of the variable that holds it)


def main() -> int:
    """Serve until the client or a signal ends it.

    Returns 0, 128 and the signal's number as a shell has it, or 2 with a sentence on stderr.
    """
    chosen = _parser().parse_args()
    try:
        shelf = Shelf(_usable(chosen.runtime))
        tools = Tools(shelf, store=chosen.store)
        try:
            if not chosen.http:
                number = serving.over_stdio(tools)
            else:
                place = serving.Place(chosen.host, chosen.port, os.environ.get(TOKEN), chosen.allow_host)
                number = serving.over_http(tools, place)
        finally:
            tools.close()
    except PerfbenchError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 128 + number if number else 0


def _usable(name: str) -> Runtime:
    runtime = runtimes.runtime(name)
    found = runtime.availability()
    if not found.available:
        raise SandboxError(found.reason, found.remedy)
    runtime.sweep()  # what a killed server left
    return runtime


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perfbench.sandbox.mcp", description=__doc__)
    parser.add_argument("--runtime", default="process", help="what makes the sandboxes (default: process)")
    parser.add_argument("--store", default="memory", help="what keeps sessions (default: memory)")
    parser.add_argument("--http", action="store_true", help="serve over HTTP and not over stdin and stdout")
    parser.add_argument("--host", default="127.0.0.1", help=f"any but this machine's own needs {TOKEN}")
    parser.add_argument("--port", type=int, default=0, help="0 takes one that is free")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that leads to --host",
    )
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # until it serves
    sys.exit(main())
