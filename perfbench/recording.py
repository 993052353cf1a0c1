"""Operations that code times by itself: `perfbench.record_operation`.

Only the standard library is imported here, since the code that is measured imports this.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Mapping

VARIABLE = "PERFBENCH_RECORD"
"""Names the file to which operations are appended, one JSON object a line."""

LONGEST_NAME = 200
MOST_NAMES = 200
"""So many different operations are kept of one sample of a benchmark."""

Totals = dict[str, list[float]]
"""Name → seconds of those that succeeded, their number, and the number of those that failed."""

_lock = threading.Lock()
_collected: Totals | None = None


def record_operation(
    name: str, seconds: float, success: bool = True, metadata: Mapping[str, object] | None = None
) -> None:
    """Tell perfbench that an operation took `seconds`, and whether it succeeded.

    In a benchmark, each name becomes a row of its own beside the benchmark's, with the mean of the
    operations that succeeded and the share of those that failed. In the command of a harness with
    `record = true` every operation is a sample; `metadata` is kept in its file. Elsewhere nothing happens,
    so that the call may stay where it is. Safe to call from several threads, tasks and processes.

    Raises ValueError for a name that is empty, longer than 200 characters or one too many, and for seconds
    that cannot be.
    """
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"an operation cannot be called {name[:LONGEST_NAME]!r}")
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"the operation {name!r} cannot have taken {seconds} s")
    if _collected is not None:
        _collect(_collected, name, seconds, success)
    elif path := os.environ.get(VARIABLE):
        _append(path, name, seconds, success, metadata)


def drain() -> Totals:
    """What was recorded since the last call; from the first one on, a worker's, operations are kept for the next."""
    global _collected
    with _lock:
        found, _collected = _collected or {}, {}
    return found


def _collect(totals: Totals, name: str, seconds: float, success: bool) -> None:
    with _lock:
        if name not in totals and len(totals) >= MOST_NAMES:
            raise ValueError(
                f"a sample records {MOST_NAMES} different operations at most; {name!r} is one more"
            )
        kept = totals.setdefault(name, [0.0, 0, 0])
        if success:
            kept[0] += seconds
            kept[1] += 1
        else:
            kept[2] += 1


def _append(
    path: str, name: str, seconds: float, success: bool, metadata: Mapping[str, object] | None
) -> None:
    """One write to the end of the file: lines of several processes do not mix."""
    entry: dict[str, object] = {
        "operation": name,
        "seconds": seconds,
        "success": bool(success),
        "at": time.time(),
    }
    if metadata:
        entry["metadata"] = dict(metadata)
    line = (json.dumps(entry, default=str) + "\n").encode()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)
