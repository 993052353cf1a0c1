"""A script engine together with its event loop: what a script leaves behind runs too, until nothing is left.

JavaScript has timers (`setTimeout`, `setInterval`) and jobs (promises), Python has asyncio's tasks; Lua, WebAssembly
and Starlark have neither, and run to their end.
"""

from __future__ import annotations

from collections.abc import Callable

from perfbench.sandbox.scripting.engine import STANDARD, Closing, ScriptLimits, Source, Value
from perfbench.sandbox.scripting.opening import DEFAULT, open_engine


class ScriptRuntime(Closing):
    """An engine with its loop, opened by its name as `open_engine` does. Leaving its `with` block closes it."""

    def __init__(self, name: str = DEFAULT, *, limits: ScriptLimits | None = STANDARD) -> None:
        self.engine = open_engine(name, limits=limits)

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    def register(self, name: str, value: Value | Callable[..., Value]) -> None:
        """Make `value` a global. Raises ScriptError for what the engine cannot hold."""
        self.engine.register(name, value)

    def run(self, source: Source) -> Value:
        """Run a script and all that it has started; a promise or an awaitable gives what it comes to.

        Raises ScriptError as `Engine.execute` does, and for a promise that nothing can settle any more. The limits are
        those of one execution, with the time that the loop waits for its timers.
        """
        return self.engine.run(source)

    def close(self) -> None:
        """Close the engine; harmless the second time."""
        self.engine.close()
