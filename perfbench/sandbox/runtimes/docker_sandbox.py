"""One container of a Docker engine, from its making to its removal."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes import held, marking, tarstream
from perfbench.sandbox.runtimes.cgroups import cgroup_of
from perfbench.sandbox.runtimes.docker_engine import sentences
from perfbench.sandbox.runtimes.docker_exec import STDERR, STDOUT, DockerExec
from perfbench.sandbox.runtimes.runtime import ExecResult

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

KILL_GRACE = 5.0
"""Seconds that a killed command may take to let go of its output."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether a container in gVisor still lives."""
LOST = 128
"""What a command in gVisor ends with when its kernel has been killed; a command may as well say so itself."""
DYING = 2.0
"""Seconds in which the engine notices that such a container has died."""
REFUSED = b"OCI runtime exec failed"
"""How the engine begins, in the command's own output, when it could not start a command."""
CONFLICT = 409
REMOVED_WITHIN = 30.0


def is_gvisor(oci: str) -> bool:
    """Whether an OCI runtime of this name runs containers in a kernel of their own, beside the host's."""
    return "runsc" in oci or "gvisor" in oci


class DockerSandbox:
    """One container."""

    def __init__(self, client: APIClient, oci: str, cold_image: str = "") -> None:
        self.name = f"perfbench-{secrets.token_hex(6)}"
        self.id = self.name
        self.cold_image = cold_image
        self._client = client
        self.gvisor = is_gvisor(oci)
        held.hold(self)

    def start(self) -> None:
        with sentences("start a container"):
            self._client.start(self.id)

    def exec(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> ExecResult:
        output: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
        marker = marking.new_marker() if timeout is not None else ""
        with sentences("run a command"):
            command = DockerExec(
                self._client,
                self.id,
                argv,
                stdin=[stdin] if stdin else None,
                environment={marking.VARIABLE: marker} if marker else None,
            )
            with _Watch(self, command, timeout, marker) as watch:
                for stream, data in command.frames():
                    output[stream].append(data)
            if watch.expired:
                raise SandboxError(f"`{argv[0]}` did not end within {timeout:g} s and was killed")
            code = LOST if watch.abandoned else command.exit_code()
            if watch.abandoned or (self.gvisor and code == LOST and self._has_died()):
                raise SandboxError(
                    f"the container {self.name} ended while `{argv[0]}` ran in it{self._why()}"
                )
        return self._result(code, b"".join(output[STDOUT]), b"".join(output[STDERR]))

    def stop(self) -> None:
        from docker.errors import NotFound  # noqa: PLC0415

        # The container's stop signal is SIGKILL, so that this is one request that waits for the end.
        with sentences("stop a container"), contextlib.suppress(NotFound):
            self._client.stop(self.id, timeout=10)

    def remove(self) -> None:
        remove_container(self._client, self.id)
        if self.cold_image:
            remove_image(self._client, self.cold_image)
        held.release(self)

    def copy_in(self, source: Path, target: str) -> None:
        directory, name = tarstream.split(target)
        with tarstream.open_regular(source) as file:
            archive = tarstream.pack(file, name)
            if self.gvisor:  # its kernel may never see what the engine writes past it
                self._require(["tar", "-x", "-f", "-", "-C", directory], f"take {target}", stdin=archive)
                return
            with sentences(f"copy {source} to {target}"):
                self._archive("put", {"path": directory, "noOverwriteDirNonDir": "1"}, data=archive).close()

    def copy_out(self, source: str, target: Path) -> None:
        directory, name = tarstream.split(source)
        with sentences(f"copy {source} to {target}"):
            if self.gvisor:
                self._require(["test", "-e", source], f"find {source}")
                command = DockerExec(
                    self._client, self.id, ["tar", "-c", "-f", "-", "-C", directory, "--", name]
                )
                frames = command.frames()
                with contextlib.closing(frames):
                    archive = (data for stream, data in frames if stream == STDOUT)
                    tarstream.unpack(archive, source, target)
            else:
                with self._archive("get", {"path": source}, stream=True) as response:
                    tarstream.unpack(response.iter_content(tarstream.CHUNK), source, target)

    @property
    def pid(self) -> int:
        pid = int(self._state()["Pid"])
        if pid == 0:
            raise SandboxError(f"the container {self.name} does not run")
        return pid

    @property
    def cgroup(self) -> Path | None:
        pid = self.pid
        with contextlib.suppress(SandboxError):
            found = cgroup_of(pid)
            if found is not None and self.id in str(found):
                return found
        return None  # an engine elsewhere: the process id is another machine's

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.remove()
        else:
            held.abandon(self)

    def _archive(self, method: str, parameters: dict[str, str], **options: Any) -> Response:
        """A request to the container's archive; docker-py has no way to pass noOverwriteDirNonDir."""
        from docker.errors import create_api_error_from_http_exception  # noqa: PLC0415
        from requests.exceptions import HTTPError  # noqa: PLC0415

        client = self._client
        url = f"{client.base_url}/v{client.api_version}/containers/{self.id}/archive"
        response = client.request(method, url, params=parameters, timeout=client.timeout, **options)
        try:
            response.raise_for_status()
        except HTTPError as error:
            create_api_error_from_http_exception(error)
        return response

    def _require(self, argv: Sequence[str], action: str, *, stdin: Iterable[bytes] | None = None) -> None:
        """Run a command that has to succeed for the sandbox to be able to `action`."""
        with sentences(action):
            command = DockerExec(self._client, self.id, argv, stdin=stdin)
            said = b"".join(data for _, data in command.frames())
            if command.exit_code() != 0:
                text = " ".join(said.decode(errors="replace").split())
                raise SandboxError(f"the sandbox failed to {action}: {text}")

    def kill_marked(self, marker: str) -> None:
        """Kill every process in it whose environment holds `marker`."""
        killer = DockerExec(self._client, self.id, marking.kill_argv(marker), silence=KILL_GRACE)
        for _ in killer.frames():
            pass

    def kill(self) -> None:
        """Kill all of it and do not wait."""
        self._client.kill(self.id)

    def running(self) -> bool:
        return bool(self._state()["Running"])

    def _has_died(self) -> bool:
        deadline = time.monotonic() + DYING
        while self.running():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def _state(self) -> dict[str, Any]:
        with sentences("describe a container"):
            state: dict[str, Any] = self._client.inspect_container(self.id)["State"]
            return state

    def _why(self) -> str:
        return ": it ran out of memory" if self._state()["OOMKilled"] else ""

    def _result(self, code: int, stdout: bytes, stderr: bytes) -> ExecResult:
        """The outcome; what the engine itself says about a command that it could not start is not output."""
        if code in (126, 127) and stdout.startswith(REFUSED):
            if not self.running():
                raise SandboxError(f"the container {self.name} does not run")
            return ExecResult(code, b"", stdout + stderr)
        return ExecResult(code, stdout, stderr)


class _Watch(threading.Thread):
    """Watches over a command: ends it after its time, and its stream when its container has died.

    gVisor leaves the stream of a command open for ever when its container is killed, as for want of memory.
    """

    def __init__(
        self, sandbox: DockerSandbox, command: DockerExec, seconds: float | None, marker: str
    ) -> None:
        super().__init__(daemon=True)
        self.expired = False
        self.abandoned = False
        self._sandbox = sandbox
        self._command = command
        self._marker = marker
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        if self._deadline is not None or self._sandbox.gvisor:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        while not self._ended.wait(self._pause()):
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._end()
                return
            with contextlib.suppress(SandboxError):
                if not self._sandbox.running():
                    self.abandoned = True
                    self._command.sever()
                    return

    def _pause(self) -> float:
        """Seconds until there is something to do."""
        left = float("inf") if self._deadline is None else self._deadline - time.monotonic()
        return max(0.0, min(left, LOOK_EVERY) if self._sandbox.gvisor else left)

    def _end(self) -> None:
        """Kill the command, and where that does not help, its whole container."""
        self.expired = True
        with contextlib.suppress(Exception):  # the last resort is still to come
            self._sandbox.kill_marked(self._marker)
        if not self._ended.wait(KILL_GRACE):
            with contextlib.suppress(Exception):
                self._sandbox.kill()
            self._command.sever()


def remove_container(client: APIClient, container: str) -> None:
    """Kill and remove it, and come back when it is gone."""
    from docker.errors import APIError, NotFound  # noqa: PLC0415

    with sentences("remove a container"):
        try:
            client.remove_container(container, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != CONFLICT:
                raise
            _wait_until_removed(client, container)  # somebody else is at it


def _wait_until_removed(client: APIClient, container: str) -> None:
    from docker.errors import NotFound  # noqa: PLC0415

    deadline = time.monotonic() + REMOVED_WITHIN
    with contextlib.suppress(NotFound):
        while time.monotonic() < deadline:
            client.inspect_container(container)
            time.sleep(0.01)
        raise TimeoutError(f"the container {container} does not go")


def remove_image(client: APIClient, image: str) -> None:
    from docker.errors import ImageNotFound  # noqa: PLC0415

    with sentences("remove an image"), contextlib.suppress(ImageNotFound):
        client.remove_image(image, force=True)
