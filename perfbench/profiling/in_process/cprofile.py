"""Recorder, loaded by path in the process that is profiled: every call, by the standard library's cProfile.

Options: `out`, where the calls go as JSON; `pstats`, where a file for `python -m pstats` goes. Runs on Python 3.8 or
newer. The JSON is one object:

- `perfbench_calls`: 1, the format's version;
- `functions`: of each function its name, file, first line, how often it was called (recursion too), its own seconds
  and its seconds with all that it called;
- `calls`: of each pair of caller and callee their numbers in `functions`, how often the one called the other directly,
  and the callee's own seconds and seconds with all that it called in those calls.

A function that was called more often than its callers say was called by what was not profiled.
"""

from __future__ import annotations

import cProfile
import json
from typing import Any, Optional

VERSION = 1
BUILT_IN = "~"
"""cProfile's file of functions that are written in C."""

PROFILER = "_lsprof.Profiler"

_running: Optional[tuple[cProfile.Profile, dict[str, Any]]] = None  # noqa: UP045  (Python 3.8)


def start(options: dict[str, Any]) -> None:
    """Note every call from here on. Raises RuntimeError where it runs, ValueError where another profiler does."""
    global _running  # noqa: PLW0603
    if _running is not None:
        raise RuntimeError("calls are being recorded already")
    profile = cProfile.Profile()
    profile.enable()
    _running = (profile, options)


def stop() -> dict[str, Any]:
    """Write both files; `samples` are calls. Raises RuntimeError where nothing is being recorded."""
    global _running  # noqa: PLW0603
    if _running is None:
        raise RuntimeError("calls are not being recorded")
    profile, options = _running
    profile.disable()
    _running = None
    profile.create_stats()
    document = calls_document(profile.stats)
    with open(options["out"], "w", encoding="utf-8") as out:  # noqa: PTH123
        json.dump(document, out, separators=(",", ":"))
    if options.get("pstats"):
        profile.dump_stats(options["pstats"])
    return {"samples": sum(function[3] for function in document["functions"]), "notes": []}


def calls_document(stats: dict[Any, Any]) -> dict[str, Any]:
    """The document of `cProfile.Profile().stats`, without the profiler's and this recorder's own calls.

    `stats` maps (file, line, name) to (calls without recursion, calls, own seconds, seconds with all below, callers);
    callers map such keys to (calls, calls without recursion, own seconds, seconds with all below).
    """
    here = calls_document.__code__.co_filename
    kept = [key for key in stats if key[0] != here and not (key[0] == BUILT_IN and PROFILER in key[2])]
    numbers = {key: number for number, key in enumerate(kept)}
    functions = []
    calls = []
    for key in kept:
        file, line, name = key
        _, count, own, cumulative, callers = stats[key]
        place = ["", 0] if file == BUILT_IN else [file, line]
        functions.append([name, *place, count, own, cumulative])
        for caller, (times, _, own_there, cumulative_there) in callers.items():
            if caller in numbers:
                calls.append([numbers[caller], numbers[key], times, own_there, cumulative_there])
    return {"perfbench_calls": VERSION, "functions": functions, "calls": calls}
