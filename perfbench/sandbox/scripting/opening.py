"""An engine by its name: whether it can be used here, and a new one."""

from __future__ import annotations

import difflib
import importlib.util
import sys

from perfbench.errors import ScriptError, UnavailableError, UsageError
from perfbench.sandbox.runtimes.runtime import Availability
from perfbench.sandbox.scripting.engine import STANDARD, Engine, ScriptLimits
from perfbench.sandbox.scripting.interpreters import KINDS, NAMES, make

DEFAULT = "quickjs"


def open_engine(name: str = DEFAULT, *, limits: ScriptLimits | None = STANDARD) -> Engine:
    """A new interpreter of that name, in a child process in which `limits` hold.

    `limits=None` is for scripts that are trusted: they run in this very process, and nothing limits them. Raises
    UsageError for a name that is none, with the nearest that is, UnavailableError where the engine's library is absent
    or its limits cannot be held, and ScriptError for limits that let nothing run.
    """
    found = availability(name)
    if limits is None:
        _require(found)
        return make(name, None)
    if limits.seconds <= 0 or limits.memory <= 0:
        raise ScriptError(
            f"a limit of {limits.seconds:g} s and {limits.memory} bytes lets nothing run", "ask for more"
        )
    _require(found)
    if sys.platform != "linux" and not KINDS[name].limits_memory:
        raise UnavailableError(
            f"a limit of memory cannot be held for {name} here", "use quickjs, lua or wasm"
        )
    # A child imports this package too, and has no use for what starts children.
    from perfbench.sandbox.scripting.isolated import IsolatedEngine  # noqa: PLC0415

    return IsolatedEngine(name, limits)


def availability(name: str) -> Availability:
    """Whether the engine called `name` can be used here; its library is not imported.

    Raises UsageError for a name that is none.
    """
    kind = KINDS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.4)
        raise UsageError(
            f"there is no script engine {name!r}",
            f"did you mean {near[0]!r}?" if near else f"the engines are {', '.join(NAMES)}",
        )
    if not kind.library:
        return Availability(True, version=sys.version.partition(" ")[0])
    if importlib.util.find_spec(kind.library) is None:
        return Availability(
            False, reason=f"the library {kind.package} is not installed", remedy=f"pip install {kind.package}"
        )
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  (it is slow to import)

    try:
        return Availability(True, version=version(kind.package))
    except PackageNotFoundError:
        return Availability(True, version="unknown")


def _require(found: Availability) -> None:
    if not found.available:
        raise UnavailableError(found.reason, found.remedy)
