"""The OCI runtime programs: how each is called, and what their answers mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes import attached, hierarchies
from perfbench.sandbox.runtimes.oci_bundle import NOBODY
from perfbench.sandbox.runtimes.runtime import ExecResult

ANSWERS_WITHIN = 30.0
"""Seconds that an operation of a runtime may take."""

# A script without a variable part: what it runs comes as its arguments.
WITHOUT_UNIFIED = (
    "unshare",
    "--mount",
    "--",
    "sh",
    "-c",
    f'umount {hierarchies.UNIFIED} && exec "$@"',
    "sh",
)

NOT_FOUND = re.compile(r"not found|no such file|finding executable", re.IGNORECASE)
NOT_RUNNABLE = re.compile(r"permission denied|not permitted|exec format|is a directory", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Program:
    """One OCI runtime program, called on the sandbox that lies in a directory; see remains.py for the layout.

    `own_kernel`: a guest kernel keeps the sandbox's processes to itself, so that no host cgroup counts them
    and no signal of the host reaches them. `refuses_hybrid_cgroups`: it creates nothing where a v2 hierarchy
    lies beside v1 controllers; it is then given a mount namespace of its own, without that hierarchy.
    """

    name: str
    global_options: tuple[str, ...]
    exec_options: tuple[str, ...]
    own_kernel: bool = False
    refuses_hybrid_cgroups: bool = False

    def command(self, directory: Path, operation: str, *words: str, network: bool = False) -> list[str]:
        """The argument vector of an operation on the sandbox in `directory`."""
        options = [*self.global_options, "--root", str(directory / "state")]
        if self.own_kernel:
            options.append(f"--network={'host' if network else 'none'}")
        return [self.name, *options, operation, *words]

    def create_command(self, directory: Path, *, network: bool) -> list[str]:
        """The argument vector that creates the sandbox from the bundle in `directory`."""
        words = ["--bundle", str(directory), "--pid-file", str(directory / "pid"), directory.name]
        command = self.command(directory, "create", *words, network=network)
        if self.refuses_hybrid_cgroups and hierarchies.is_hybrid():
            return [*WITHOUT_UNIFIED, *command]
        return command

    def operate(self, directory: Path, operation: str, *words: str, network: bool = False) -> ExecResult:
        """Run an operation. Raises SandboxError when the program is not there or does not answer."""
        try:
            return attached.run(
                self.command(directory, operation, *words, network=network), timeout=ANSWERS_WITHIN
            )
        except OSError as error:
            raise SandboxError(f"cannot run {self.name}: {error.strerror}") from error

    def delete(self, directory: Path) -> None:
        """Kill and remove the container in `directory`, and its cgroups; harmless if there is none."""
        result = self.operate(directory, "delete", "--force", directory.name)
        # Another process's sweep may have been faster.
        if result.exit_code != 0 and (directory / "state" / directory.name).exists():
            raise SandboxError(
                f"{self.name} cannot delete {directory.name}: {reason(result.stderr)}",
                "`perfbench clean` tries again",
            )
        hierarchies.remove_groups(directory.name)


# Not every program takes these from the bundle: crun starts commands in /, and as root like runsc.
INSIDE = ("--cwd", "/tmp", "--user", f"{NOBODY}:{NOBODY}")  # noqa: S108

PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "runc": Program("runc", ("--log-format", "json"), (*INSIDE, "--no-new-privs")),
        "crun": Program(
            "crun", ("--log-format", "json"), (*INSIDE, "--no-new-privs"), refuses_hybrid_cgroups=True
        ),
        "runsc": Program("runsc", (), INSIDE, own_kernel=True),
    }
)


def errors_in(log: Path) -> list[str]:
    """The messages of the errors in a runtime's own log: JSON objects one after the other."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return []
    return [str(entry.get("msg")) for entry in _objects(text) if entry.get("level") in ("error", "fatal")]


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    decoder = json.JSONDecoder()
    position = 0
    while (position := text.find("{", position)) >= 0:
        try:
            entry, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield entry


def exit_code_of(errors: Sequence[str]) -> int | None:
    """What a shell would have returned for a command that could not be started; None for another failure."""
    for error in errors:
        if "exec" in error.lower() and NOT_FOUND.search(error):
            return attached.COMMAND_NOT_FOUND
        if "exec" in error.lower() and NOT_RUNNABLE.search(error):
            return attached.COMMAND_NOT_RUNNABLE
    return None


def reason(output: bytes) -> str:
    """Why an operation failed, from what a program wrote: its last error, or else its last line."""
    text = output.decode(errors="replace").strip()
    messages = [str(entry["msg"]) for entry in _objects(text) if "msg" in entry]
    return (messages or text.splitlines() or ["it gave no reason"])[-1]
