"""`podman`: containers of Podman, through its command line. There is no daemon behind them."""

from __future__ import annotations

import collections
import contextlib
import itertools
import json
import os
import resource
import secrets
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import attached, held, marking, remains, rootfs, tarstream
from perfbench.sandbox.runtimes.cgroups import cgroup_of
from perfbench.sandbox.runtimes.hierarchies import is_hybrid
from perfbench.sandbox.runtimes.interrupts import put_off
from perfbench.sandbox.runtimes.ownership import LABEL, Owner
from perfbench.sandbox.runtimes.runtime import Availability, ExecResult, Limits

IMAGE = "localhost/perfbench-busybox:latest"
COLD = "localhost/perfbench-cold"
IDLE = ["sleep", "2147483647"]
DEFAULT_PIDS = 512
ULIMIT = 32768
"""What Podman itself still has of processes and files to give away, where it started with more."""
LOOK_TIMEOUT = 10.0
REQUEST_TIMEOUT = 120.0
FAILED = (125, 255)
"""Podman's exit codes for a failure of its own, though a command may end with them as well."""

_one_import_at_a_time = threading.Lock()


class PodmanRuntime:
    """Makes containers with the Podman of this machine, as root or without.

    `image` must be there, unless it is IMAGE itself, which is made on the spot.
    """

    name = "podman"

    def __init__(self, image: str = IMAGE) -> None:
        self._image = image
        self._has_image = False

    def availability(self) -> Availability:
        reason, remedy = _obstacle()
        if reason:
            return Availability(False, reason=reason, remedy=remedy)
        try:
            said = _started(["info", "--format", "json"], timeout=LOOK_TIMEOUT)
            found: dict[str, Any] = json.loads(said.stdout) if said.exit_code == 0 else {}
            version, oci = str(found["version"]["Version"]), str(found["host"]["ociRuntime"]["name"])
        except (SandboxError, OSError) as error:
            return Availability(False, reason=f"podman does not answer: {error}", remedy="run `podman info`")
        except (ValueError, KeyError, TypeError):
            return Availability(
                False, reason=f"podman fails: {_complaint(said.stderr)}", remedy="run `podman info`"
            )
        if oci == "crun" and is_hybrid():
            return Availability(
                False,
                reason="podman would use crun, which refuses machines that mount both versions of cgroups",
                remedy="apt-get install runc",
            )
        return Availability(True, version=f"{version} ({oci})")

    def create(self, *, limits: Limits = Limits()) -> PodmanSandbox:
        self._provide_image()
        sandbox = PodmanSandbox()
        try:
            _create(sandbox.name, self._image, limits)
        except BaseException:
            held.abandon(sandbox)
            raise
        return sandbox

    def create_cold(self, *, limits: Limits = Limits()) -> PodmanSandbox:
        _require_podman()
        if self._image != IMAGE:
            raise RuntimeUnavailableError(
                f"no fresh copy of {self._image} is made with podman", "take docker:… for cold starts"
            )
        token = secrets.token_hex(8)
        sandbox = PodmanSandbox(cold_image=f"{COLD}:{token}")
        try:
            _import(sandbox.cold_image, rootfs.tar(stamp=token), f"LABEL={LABEL}={Owner.current()}")
            _create(sandbox.name, sandbox.cold_image, limits)
        except BaseException:
            held.abandon(sandbox)
            raise
        return sandbox

    def sweep(self) -> list[str]:
        _require_podman()
        removed = []
        filters = ["--filter", f"label={LABEL}", "--format", "json"]
        for container in _listed("list containers", "ps", "--all", *filters):
            if _abandoned(container):
                _remove_container(container["Id"])
                removed.append(str(container["Id"]))
        for image in _listed("list images", "images", *filters):
            if _abandoned(image):
                _remove_image(image["Id"])
                removed.append(str(image["Id"]))
        return removed

    def _provide_image(self) -> None:
        """Make the image where Podman has none; asked once a process."""
        if self._has_image:
            return
        _require_podman()
        with _one_import_at_a_time:
            exists = _started(["image", "exists", self._image], timeout=REQUEST_TIMEOUT)
            if exists.exit_code != 0 and self._image != IMAGE:
                raise RuntimeUnavailableError(
                    f"podman has no image {self._image}", f"podman pull {self._image}"
                )
            if exists.exit_code != 0:
                _import(IMAGE, rootfs.tar())
        self._has_image = True


