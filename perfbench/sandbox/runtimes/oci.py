"""`runc`, `crun` and `runsc`: OCI runtimes used bare, with a bundle and no engine.

Every sandbox has its own bundle and its own state directory (`--root`), so that nothing is shared with
an engine's containers. Needs root.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import attached, hierarchies, oci_bundle, remains, rootfs, shim
from perfbench.sandbox.runtimes.cgroups import cgroup_of
from perfbench.sandbox.runtimes.local import GONE_WITHIN, LocalSandbox
from perfbench.sandbox.runtimes.oci_program import (
    ANSWERS_WITHIN,
    PROGRAMS,
    Program,
    errors_in,
    exit_code_of,
    reason,
)
from perfbench.sandbox.runtimes.ownership import start_time
from perfbench.sandbox.runtimes.runtime import Availability, ExecResult, Limits

CONTROLLERS = {"memory": "memory", "cpus": "cpu", "pids": "pids"}
SMALLEST = {"memory": 1, "cpus": 0.01, "pids": 1}
"""What lies below, the kernel refuses, or a runtime takes for no limit at all."""


class OciRuntime:
    """Makes sandboxes with one OCI runtime program."""

    def __init__(self, name: str) -> None:
        self._program = PROGRAMS[name]
        self._lock = threading.Lock()
        self._tried: Availability | None = None

    @property
    def name(self) -> str:
        return self._program.name

    def availability(self) -> Availability:
        """Tries it for real, once: what the machine permits is known only then."""
        with self._lock:
            if self._tried is None:
                self._tried = self._try()
            return self._tried

    def create(self, *, limits: Limits = Limits()) -> OciSandbox:
        self._refuse(limits)
        return OciSandbox(self._program, limits, cold=False)

    def create_cold(self, *, limits: Limits = Limits()) -> OciSandbox:
        """A sandbox on a root file system of its own that lies on disk and no longer in memory."""
        self._refuse(limits)
        return OciSandbox(self._program, limits, cold=True)

    def sweep(self) -> list[str]:
        removed = []
        for directory in remains.abandoned(self.name):
            if shutil.which(self.name) is None:
                hierarchies.remove_groups(directory.name)  # all that a container is lies in them
            else:
                self._program.delete(directory)
            remains.discard(directory)
            removed.append(directory.name)
        return removed

    def _refuse(self, limits: Limits) -> None:
        missing = self._missing()
        if missing is not None:
            raise RuntimeUnavailableError(missing.reason, missing.remedy)
        if limits.pids is not None and self._program.own_kernel:
            raise LimitNotEnforceableError(
                f"`{self.name}` cannot hold a limit of pids: its processes live in a kernel of its own",
                "use runc or crun",
            )
        for limit, controller in CONTROLLERS.items():
            asked = getattr(limits, limit)
            if asked is None:
                continue
            if asked < SMALLEST[limit]:
                raise LimitNotEnforceableError(
                    f"a limit of {limit} cannot be {asked:g}", f"the smallest is {SMALLEST[limit]:g}"
                )
            if controller not in hierarchies.controllers():
                raise LimitNotEnforceableError(
                    f"`{self.name}` cannot hold a limit of {limit}: "
                    f"this machine has no cgroup controller {controller}"
                )

    def _missing(self) -> Availability | None:
        if sys.platform != "linux":
            return Availability(
                False, reason=f"{self.name} needs Linux", remedy="use the runtime `process` or Docker"
            )
        if shutil.which(self.name) is None:
            return Availability(
                False, reason=f"{self.name} is not installed", remedy=f"apt-get install {self.name}"
            )
        if os.geteuid() != 0:
            return Availability(
                False,
                reason=f"bare {self.name} needs root",
                remedy="run as root, or use `bubblewrap`, which needs none",
            )
        if rootfs.static_busybox() is None:
            return Availability(
                False, reason="no static busybox is installed", remedy="apt-get install busybox-static"
            )
        return None

    def _try(self) -> Availability:
        missing = self._missing()
        if missing is not None:
            return missing
        remedy = f"see `{self.name} --help`; in a container, it has to be a privileged one"
        try:
            version = attached.run([self.name, "--version"], timeout=ANSWERS_WITHIN).stdout.decode()
            with self.create() as sandbox:
                sandbox.start()
                result = sandbox.exec(["true"], timeout=ANSWERS_WITHIN)
        except (OSError, SandboxError) as error:
            return Availability(False, reason=" ".join(str(error).split()), remedy=remedy)
        if result.exit_code != 0:
            return Availability(False, reason=result.stderr.decode(errors="replace"), remedy=remedy)
        return Availability(True, version=version.split("\n", 1)[0].split()[-1])


class OciSandbox(LocalSandbox):
    """A container made by an OCI runtime program."""

    file_owner = (oci_bundle.NOBODY, oci_bundle.NOBODY)

    def __init__(self, program: Program, limits: Limits, *, cold: bool) -> None:
        super().__init__(program.name)
        self._program = program
        self._network = limits.network is True
        self._first: tuple[int, int] | None = None
        self._idle_pipe: int | None = None
        self._execs = itertools.count()
        try:
            self._create(limits, cold=cold)
        except OSError as error:
            self.remove()
            raise SandboxError(f"{program.name} cannot create a sandbox: {error}") from error
        except BaseException:
            self.remove()
            raise

    def _create(self, limits: Limits, *, cold: bool) -> None:
        os.chown(self.tmp, *self.file_owner)
        root = oci_bundle.cold_root(self.directory) if cold else oci_bundle.shared_root()
        oci_bundle.write(self.directory, root, self.tmp, limits, default_pids=not self._program.own_kernel)
        idle_end, self._idle_pipe = os.pipe()
        console = self.directory / "console"
        try:
            with console.open("wb") as output:
                code = shim.run(
                    self._program.create_command(self.directory, network=self._network),
                    stdin=idle_end,
                    output=output.fileno(),
                    timeout=ANSWERS_WITHIN,
                )
        finally:
            os.close(idle_end)
        if code != 0:
            raise SandboxError(
                f"{self._program.name} cannot create a sandbox: {reason(console.read_bytes())}"
            )

    @property
    def pid(self) -> int:
        self._require_running()
        if not self._lives() or self._first is None:
            raise SandboxError(f"the sandbox {self.id} has died")
        return self._first[0]

    @property
    def cgroup(self) -> Path | None:
        group = cgroup_of(self.pid)
        return group if group is not None and self.id in group.parts else None

    def _launch(self) -> None:
        result = self._program.operate(self.directory, "start", self.id, network=self._network)
        if result.exit_code != 0:
            raise SandboxError(f"{self._program.name} cannot start {self.id}: {reason(result.stderr)}")
        pid = int((self.directory / "pid").read_text())
        self._first = pid, start_time(pid) or 0

    def _run(self, argv: Sequence[str], stdin: bytes, timeout: float | None) -> ExecResult:
        number = next(self._execs)
        log, pid_file = self.directory / f"exec-{number}.log", self.directory / f"exec-{number}.pid"
        words = [*self._program.exec_options]
        if self._program.own_kernel:
            words += ["--internal-pid-file", str(pid_file)]
        command = self._program.command(self.directory, "exec", *words, self.id, *argv, network=self._network)
        command[1:1] = ["--log", str(log)]
        try:
            result = attached.run(command, stdin=stdin, timeout=timeout)
            errors = errors_in(log) if result.exit_code != 0 else []
        except OSError as error:
            raise SandboxError(f"cannot run {self._program.name}: {error.strerror}") from error
        except SandboxError:
            self._kill_inside(pid_file)
            raise
        finally:
            log.unlink(missing_ok=True)
            pid_file.unlink(missing_ok=True)
        if not errors:
            return result
        code = exit_code_of(errors)
        if code is None:
            raise SandboxError(f"{self._program.name} cannot run `{argv[0]}` in {self.id}: {errors[-1]}")
        return ExecResult(code, result.stdout, result.stderr)

    def _kill_inside(self, pid_file: Path) -> None:
        """Kill a command that a guest kernel hides from the host."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(pid_file.read_text())
            self._program.operate(self.directory, "kill", "--pid", str(pid), self.id, "KILL")

    def _lives(self) -> bool:
        return self._first is not None and start_time(self._first[0]) == self._first[1]

    def _halt(self) -> None:
        if self._first is None:
            return
        self._program.operate(self.directory, "kill", self.id, "KILL")  # fails where it has died by itself
        deadline = time.monotonic() + GONE_WITHIN
        while self._lives():
            if time.monotonic() > deadline:
                raise SandboxError(f"the sandbox {self.id} does not die", "`perfbench clean` tries again")
            time.sleep(0.001)

    def _clear(self) -> None:
        if self._idle_pipe is not None:
            os.close(self._idle_pipe)
            self._idle_pipe = None
        self._program.delete(self.directory)
