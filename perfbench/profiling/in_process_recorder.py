"""Profilers that run inside the process they watch: it loads a recorder by path, starts it and stops it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from perfbench.errors import MissingComponentError
from perfbench.profiling.call_tree import StackCollector
from perfbench.profiling.readers import Profile, read_profile
from perfbench.profiling.recorder import ProfilerFailedError, Recorded, Subject

RECORDERS = Path(__file__).with_name("in_process")
PATIENCE = 120.0
"""Seconds in which a recorder has begun, or has written all that it has seen."""


class InProcess:
    """One recorder of `perfbench/profiling/in_process`.

    `module` is its file; `out` names the file that is read for the stacks, `options` say what else it is told, `what`
    is the reader's, `unit` what a weight of 1 is after it is multiplied by `factor`. `lends` names the library that the
    process may take from this Python; without `needs` it can do without. Where there is a `summary` of other
    files, there may be no stacks.
    """

    def __init__(
        self,
        tool: str,
        mode: str,
        module: str,
        *,
        out: str,
        unit: str,
        options: Mapping[str, object] | None = None,
        beside: Mapping[str, str] | None = None,
        what: str | None = None,
        factor: float = 1.0,
        lends: str = "",
        needs: bool = True,
        summary: Callable[[Path], str] | None = None,
    ) -> None:
        self.tool, self.mode = tool, mode
        self._module = module
        self._out, self._unit, self._what, self._factor = out, unit, what, factor
        self._options, self._beside = dict(options or {}), dict(beside or {})
        self._lends, self._needs = lends, needs
        self._summary = summary
        self._subject: Subject | None = None
        self._folder = Path()

    @property
    def version(self) -> str:
        """Of the library, or of Python where it is part of that."""
        return metadata.version(self._lends) if self._lends and self._needs else platform.python_version()

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: it is loaded later."""
        return {}

    def start(self, subject: Subject, folder: Path) -> None:
        """Have the process load and start it."""
        self._folder = folder
        files = {"out": str(folder / self._out)}
        files |= {name: str(folder / file) for name, file in self._beside.items()}
        request = in_process_request(
            self._module, {**self._options, **files}, lends=self._lends, needs=self._needs
        )
        subject.ask(request, PATIENCE)
        self._subject = subject

    def stop(self) -> Recorded:
        """Have the process stop it, and read the file."""
        if self._subject is None:
            raise RuntimeError("it was not started")
        subject, self._subject = self._subject, None
        said = subject.ask({"do": "recorded"}, PATIENCE)
        return self._read(said)

    def abandon(self) -> None:
        """The process goes anyway, and the recorder with it."""
        self._subject = None

    def _read(self, said: Mapping[str, Any]) -> Recorded:
        path = self._folder / self._out
        seen = path.is_file() and path.stat().st_size > 0
        if not seen and self._summary is None:
            raise ProfilerFailedError(
                f"{self.tool} has seen nothing in the mode {self.mode}", "profile for longer"
            )
        found = (
            read_profile(path, what=self._what)
            if seen
            else Profile(StackCollector().tree(), self._unit, 0, ())
        )
        raw = {"raw": path} | {
            name: place for name, file in self._beside.items() if (place := self._folder / file).is_file()
        }
        notes = [str(note) for note in said.get("notes", ())]
        if not seen:
            notes.append("nothing of it has a stack; the details have the rest")
        return Recorded(
            found.tree.scaled(self._factor),
            self._unit,
            int(said.get("samples", found.samples)),
            raw,
            notes,
            summary=self._summary(self._folder) if self._summary is not None else "",
            facts={key: float(value) for key, value in said.items() if isinstance(value, int | float)},
        )


def in_process_request(
    module: str, options: Mapping[str, object], *, lends: str = "", needs: bool = True
) -> dict[str, object]:
    """What a worker is asked in order to start a recorder. Raises MissingComponentError without what it needs."""
    if lends and needs and find_spec(lends) is None:
        raise MissingComponentError(f"{lends} is not installed", f"pip install {lends}")
    folders = [str(place) for place in _folders(lends)]
    return {"do": "record", "module": str(RECORDERS / module), "options": dict(options), "folders": folders}


def _folders(library: str) -> list[Path]:
    """Where the library lies, for a process whose Python lacks it."""
    spec = find_spec(library) if library else None
    return [] if spec is None or spec.origin is None else [Path(spec.origin).parents[1]]
