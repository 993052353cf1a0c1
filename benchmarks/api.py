"""An HTTP API, request by request: the service that comes with perfbench, or that of `[sut.api]`.

    [sut.api]
    url = "http://127.0.0.1:8080/v1"
    headers = { Authorization = "Bearer ${API_TOKEN}" }
    endpoints.list = { path = "/things" }
    endpoints.create = { method = "POST", path = "/things", body = { name = "x" }, status = 201 }

One connection is kept open for the whole life of this process; where the server closes it, it is opened again
before the clock runs. Text as a body is sent as it stands, anything else as JSON.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import atexit
import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks._http import Connection, Endpoint, as_body
from benchmarks._reference import url
from perfbench import sut

REFERENCE = (
    "health",
    "list",
    "create",
    "exec",
    "read_file",
    "write_file",
    "workflow",
    "session_create",
    "session_read",
    "session_write",
)
"""The endpoints of the service that comes with perfbench, by the names that their rows have."""

ENDPOINTS = sut.names("api", REFERENCE)
WARM_UP = 3
REQUESTS = {50: 50, 95: 100, 99: 300}
"""Percentile → from how many requests it is taken: at least three lie beyond it."""
PATIENCE = 60.0
"""Seconds in which they must have been answered."""
JSON = {"Content-Type": "application/json"}
FILE = "x" * 1024
STATE = {"step": 1, "files": ["a", "b"]}


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint, and how what a request makes is removed again."""

    endpoint: Endpoint
    undo: Callable[[bytes], Endpoint] | None = None


class Api:
    """The API under test, and what its endpoints are asked about."""

    def __init__(self) -> None:
        self.url = url()
        table = sut.configured("api") or {}
        headers = {str(name): sut.filled(str(value)) for name, value in (table.get("headers") or {}).items()}
        self.connection = Connection(self.url, headers)
        self._targets = _configured(table) if table else self._of_the_reference()

    def target(self, name: str) -> Target:
        return self._targets[name]

    def clean(self, target: Target, answer: bytes) -> None:
        """Remove what a request has made."""
        if target.undo is not None:
            self.connection.ask(target.undo(answer))

    def _of_the_reference(self) -> Mapping[str, Target]:
        sandbox = f"/sandboxes/{self._made('/sandboxes', {})}"
        session = f"/sessions/{self._made('/sessions', {'state': STATE})}"
        self.connection.ask(Endpoint("PUT", f"{sandbox}/files/kept", FILE.encode()))
        steps = [
            {"do": "write", "path": "steps", "text": FILE},
            {"do": "exec", "argv": ["true"]},
            {"do": "read", "path": "steps"},
        ]
        workflow = {"sandbox": sandbox.rpartition("/")[2], "steps": steps}
        return {
            "health": Target(Endpoint("GET", "/health")),
            "list": Target(Endpoint("GET", "/sandboxes")),
            "create": Target(_post("/sandboxes", {}), _removal("/sandboxes")),
            "exec": Target(_post(f"{sandbox}/exec", {"argv": ["true"]})),
            "read_file": Target(Endpoint("GET", f"{sandbox}/files/kept")),
            "write_file": Target(Endpoint("PUT", f"{sandbox}/files/written", FILE.encode())),
            "workflow": Target(_post("/workflows", workflow)),
            "session_create": Target(_post("/sessions", {"state": STATE}), _removal("/sessions")),
            "session_read": Target(Endpoint("GET", session)),
            "session_write": Target(Endpoint("PUT", session, as_body({"state": STATE}), headers=JSON)),
        }

    def _made(self, path: str, body: object) -> str:
        return _id(self.connection.ask(_post(path, body)))


class Request:
    """One request, until its answer has been read. What it makes is removed after the clock."""

    version = "1"
    params = (ENDPOINTS,)
    param_names = ("endpoint",)
    number = 1
    timeout = 120.0
    perfbench_pin = False

    answer: bytes | None = None

    def setup(self, endpoint: str) -> None:
        self.api = api()
        self.target = self.api.target(endpoint)
        self.api.connection.ready()

    def teardown(self, endpoint: str) -> None:
        answer, self.answer = self.answer, None
        if answer is not None:
            self.api.clean(self.target, answer)

    def time_request(self, endpoint: str) -> None:
        self.answer = self.api.connection.ask(self.target.endpoint)


class Latency:
    """How long the slowest of many single requests take, in seconds."""

    version = "1"
    params = (ENDPOINTS,)
    param_names = ("endpoint",)
    unit = "seconds"
    better = "lower"
    timeout = 120.0
    perfbench_pin = False

    def setup(self, endpoint: str) -> None:
        self.api = api()

    def track_p50(self, endpoint: str) -> float:
        return self._percentile(endpoint, 50)

    def track_p95(self, endpoint: str) -> float:
        return self._percentile(endpoint, 95)

    def track_p99(self, endpoint: str) -> float:
        return self._percentile(endpoint, 99)

    def _percentile(self, name: str, percent: int) -> float:
        """Of as many requests as it takes, one after the other.

        Raises RuntimeError when they take too long: fewer would not say what that percentile is.
        """
        target, connection = self.api.target(name), self.api.connection
        wanted = REQUESTS[percent]
        times: list[float] = []
        deadline = time.monotonic() + PATIENCE
        for index in range(WARM_UP + wanted):
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"{name} answered {len(times)} requests in {PATIENCE:g} s, and its p{percent} needs {wanted}"
                )
            connection.ready()
            start = time.perf_counter()
            answer = connection.ask(target.endpoint)
            seconds = time.perf_counter() - start
            self.api.clean(target, answer)
            if index >= WARM_UP:
                times.append(seconds)
        return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def api() -> Api:
    """The API of this process, looked up again when another one is configured or it has been started anew."""
    if not _kept or _kept[0].url != url():
        release()
        _kept.append(Api())
    return _kept[0]


_kept: list[Api] = []


@atexit.register
def release() -> None:
    """Let the connection go."""
    for one in _kept:
        one.connection.close()
    _kept.clear()


def _configured(table: Mapping[str, object]) -> Mapping[str, Target]:
    endpoints = table.get("endpoints")
    assert isinstance(endpoints, dict)
    return {str(name): Target(_endpoint(settings)) for name, settings in endpoints.items()}


def _endpoint(settings: Mapping[str, object]) -> Endpoint:
    body, status = as_body(settings.get("body")), settings.get("status")
    return Endpoint(
        str(settings.get("method") or "GET"),
        str(settings["path"]),
        body,
        status if isinstance(status, int) else None,
        {} if body is None else JSON,
    )


def _post(path: str, body: object) -> Endpoint:
    return Endpoint("POST", path, as_body(body), headers=JSON)


def _removal(path: str) -> Callable[[bytes], Endpoint]:
    return lambda answer: Endpoint("DELETE", f"{path}/{_id(answer)}")


def _id(answer: bytes) -> str:
    return str(json.loads(answer)["id"])


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("api")
