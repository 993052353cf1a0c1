"""How often the rows of leaks find a leak of 1 KiB a call, and how often they report one that is none.

    python tools/leak_accuracy.py [--clean N] [--leaking N] [--seconds S] [PART ...]

Each part is a real operation of the sandbox runner, called in a child as the rows do: as it is, and with a
leak put into it, once of Python's objects and once of malloc's, which no tool for Python sees. Exits 1 when
a clean run reports a leak, a leak is not found, what is found differs by more than a tenth from what was put
in, or a run takes longer than a minute; 3 when no part could be run here.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._growth import growth, observed

LEAK = 1024
OFF = 0.1
LONGEST = 60.0
PARTS = {
    "process": ("sandbox_life", "process"),
    "bubblewrap": ("sandbox_life", "bubblewrap"),
    "docker": ("sandbox_life", "docker:runc"),
    "memory": ("session_life", "memory"),
    "sqlite": ("session_life", "sqlite"),
    "quickjs": ("engine_life", "quickjs"),
    "lua": ("script_run", "lua"),
}
KINDS = ("clean", "python", "malloc")

_kept: list[bytes] = []


@contextmanager
def leaking(argument: str) -> Iterator[Callable[[], object]]:
    """The operation `KIND FUNCTION TARGET`, which keeps 1 KiB of every call."""
    kind, function, target = argument.split(" ")
    malloc = ctypes.CDLL(None).malloc
    malloc.restype = ctypes.c_void_p
    prepared = getattr(importlib.import_module("benchmarks._operations"), function)

    def keep() -> None:
        if kind == "python":
            _kept.append(bytes(LEAK - sys.getsizeof(b"")))
        elif kind == "malloc":
            malloc(LEAK)

    with prepared(target) as operation:

        def call() -> None:
            operation()
            keep()

        yield call


def main() -> int:
    """Print a line for each part and kind; the exit code."""
    options = _options()
    print("part        leak     runs  reported  bytes a call       longest run")
    wrong = measured = 0
    for part in options.parts or PARTS:
        for kind in KINDS:
            runs = options.clean if kind == "clean" else options.leaking
            try:
                figures = [_run(part, kind, options.seconds) for _ in range(runs)]
            except NotImplementedError as error:
                print(f"{part:10}  skipped: {error}")
                break
            measured += runs
            wrong += sum(_is_wrong(kind, found) or taken > LONGEST for found, taken in figures)
            found = [one for one, _ in figures]
            print(
                f"{part:10}  {kind:7}  {runs:4}  {sum(one > 0 for one in found):8}"
                f"  {min(found):7.1f} … {max(found):7.1f}  {max(taken for _, taken in figures):8.1f} s",
                flush=True,
            )
    print(f"{measured} runs, {wrong} of them wrong")
    return 3 if measured == 0 else int(wrong > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--clean", type=int, default=20, help="runs without a leak (default: %(default)s)")
    parser.add_argument("--leaking", type=int, default=3, help="runs with each leak (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of a run, about (default: %(default)s)")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    return options


def _run(part: str, kind: str, seconds: float) -> tuple[float, float]:
    """Bytes a call that were reported, and the seconds that it took."""
    start = time.perf_counter()
    seen = observed("leak_accuracy:leaking", " ".join((kind, *PARTS[part])), seconds=seconds)
    return growth(seen), time.perf_counter() - start


def _is_wrong(kind: str, found: float) -> bool:
    return found > 0 if kind == "clean" else abs(found / LEAK - 1) > OFF


if __name__ == "__main__":
    sys.exit(main())
