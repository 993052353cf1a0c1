"""The keeper: one process that runs a server for as long as perfbench wants it, and takes all of it down again.

It is run by path with the tool's own Python and keeps to the standard library.

    python -I -S keeper.py

The first line of its input is an order: {"start": argv, "stop": argv, "grace": seconds, "stopping": seconds}.
The end of its input is the order to leave, so no server outlives perfbench, however that dies. On its standard
output stands one JSON line once `start` has ended: {"ended": exit code}, or {"refused": reason}. What the server
says goes to standard error.

On Linux it adopts what daemonises below it, and so finds all of it again. What another daemon was asked to start
(`docker run -d`) only `stop` can end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

_ADOPT_ORPHANS = 36  # prctl's PR_SET_CHILD_SUBREAPER


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
    try:
        server = subprocess.Popen(
            order["start"], stdin=subprocess.DEVNULL, stdout=2, stderr=2, start_new_session=True
        )
    except OSError as error:
        tell({"refused": f"{order['start'][0]} cannot be run: {error.strerror}"})
        return
    threading.Thread(target=lambda: tell({"ended": server.wait()}), daemon=True).start()
    try:
        sys.stdin.buffer.read()
    finally:
        end(server, order["stop"], order["stopping"], order["grace"])


def tell(what: dict[str, object]) -> None:
    """One line for perfbench, which may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(what).encode() + b"\n")


def end(server: subprocess.Popen[bytes], stop: Sequence[str], stopping: float, grace: float) -> None:
    """Ask the server to go, by `stop` within `stopping` seconds, and kill what is left of it after `grace`."""
    if stop:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(stop, stdin=subprocess.DEVNULL, stdout=2, stderr=2, timeout=stopping, check=False)
    else:
        send(server, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and (server.poll() is None or descendants()):
        time.sleep(0.01)
    send(server, signal.SIGKILL)
    while time.monotonic() < deadline + grace and descendants():  # some may just be forking
        send(server, signal.SIGKILL)
        time.sleep(0.01)


def send(server: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to the server's process group, and to all that it started elsewhere."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)
    for pid in descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def descendants() -> list[int]:
    """All living processes below this one, as far as /proc tells."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


if __name__ == "__main__":
    main()
