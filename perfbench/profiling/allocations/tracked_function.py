"""A decorator that tracks what each call of a function allocates."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from perfbench.errors import UsageError
from perfbench.profiling.allocations.limits import AllocationLimitError, Limits
from perfbench.profiling.allocations.places import Filters
from perfbench.profiling.allocations.tracked import Allocations, tracked_allocations

P = ParamSpec("P")
R = TypeVar("R")
Report = Callable[[Allocations], object]


def track_allocations(
    limit: float | str | None = None,
    *,
    peak: float | str | None = None,
    report: Report | None = None,
    depth: int = 1,
    filters: Filters | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Track each call of a function, or of a coroutine function while it is awaited.

    `limit` is the most that a call may leave behind, its return value included, and `peak` the most that it may
    hold meanwhile, in bytes or as `"10 KiB"`; a call that breaks one raises AllocationLimitError. `report` hears
    of every call that returns. With neither limits nor a report, calls are told on standard error.

    Raises UsageError for a size that is none, and for a generator function, whose work is its consumer's.
    """
    limits = Limits(limit, peak)

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"the generator {function.__qualname__} cannot be tracked by its calls",
                "track what consumes it, with tracked_allocations()",
            )
        hear = report
        if hear is None and limits == Limits():
            hear = functools.partial(_tell, function.__qualname__)

        def ended(found: Allocations) -> None:
            if hear is not None:
                hear(found)
            if broken := limits.broken_by(found):
                raise AllocationLimitError(f"{function.__qualname__}: {broken}")

        return _wrapped(function, ended, depth, filters)

    return decorated


def _wrapped(function: Callable[P, R], ended: Report, depth: int, filters: Filters | None) -> Callable[P, R]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
            with tracked_allocations(depth=depth, filters=filters) as block:
                result = await function(*args, **kwargs)
            ended(block.result)
            return result

        return cast("Callable[P, R]", awaited)

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with tracked_allocations(depth=depth, filters=filters) as block:
            result = function(*args, **kwargs)
        ended(block.result)
        return result

    return called


def _tell(name: str, found: Allocations) -> None:
    sys.stderr.write(f"{name}: {found}\n")
