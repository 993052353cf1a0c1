"""The one error family. Every error is one sentence, its remedy, and the exit code the command ends with."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What a command's exit tells its caller (the table in docs/glossary.md)."""

    PASSED = 0
    REGRESSED = 1
    USAGE = 2
    NOTHING_MEASURED = 3
    UNDECIDED = 4
    INTERRUPTED = 130


class PerfbenchError(Exception):
    """An error meant for the user: `message` says what is wrong, `remedy` what to do about it."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __repr__(self) -> str:
        # asv shows a skipped benchmark's error so: the remedy belongs to it.
        return f"{type(self).__name__}({str(self)!r})"


class UsageError(PerfbenchError):
    """The command line asks for something that does not exist or does not fit."""


class ConfigError(PerfbenchError):
    """A configuration file is wrong; says where."""

    def __init__(self, message: str, remedy: str = "", *, path: Path | str, line: int | None = None) -> None:
        place = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {message}", remedy)
        self.path = Path(path)
        self.line = line


class MissingComponentError(PerfbenchError):
    """Something that has to be installed or running is not."""


class RegressedError(PerfbenchError):
    """A run is worse than what it would replace."""

    exit_code = ExitCode.REGRESSED


class MeasurementError(PerfbenchError):
    """A measurement could not be taken at all."""

    exit_code = ExitCode.NOTHING_MEASURED


class UnavailableError(PerfbenchError, NotImplementedError):
    """A part of the system under test is not usable here: a library, a program or a server is not there.

    It is a `NotImplementedError` as well, so that a benchmark whose `setup` meets it is skipped in
    asv's own way, with this message as the reason.
    """


class SandboxError(PerfbenchError):
    """A sandbox operation failed: the engine refused it, died, or the sandbox is gone."""


class RuntimeUnavailableError(SandboxError, UnavailableError):
    """A container runtime is not usable here."""


class LimitNotEnforceableError(SandboxError):
    """A runtime was asked for a limit that it has no means to enforce."""


class StoreError(PerfbenchError):
    """A session store failed: its server is down, slow or gone, its file is spoilt, or there is no such session."""


class ScriptError(PerfbenchError):
    """A script does not compile, raised, or ran past its limit of time or memory."""


class SettingError(PerfbenchError):
    """A setting of the sandbox runner is unknown, of the wrong type, or cannot be read."""


class CommandError(PerfbenchError):
    """A command line of the sandbox runner names no command, or one that it does not fit."""