class PodmanSandbox:
    """One container."""

    def __init__(self, cold_image: str = "") -> None:
        self.name = f"perfbench-{secrets.token_hex(6)}"
        self.cold_image = cold_image
        held.hold(self)

    @property
    def id(self) -> str:
        return self.name

    def start(self) -> None:
        _call("start a container", "start", self.name)

    def exec(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> ExecResult:
        options = ["--interactive"] if stdin else []
        marker = marking.new_marker() if timeout is not None else ""
        if marker:
            options.append(f"--env={marking.VARIABLE}={marker}")
        try:
            result = _started(["exec", *options, self.name, *argv], stdin=stdin, timeout=timeout)
        except SandboxError:
            # Only our end of it is gone; the command itself is the container's.
            _started(["exec", self.name, *marking.kill_argv(marker)], timeout=LOOK_TIMEOUT)
            raise SandboxError(f"`{argv[0]}` did not end within {timeout:g} s and was killed") from None
        if result.exit_code in FAILED and result.stderr.startswith(b"Error: ") and self._pid() == 0:
            raise SandboxError(f"podman failed to run a command: {_complaint(result.stderr)}")
        return result

    def stop(self) -> None:
        # The container's stop signal is SIGKILL.
        _call("stop a container", "stop", "--ignore", "--time", "10", self.name)

    def remove(self) -> None:
        _remove_container(self.name)
        if self.cold_image:
            _remove_image(self.cold_image)
        held.release(self)

    def copy_in(self, source: Path, target: str) -> None:
        directory, name = tarstream.split(target)
        arguments = ["cp", "-", f"{self.name}:{directory}"]
        with (
            tarstream.open_regular(source) as file,
            _piped(f"copy {source} to {target}", arguments, "wb") as pipe,
            contextlib.suppress(BrokenPipeError),  # podman's own complaint says more
        ):
            for chunk in tarstream.pack(file, name):
                pipe.write(chunk)

    def copy_out(self, source: str, target: Path) -> None:
        tarstream.split(source)
        arguments = ["cp", f"{self.name}:{source}", "-"]
        with _piped(f"copy {source} to {target}", arguments, "rb") as pipe:
            chunks = iter(partial(pipe.read, tarstream.CHUNK), b"")
            # Where nothing comes at all, podman says why.
            if first := next(chunks, b""):
                tarstream.unpack(itertools.chain([first], chunks), source, target)
                collections.deque(chunks, maxlen=0)  # what is left unread would be podman's failure

    @property
    def pid(self) -> int:
        pid = self._pid()
        if pid == 0:
            raise SandboxError(f"the container {self.name} does not run")
        return pid

    @property
    def cgroup(self) -> Path | None:
        return cgroup_of(self.pid)

    def _pid(self) -> int:
        """0 where it does not run."""
        return int(_call("describe a container", "inspect", "--format", "{{.State.Pid}}", self.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.remove()
        else:
            held.abandon(self)


def settings(limits: Limits) -> list[str]:
    """Options of `podman create`: least privilege, the limits and the owner's label.

    Raises LimitNotEnforceableError for a limit of nothing, which podman takes for none.
    """
    for name in ("memory", "cpus", "pids"):
        if (value := getattr(limits, name)) is not None and value <= 0:
            raise LimitNotEnforceableError(
                f"a limit of {value} on {name} cannot be held", "ask for more than 0"
            )
    options = [
        f"--label={LABEL}={Owner.current()}",
        f"--network={'bridge' if limits.network else 'none'}",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        f"--pids-limit={limits.pids or DEFAULT_PIDS}",
        "--log-driver=none",
        "--stop-signal=KILL",
        "--pull=never",
        "--workdir=/tmp",
    ]
    if limits.memory is not None:
        options += [f"--memory={limits.memory}", f"--memory-swap={limits.memory}"]  # memory and swap together
    if limits.cpus is not None:
        options.append(f"--cpus={limits.cpus}")
    # Podman's defaults are more than a process without CAP_SYS_RESOURCE may have.
    for name, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        most = resource.getrlimit(kind)[1]
        most = ULIMIT if most == resource.RLIM_INFINITY else min(most, ULIMIT)
        options.append(f"--ulimit={name}={most}:{most}")
    return options


def _create(name: str, image: str, limits: Limits) -> None:
    with put_off():
        result = _run("create a container", "create", f"--name={name}", *settings(limits), image, *IDLE)
    warning = result.stderr.decode(errors="replace").strip()
    if limits != Limits() and ("ignored" in warning or "discarded" in warning):
        raise LimitNotEnforceableError(f"podman does not hold a limit here: {warning}")


def _import(image: str, archive: bytes, *changes: str) -> None:
    options = [f"--change={change}" for change in ("ENV=PATH=/bin", *changes)]
    with put_off():
        _run("make an image", "import", "--quiet", *options, "-", image, stdin=archive)


def _remove_container(container: str) -> None:
    _call("remove a container", "rm", "--force", "--time", "0", "--volumes", "--ignore", container)


def _remove_image(image: str) -> None:
    if _started(["image", "exists", image], timeout=REQUEST_TIMEOUT).exit_code == 0:
        _call("remove an image", "rmi", "--force", image)


def _listed(action: str, *arguments: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(_call(action, *arguments) or "[]")
    except ValueError as error:
        raise SandboxError(
            f"podman was asked to {action} and answered something else", "run `podman ps`"
        ) from error
    return found or []


def _abandoned(thing: dict[str, Any]) -> bool:
    """Whether it belonged to one of ours that is dead."""
    owner = Owner.parse((thing.get("Labels") or {}).get(LABEL, ""))
    return owner is not None and not owner.alive()


def _podman() -> list[str]:
    """Podman with the options that this machine needs."""
    command = ["podman"]
    if not Path("/run/systemd/system").exists():  # no systemd to ask for control groups or to log to
        command += ["--cgroup-manager=cgroupfs", "--events-backend=file"]
    if is_hybrid() and shutil.which("runc"):
        command += ["--runtime=runc"]
    return command


def _obstacle() -> tuple[str, str]:
    """Why podman cannot be used here, without asking it, and the remedy; two empty strings where it may be."""
    if not sys.platform.startswith("linux"):
        return "the podman driver needs Linux", "use docker:runc here"
    if shutil.which("podman") is None:
        return "podman is not installed", "apt-get install podman"
    if rootfs.static_busybox() is None:
        return "there is no static busybox to make an image from", "apt-get install busybox-static"
    return "", ""


def _require_podman() -> None:
    reason, remedy = _obstacle()
    if reason:
        raise RuntimeUnavailableError(reason, remedy)


def _call(action: str, *arguments: str) -> str:
    return _run(action, *arguments).stdout.decode(errors="replace").strip()


def _started(arguments: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> ExecResult:
    """Podman with these arguments, to its end, whatever it ends with.

    Its monitor leaves an empty file `oom` in the working directory when a command runs out of memory, so
    that it works in our own folder and not in the user's.
    """
    folder = remains.root()
    try:
        return attached.run([*_podman(), *arguments], stdin=stdin, timeout=timeout, cwd=folder)
    finally:
        (folder / "oom").unlink(missing_ok=True)


def _run(action: str, *arguments: str, stdin: bytes = b"") -> ExecResult:
    """Podman with these arguments, which has to succeed. Raises SandboxError with its complaint."""
    try:
        result = _started(arguments, stdin=stdin, timeout=REQUEST_TIMEOUT)
    except OSError as error:
        raise SandboxError(f"podman cannot be started: {error.strerror}", "apt-get install podman") from error
    if result.exit_code != 0:
        raise SandboxError(f"podman failed to {action}: {_complaint(result.stderr)}")
    return result


@contextlib.contextmanager
def _piped(action: str, arguments: Sequence[str], mode: Literal["rb", "wb"]) -> Iterator[BinaryIO]:
    """Podman with a pipe from it or to it. Raises SandboxError with its complaint when it fails."""
    reading = mode == "rb"
    its, ours = os.pipe()[::-1] if reading else os.pipe()
    with TemporaryFile() as said, os.fdopen(ours, mode) as pipe:
        try:
            process = Popen(
                [*_podman(), *arguments],
                stdin=DEVNULL if reading else its,
                stdout=its if reading else DEVNULL,
                stderr=said,
                cwd=remains.root(),
                process_group=0,
            )
        finally:
            os.close(its)
        with process:
            try:
                yield pipe
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            said.seek(0)
            raise SandboxError(f"podman failed to {action}: {_complaint(said.read())}")


def _complaint(said: bytes) -> str:
    """The last thing that podman said, in one line."""
    lines = said.decode(errors="replace").strip().splitlines() or ["it does not say why"]
    return lines[-1].removeprefix("Error: ")
