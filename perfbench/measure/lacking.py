"""Runs in the processes in which asv measures: a row that a commit has no means for is skipped there, not failed.

Today's benchmarks measure commits of years ago, which may lack a module, a function or an argument that they
use. perfbench puts a copy of this file, as `sitecustomize.py`, on the path of asv's processes. Where a line of the
benchmarks themselves meets such a lack, the result is asv's NaN, and the reason goes to a file of JSON Lines;
what the measured code itself raises remains a failure, and so does everything at HEAD, whose benchmarks these
are. It starts in every process of asv's, on whatever Python an environment has, and so imports next to nothing.
"""

from __future__ import annotations

import atexit
import os
import sys
from types import TracebackType

FILE_VARIABLE = "PERFBENCH_LACKING"
"""Names the file to which reasons are appended."""

HEAD_VARIABLE = "PERFBENCH_LACKING_HEAD"
"""The commit at which nothing may be lacking, by its full hash."""

PATH_VARIABLE = "PERFBENCH_LACKING_PATH"
"""The PYTHONPATH that the process would have without this file."""

NOTE = "perfbench-lacking.txt"
"""What `setup_cache` lacked, left in its folder for the rows that share it."""

SKIPPED = "its setup says that it does not apply"

LACKS = (ImportError, AttributeError, TypeError)


def reason_of(error: BaseException, suite: str) -> str | None:
    """What is lacking, as `AttributeError: module 'x' has no attribute 'y'`; None where nothing is.

    The error must come from a line of the benchmarks in the folder `suite`; a TypeError counts where arguments
    do not fit.
    """
    if not isinstance(error, LACKS) or (isinstance(error, TypeError) and " argument" not in str(error)):
        return None
    place, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith("<frozen importlib"):
            place = name
        trace = trace.tb_next
    if not os.path.realpath(place).startswith(os.path.join(os.path.realpath(suite), "")):
        return None
    # Python ends some with the path of the module, which says more of this machine than of the commit.
    said = str(error).partition(" (/")[0] if isinstance(error, ImportError) else str(error)
    return f"{type(error).__name__}: {said}"


class Watch:
    """One process of asv: hears of the error that ends it, and says at its end what was lacking."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.reason: str | None = None
        self.before = sys.excepthook
        sys.excepthook = self.hear
        atexit.register(self.end)  # the first to be registered is the last to be called

    def asked(self) -> list[str]:
        """asv's mode, with its arguments; nothing in a process of another kind, or a fork of one of asv's."""
        arguments = getattr(sys, "argv", [])
        measures = arguments and os.path.basename(arguments[0]) == "benchmark.py"
        return arguments[1:] if measures and os.getpid() == self.process else []

    def hear(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Keep the reason; asv still gets the traceback to show."""
        asked = self.asked()
        if len(asked) >= 3 and asked[0] in ("run", "setup_cache"):
            head = os.environ.get(HEAD_VARIABLE)
            if os.environ.get("ASV_COMMIT") != head:
                self.reason = reason_of(error, asked[1]) or _noted(error)
        self.before(kind, error, trace)

    def end(self) -> None:
        """Write the result that asv reads for a skipped row, and end as a success."""
        asked = self.asked()
        if asked[:1] == ["setup_cache"] and self.reason:
            with open(NOTE, "w") as file:
                file.write(self.reason)
            _leave()
        if len(asked) != 6 or asked[0] != "run":
            return
        if self.reason:
            with open(asked[5], "w") as file:
                file.write("NaN")
            _record(asked[2], self.reason, lacking=True)
            _leave()
        if _is_skipped(asked[5]):
            _record(asked[2], SKIPPED, lacking=False)


def _noted(error: BaseException) -> str | None:
    """What `setup_cache` lacked, where its missing result is what ends this row."""
    if not isinstance(error, FileNotFoundError) or not os.path.isfile(NOTE):
        return None
    with open(NOTE) as file:
        return file.read()


def _is_skipped(path: str) -> bool:
    try:
        with open(path) as file:
            return file.read(8) == "NaN"
    except OSError:
        return False


def _record(name: str, reason: str, *, lacking: bool) -> None:
    import json  # noqa: PLC0415  (only where there is something to say)

    benchmark, _, param = name.partition("-")
    entry = {
        "commit": os.environ.get("ASV_COMMIT"),
        "environment": os.environ.get("ASV_ENV_NAME"),
        "benchmark": benchmark,
        "param": int(param) if param else None,
        "lacking": lacking,
        "reason": reason[:1000],
    }
    try:
        with open(os.environ[FILE_VARIABLE], "a") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError:
        pass  # the result says that it was skipped; only the reason is lost


def _leave() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if os.environ.get(FILE_VARIABLE):
    # What the benchmark starts is nobody's business here.
    original = os.environ.pop(PATH_VARIABLE, "")
    os.environ.pop("PYTHONPATH", None)
    if original:
        os.environ["PYTHONPATH"] = original
    Watch()
