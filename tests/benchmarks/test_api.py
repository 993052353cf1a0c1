"""Rows of an HTTP API: perfbench's own service, and one that knows nothing of perfbench."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _http, _reference, api
from perfbench import sut
from tests.benchmarks.foreign_api import Api, foreign_api
from tests.benchmarks.rows import rows, run

NEEDS_SERVICE = ("starlette", "uvicorn", "httptools")
Configure = Callable[..., None]


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """The service goes with the tests that use it."""
    yield
    api.release()
    _reference.release()


@pytest.fixture
def service() -> None:
    for library in NEEDS_SERVICE:
        pytest.importorskip(library, reason=f"{library} is not installed")


@pytest.fixture
def server() -> Iterator[Api]:
    with foreign_api() as found:
        yield found
        api.release()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, server: Api) -> Configure:
    def set_up(**more: Any) -> None:
        endpoints = more.pop("endpoints", {"list": {"path": "/things"}})
        table = {"url": server.url, "endpoints": endpoints, **more}
        monkeypatch.setenv(sut.VARIABLE, json.dumps({"api": table}))

    return set_up


def request(name: str) -> None:
    """One row of a configured API, as asv runs it."""
    benchmark = api.Request()
    try:
        benchmark.setup(name)
        benchmark.time_request(name)
    finally:
        benchmark.teardown(name)


def left() -> int:
    """How many sandboxes the service holds beside the one that the benchmarks keep."""
    answer = api.api().connection.ask(_http.Endpoint("GET", "/sandboxes"))
    return len(json.loads(answer)["sandboxes"]) - 1


def test_the_services_endpoints_have_rows() -> None:
    names = {f"api.Request.time_request({name})" for name in api.REFERENCE}
    names |= {f"api.Latency.track_p{p}({name})" for name in api.REFERENCE for p in (50, 95, 99)}
    assert names == {name for name in rows() if name.startswith("api.")}


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("endpoint", api.REFERENCE)
def test_every_endpoint_answers_and_leaves_nothing(endpoint: str, tmp_path: Path) -> None:
    result = run(f"api.Request.time_request({endpoint})", tmp_path)
    assert result["samples"][0] > 0
    assert left() == 0


@pytest.mark.usefixtures("service")
def test_a_percentile_of_what_is_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "REQUESTS", {95: 20})
    assert run("api.Latency.track_p95(create)", tmp_path) > 0
    assert left() == 0


def test_a_percentile_is_of_single_requests(
    configure: Configure, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setattr(api, "REQUESTS", {50: 50, 95: 100, 99: 300})
    benchmark = api.Latency()
    benchmark.setup("list")
    p50, p95, p99 = (
        measure("list") for measure in (benchmark.track_p50, benchmark.track_p95, benchmark.track_p99)
    )
    assert min(p50, p95, p99) > 0
    assert len(server.asked) == 50 + 100 + 300 + 3 * api.WARM_UP
    assert server.connections == 1
    assert (api.Latency.unit, api.Latency.better) == ("seconds", "lower")


def test_an_api_that_is_too_slow_for_a_percentile_says_so(
    configure: Configure, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setattr(api, "PATIENCE", 0.0)
    benchmark = api.Latency()
    benchmark.setup("list")
    with pytest.raises(RuntimeError, match="list answered 0 requests in 0 s, and its p99 needs 300"):
        benchmark.track_p99("list")


def test_a_request_is_sent_as_it_is_configured(
    configure: Configure, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "secret-of-the-test")
    made = {"method": "POST", "path": "/things?all=1", "body": {"name": "x"}, "status": 200}
    configure(
        headers={"Authorization": "Bearer ${API_TOKEN}"},
        endpoints={"make": made, "text": {"method": "PUT", "path": "/text", "body": "as it is"}},
    )
    for name in ("make", "text"):
        request(name)
    (method, path, body, headers), (*_, text, _) = server.asked
    assert (method, path, json.loads(body)) == ("POST", "/v1/things?all=1", {"name": "x"})
    assert headers["Authorization"] == "Bearer secret-of-the-test"
    assert headers["Content-Type"] == "application/json"
    assert text == b"as it is"


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("broken", r"answered GET /things with 500: "),
        ("teapot", r"answered GET /things with 418: "),
        ("drops", r"gave no whole answer to GET /things \(the connection was closed\)"),
        ("silent", r"gave no whole answer to GET /things \(nothing came for 0\.2 s\)"),
    ],
)
def test_an_api_that_misbehaves_fails_its_row_in_one_sentence(
    behaviour: str, said: str, configure: Configure, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "SILENCE", 0.2)
    configure()
    request("list")
    server.behaviour = behaviour
    with pytest.raises(RuntimeError, match=rf"^the API at http://127\.0\.0\.1:\d+/v1 {said}"):
        request("list")
    server.behaviour = "well"
    request("list")  # the next row finds it well again


def test_another_status_than_the_configured_one_is_a_failure(configure: Configure) -> None:
    configure(endpoints={"list": {"path": "/things", "status": 201}})
    with pytest.raises(RuntimeError, match="answered GET /things with 200 and not 201"):
        request("list")


@pytest.mark.parametrize("behaviour", ["closes", "says that it closes"])
def test_a_connection_that_the_server_closes_is_opened_again(
    behaviour: str, configure: Configure, server: Api
) -> None:
    server.behaviour = behaviour
    configure()
    for _ in range(3):
        request("list")
        if behaviour == "closes":
            while not _http._is_readable(api.api().connection._connection.sock):
                pass  # until the end of the connection has come
    assert server.connections == 3


def test_an_api_that_is_down_says_so(
    monkeypatch: pytest.MonkeyPatch, configure: Configure, server: Api
) -> None:
    configure(url="http://127.0.0.1:1")
    with pytest.raises(
        RuntimeError, match=r"the API at http://127\.0\.0\.1:1 cannot be reached \(Connection ref"
    ):
        request("list")


def test_a_secret_is_never_shown(configure: Configure, server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "secret\nof the test")
    configure(headers={"Authorization": "Bearer ${API_TOKEN}"})
    with pytest.raises(RuntimeError, match="a header or the path holds what none can") as caught:
        request("list")
    assert "secret" not in str(caught.value)
    monkeypatch.delenv("API_TOKEN")
    api.release()
    with pytest.raises(NotImplementedError, match="the environment variable API_TOKEN is not set"):
        request("list")


def test_where_other_areas_are_configured_there_is_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sut.VARIABLE, json.dumps({"workflow": {"factory": "a:b"}}))
    with pytest.raises(NotImplementedError, match=r"no \[sut.api\] is configured"):
        _reference.url()
