"""The sides of a job with the user's own system: what their workers are told of it, and its servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from perfbench.commands.setting import Setting
from perfbench.commands.workspace import Workspace
from perfbench.errors import UsageError
from perfbench.measure.built_in import lending
from perfbench.measure.side import Side
from perfbench.measure.systems import needed, shared


@contextmanager
def told(workspace: Workspace, sides: Sequence[Side]) -> Iterator[Sequence[Side]]:
    """The sides, whose workers are told of the systems that are configured. Their servers end with the block."""
    if not workspace.config.systems:
        yield sides
        return
    with ExitStack() as stack:
        paired = len(sides) > 1
        yield tuple(_told(workspace, side, stack, twin=paired and side is sides[0]) for side in sides)


def lent(workspace: Workspace) -> Mapping[str, str]:
    """What a worker's environment needs beside, if it serves the suite that comes with perfbench."""
    return lending() if workspace.built_in else {}


def start_servers(setting: Setting, say: Callable[[str], None]) -> None:
    """Start the servers that the selected rows need, on each side; rows whose server fails will say so.

    Raises UsageError where both sides would be measured on the same server.
    """
    if len(setting.sides) > 1:
        _check_apart(setting)
    for side in setting.sides:
        if side.systems is not None:
            side.systems.start([row.benchmark for row in setting.rows], _on(side, say))


def _told(workspace: Workspace, side: Side, stack: ExitStack, *, twin: bool) -> Side:
    systems = stack.enter_context(workspace.systems(side.root, side.environment, twin=twin))
    environment = {**side.environment, **lent(workspace), **systems.variables()}
    return replace(side, environment=environment, systems=systems)


def _check_apart(setting: Setting) -> None:
    for system in shared(setting.workspace.config.systems):
        if any(system in needed((system,), row.benchmark) for row in setting.rows):
            raise UsageError(
                f"[sut.{system.name}] ({system.origin}) is one server for base and head, so that nothing could differ",
                "add start = … to have one started for each side, measure it alone (perfbench run), or compare with "
                "what is stored (perfbench check --baseline)",
            )


def _on(side: Side, say: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: say(f"{text} on {side.label}")
