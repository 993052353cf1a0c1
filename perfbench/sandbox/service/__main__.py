"""`python -m perfbench.sandbox.service`: says where it listens, in one line, once it does."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from perfbench.errors import PerfbenchError, RuntimeUnavailableError
from perfbench.sandbox import runtimes, sessions
from perfbench.sandbox.runtimes.runtime import Runtime
from perfbench.sandbox.service import server
from perfbench.sandbox.service.bounded_sessions import BoundedSessions
from perfbench.sandbox.service.guard import Guard
from perfbench.sandbox.service.options import Options, options
from perfbench.sandbox.service.routes import Service
from perfbench.sandbox.service.sandboxes import Sandboxes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service until it is told to end.

    Returns 0 after SIGTERM and the end of standard input, 130 after Ctrl-C, 2 when it cannot run as it is asked to.
    """
    for number in server.SIGNALS:
        signal.signal(number, _leave)
    try:
        return _run(options(arguments))
    except PerfbenchError as error:
        sys.stderr.write(f"service: {error}\n")
        return 2


def _run(chosen: Options) -> int:
    runtime = _usable(chosen.runtime)
    sandboxes = Sandboxes(runtime, chosen.limits.sandboxes)
    store = sessions.open_store(chosen.store)
    service = Service(sandboxes, BoundedSessions(store, chosen.limits.sessions), chosen.limits)
    with contextlib.closing(service), server.listening(chosen.host, chosen.port) as listener:
        app = Guard(
            service.router(),
            chosen.limits,
            health=service.health(),
            token=chosen.token,
            local=chosen.local,
        )
        if chosen.until_eof:
            server.end_with_stdin()

        def ready() -> None:
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.write(f"listening on {server.url(listener)}\n")
                sys.stdout.flush()

        ended = server.serve(app, listener, chosen.limits, ready=ready, ending=sandboxes.close)
    return 128 + ended if ended is signal.SIGINT else 0


def _usable(name: str) -> Runtime:
    runtime = runtimes.runtime(name)
    found = runtime.availability()
    if not found.available:
        raise RuntimeUnavailableError(found.reason, found.remedy)
    runtime.sweep()
    return runtime


def _leave(number: int, _: FrameType | None) -> None:
    """Before it serves and after: end through every clean-up on the way out."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
