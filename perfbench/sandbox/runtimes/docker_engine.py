"""The connection to a Docker engine: one client a process, and its failures in the user's words."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfbench.errors import RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes.runtime import Availability

if TYPE_CHECKING:
    from docker import APIClient

DEFAULT_HOST = "unix:///var/run/docker.sock"
REQUEST_TIMEOUT = 120
"""Seconds that the engine may take for one request: many containers started at once wait for each other."""
LOOK_TIMEOUT = 5
"""The same where we only look whether it is there."""
POOL = 64
"""Connections that are kept open; so many requests may be under way at once without a new one each."""
START_IT = "start Docker, or set DOCKER_HOST to the engine to use"


def host() -> str:
    """Where the engine listens, as DOCKER_HOST has it."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def is_local() -> bool:
    """Whether the engine is on this machine and can hold nobody's containers but this machine's."""
    return host().startswith("unix://")


def client() -> APIClient:
    """This process's client. Raises RuntimeUnavailableError while there is no engine to talk to."""
    return _client_of(os.getpid(), host())


@cache
def _client_of(_pid: int, _host: str) -> APIClient:
    """A connection must not be shared across a fork, hence the process id."""
    return connect(REQUEST_TIMEOUT)


def connect(timeout: int) -> APIClient:
    """A new client. Raises RuntimeUnavailableError that says why there is none and what to do."""
    try:
        from docker import APIClient  # noqa: PLC0415  (heavy, and an optional dependency)
        from docker.constants import DEFAULT_DOCKER_API_VERSION  # noqa: PLC0415
        from docker.errors import DockerException  # noqa: PLC0415
        from docker.utils import kwargs_from_env  # noqa: PLC0415
    except ImportError as error:
        raise RuntimeUnavailableError(
            "the Python package docker is not installed", "pip install 'docker>=7.1'"
        ) from error
    _probe_socket()
    try:
        settings: dict[str, Any] = {**kwargs_from_env(), "timeout": timeout, "max_pool_size": POOL}
        # With version="auto" a failing constructor leaves its connection open.
        with APIClient(version=DEFAULT_DOCKER_API_VERSION, **settings) as first:
            version = str(first.version(api_version=False)["ApiVersion"])
        made = APIClient(version=version, **settings)
    except (DockerException, OSError, ValueError, TypeError, KeyError) as error:
        raise RuntimeUnavailableError(
            f"no Docker engine answers at {host()}: {_cause(error)}", START_IT
        ) from error
    if is_local():
        made.trust_env = False  # proxies and .netrc mean nothing on a unix socket, and looking costs time
        _keep_connections(made)
    return made


def _keep_connections(client: APIClient) -> None:
    """Let all requests share connections: docker-py keeps a pool for each URL, and so opens one each time."""
    from docker.transport import UnixHTTPAdapter  # noqa: PLC0415

    class OnePool(UnixHTTPAdapter):
        def get_connection(self, url: str | bytes, proxies: Any = None) -> Any:  # noqa: ARG002
            return super().get_connection(client.base_url, proxies)

    path = host().removeprefix("unix://")
    client.mount("http+docker://", OnePool(f"http+unix://{path}", client.timeout, max_pool_size=POOL))


def look(oci: str) -> Availability:
    """Whether the engine is there and knows the OCI runtime `oci`; never raises."""
    try:
        short = connect(LOOK_TIMEOUT)
        try:
            with sentences("describe itself"):
                info = short.info()
                version, runtimes = str(info["ServerVersion"]), sorted(info["Runtimes"])
        finally:
            short.close()
    except SandboxError as error:
        return Availability(False, reason=error.message, remedy=error.remedy)
    if oci not in runtimes:
        known = ", ".join(name for name in runtimes if not name.startswith("io.containerd."))
        return Availability(
            False,
            reason=f"the Docker engine {version} has no runtime {oci} (it has {known})",
            remedy=f"install {oci} and name it under `runtimes` in /etc/docker/daemon.json",
        )
    return Availability(True, version=version)


@contextlib.contextmanager
def sentences(action: str) -> Iterator[None]:
    """Turn what docker-py and its transport raise into a SandboxError: "the Docker engine … to <action>"."""
    from docker.errors import APIError, DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    try:
        yield
    except APIError as error:
        said = str(error.explanation or error).strip().removesuffix(": unknown")
        raise SandboxError(f"the Docker engine refused to {action}: {said}") from error
    except (DockerException, RequestException, HTTPError, OSError) as error:
        raise SandboxError(
            f"the Docker engine at {host()} failed to {action}: {_cause(error)}",
            "see whether it still runs with `docker version`, and in its log why not",
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxError(
            f"what answers at {host()} is no Docker engine: asked to {action}, it sent something else",
            START_IT,
        ) from error


def _probe_socket() -> None:
    """Raise RuntimeUnavailableError when the engine's unix socket is missing, closed to us or dead."""
    if not is_local():
        return
    path = host().removeprefix("unix://")
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.settimeout(LOOK_TIMEOUT)
        probe.connect(path)
    except FileNotFoundError:
        raise RuntimeUnavailableError(
            f"no Docker engine runs here: there is no socket {path}", START_IT
        ) from None
    except PermissionError:
        raise RuntimeUnavailableError(
            f"you may not use the Docker engine's socket {path}",
            "join the group that owns it (`sudo usermod -aG docker $USER`) and log in again",
        ) from None
    except OSError as error:
        dead = Path(path).is_socket()
        reason = "the Docker engine is dead: nobody listens at" if dead else "no Docker engine's socket:"
        raise RuntimeUnavailableError(f"{reason} {path} ({error.strerror or error})", START_IT) from None
    finally:
        probe.close()


def _cause(error: BaseException) -> str:
    """The innermost reason, in one line, without the names of Python classes around it."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    text = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(
        error
    ).__name__
    return " ".join(text.split())[:200]
