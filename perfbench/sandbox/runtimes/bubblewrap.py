"""`bubblewrap`: a sandbox made by bwrap from the host's own programs, with or without root.

Inside are read-only views of the host's programs and libraries, a private /tmp, no capability, no network
and no process of the host. The first process idles; commands enter its namespaces with nsenter. bwrap makes
no cgroup, so memory, CPU and processes cannot be limited.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from perfbench.errors import RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import attached, remains
from perfbench.sandbox.runtimes.local import GONE_WITHIN, LocalSandbox
from perfbench.sandbox.runtimes.ownership import start_time
from perfbench.sandbox.runtimes.process import refuse_limits
from perfbench.sandbox.runtimes.runtime import Availability, ExecResult, Limits

NAME = "bubblewrap"
PROGRAMS = {"bwrap": "apt-get install bubblewrap", "nsenter": "apt-get install util-linux"}
READ_ONLY = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
DEVICES = ("null", "zero", "full", "random", "urandom")
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108
READY = b"ready\n"
# The shell stays as the first process, reaps what is orphaned, and ends all when the pipe on its stdin ends.
IDLE = ("/bin/sh", "-c", "echo ready; cat >/dev/null; :")
STARTED_WITHIN = 10.0
INSIDE_ID = "65534"


class BubblewrapRuntime:
    """Makes sandboxes with bwrap."""

    name = NAME

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried: Availability | None = None

    def availability(self) -> Availability:
        """Tries it for real, once: whether user namespaces are permitted is known only then."""
        with self._lock:
            if self._tried is None:
                self._tried = self._try()
            return self._tried

    def create(self, *, limits: Limits = Limits()) -> BubblewrapSandbox:
        missing = _missing()
        if missing is not None:
            raise RuntimeUnavailableError(missing.reason, missing.remedy)
        refuse_limits(self.name, limits)
        return BubblewrapSandbox(network=limits.network is True)

    def create_cold(self, *, limits: Limits = Limits()) -> BubblewrapSandbox:  # noqa: ARG002
        raise RuntimeUnavailableError("`bubblewrap` has no images, so no start of it is a cold one")

    def sweep(self) -> list[str]:
        removed = []
        for directory in remains.abandoned(NAME):
            _kill_recorded(directory)
            remains.discard(directory)
            removed.append(directory.name)
        return removed

    def _try(self) -> Availability:
        missing = _missing()
        if missing is not None:
            return missing
        try:
            version = attached.run(["bwrap", "--version"], timeout=STARTED_WITHIN).stdout.decode().split()
            with self.create() as sandbox:
                sandbox.start()
                result = sandbox.exec(["true"], timeout=STARTED_WITHIN)
            if result.exit_code != 0:
                return _refused(result.stderr.decode(errors="replace"))
        except (OSError, SandboxError) as error:
            return _refused(str(error))
        return Availability(True, version=version[-1] if version else "")


class BubblewrapSandbox(LocalSandbox):
    """The namespaces made by one bwrap, which stays as their monitor and waits for the first process."""

    _monitor: subprocess.Popen[bytes] | None = None
    _first: int | None = None

    def __init__(self, *, network: bool) -> None:
        super().__init__(NAME)
        self._network = network

    @property
    def pid(self) -> int:
        self._require_running()
        if self._first is None or start_time(self._first) is None:
            raise SandboxError(f"the sandbox {self.id} has died")
        return self._first

    def _launch(self) -> None:
        info, info_end = os.pipe()
        try:
            self._monitor = subprocess.Popen(
                self._command(info_end),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=ENVIRONMENT,
                process_group=0,
                pass_fds=(info_end,),
            )
        except OSError as error:
            raise SandboxError(f"cannot run bwrap: {error.strerror}", PROGRAMS["bwrap"]) from error
        finally:
            os.close(info_end)
            with os.fdopen(info, "rb") as report:
                # bwrap closes its end when it has told, or when it ends.
                told = report.read() if self._monitor is not None else b""
        self._record(told)
        self._wait_until_ready(self._monitor)

    def _record(self, told: bytes) -> None:
        """Keep the pid of the first process, on disk too: it is what a sweep would have to kill."""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self._first = int(json.loads(told)["child-pid"])
            (self.directory / "first").write_text(f"{self._first} {start_time(self._first)}")

    def _wait_until_ready(self, monitor: subprocess.Popen[bytes]) -> None:
        assert monitor.stdout is not None  # noqa: S101  (it was asked for)
        assert monitor.stderr is not None  # noqa: S101
        readable, _, _ = select.select([monitor.stdout], [], [], STARTED_WITHIN)
        if readable and os.read(monitor.stdout.fileno(), len(READY)) == READY:
            return
        self._kill(monitor)
        reason = monitor.stderr.read().decode(errors="replace").strip()
        raise SandboxError(f"bwrap did not start a sandbox: {reason or 'it gave no reason'}")

    def _run(self, argv: Sequence[str], stdin: bytes, timeout: float | None) -> ExecResult:
        first = str(self.pid)
        enter = ["nsenter", "--target", first, "--user", "--mount", "--pid", "--net", "--ipc", "--uts"]
        enter += ["--preserve-credentials", "--wd", "--", *argv]
        try:
            result = attached.run(enter, stdin=stdin, timeout=timeout, env=ENVIRONMENT)
        except OSError as error:
            raise SandboxError(f"cannot run nsenter: {error.strerror}", PROGRAMS["nsenter"]) from error
        if result.exit_code != 0 and start_time(int(first)) is None:
            raise SandboxError(f"the sandbox {self.id} has died")
        return result

    def _halt(self) -> None:
        if self._monitor is not None:
            self._kill(self._monitor)
            for stream in (self._monitor.stdin, self._monitor.stdout, self._monitor.stderr):
                if stream is not None:
                    stream.close()
            self._monitor = None
        _kill_recorded(self.directory)

    def _kill(self, monitor: subprocess.Popen[bytes]) -> None:
        """Kill the first process; the kernel then kills all others before the monitor hears of it."""
        if monitor.poll() is None and self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._first, signal.SIGKILL)
        elif monitor.poll() is None:
            monitor.kill()
        try:
            monitor.wait(GONE_WITHIN)
        except subprocess.TimeoutExpired:
            monitor.kill()
            monitor.wait()

    def _command(self, info: int) -> list[str]:
        # No --dev: its devpts takes a second user namespace, which nsenter could not leave for the others.
        # No --die-with-parent: it would follow the thread that started it, not the process.
        command = ["bwrap", "--unshare-all", "--new-session", "--as-pid-1", "--info-fd", str(info)]
        command += ["--uid", INSIDE_ID, "--gid", INSIDE_ID, "--cap-drop", "ALL", "--hostname", "sandbox"]
        if self._network:
            command += ["--share-net", "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]
        for path in READ_ONLY:
            command += ["--ro-bind-try", path, path]
        for device in DEVICES:
            command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
        command += ["--proc", "/proc", "--bind", str(self.tmp), "/tmp", "--remount-ro", "/"]  # noqa: S108
        return [*command, "--chdir", "/tmp", "--", *IDLE]  # noqa: S108


def _missing() -> Availability | None:
    if sys.platform != "linux":
        return Availability(False, reason="bubblewrap needs Linux", remedy="use the runtime `process`")
    for program, remedy in PROGRAMS.items():
        if shutil.which(program) is None:
            return Availability(False, reason=f"{program} is not installed", remedy=remedy)
    return None


def _refused(reason: str) -> Availability:
    return Availability(
        False,
        reason=" ".join(reason.split()),
        remedy="permit user namespaces (sysctl user.max_user_namespaces, "
        "kernel.apparmor_restrict_unprivileged_userns), or run as root",
    )


def _kill_recorded(directory: Path) -> None:
    """Kill the first process of the sandbox of `directory`, if it is still that very process, and wait."""
    try:
        pid, started = (int(word) for word in (directory / "first").read_text().split())
    except (OSError, ValueError):
        return
    deadline = time.monotonic() + GONE_WITHIN
    while start_time(pid) == started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise SandboxError(f"process {pid} of {directory.name} does not die", "kill it by hand")
        time.sleep(0.001)
