"""Which system is under test, as the benchmarks are told it.

By default it is the sandbox runner that comes with perfbench. The environment variable
PERFBENCH_SUT_RUNTIMES names another factory of runtimes as `module:function`: a function that takes a
runtime's name and returns a `Runtime`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from perfbench.errors import UsageError
from perfbench.sandbox import runtimes

if TYPE_CHECKING:
    from perfbench.sandbox.runtimes.runtime import Runtime

VARIABLE = "PERFBENCH_SUT_RUNTIMES"

RUNTIMES: tuple[str, ...] = runtimes.NAMES
"""The runtimes that the benchmarks know by name, here or not."""


def runtime(name: str) -> Runtime:
    """The runtime called `name` of the system under test, usable here or not.

    Raises UsageError when there is none of that name, or when PERFBENCH_SUT_RUNTIMES names no factory.
    """
    chosen = os.environ.get(VARIABLE)
    return _factory(chosen)(name) if chosen else runtimes.runtime(name)


def _factory(place: str) -> Callable[[str], Runtime]:
    module, _, function = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"{VARIABLE}={place} names no factory of runtimes ({error})",
            "write it as module:function, of a module that can be imported",
        ) from error
    if not callable(found):
        raise UsageError(f"{VARIABLE}={place} is not a function", "name one that takes a runtime's name")
    return cast("Callable[[str], Runtime]", found)
