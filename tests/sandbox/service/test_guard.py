"""Who is let in, and how much at once."""

from __future__ import annotations

import pytest

from tests.sandbox.service.served import Served, serving

SECRET = "an-ascii-token-of-some-length"  # noqa: S105


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:80", "[::1]", "[::1]:8000"])
def test_a_client_may_call_this_machine_by_its_names(served: Served, host: str) -> None:
    assert served.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "", "::1"]
)
def test_a_name_that_was_pointed_here_is_refused(served: Served, host: str) -> None:
    answer = served.ask("GET", "/health", headers={"Host": host})
    assert answer.status == 403
    assert "Host header" in answer.members["error"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_a_page_of_another_origin_is_refused(served: Served, origin: str) -> None:
    assert served.ask("POST", "/sandboxes", headers={"Origin": origin}).status == 403


def test_a_page_of_this_origin_is_served(served: Served) -> None:
    own = f"127.0.0.1:{served.port}"
    answer = served.ask("GET", "/health", headers={"Host": own, "Origin": f"http://{own}"})
    assert answer.status == 200


def test_with_a_token_every_request_needs_it() -> None:
    with serving("--host", "0.0.0.0", SANDBOX_TOKEN=SECRET) as service:  # noqa: S104
        service.host = "127.0.0.1"
        assert service.ask("GET", "/health").status == 200
        assert service.ask("GET", "/health", headers={"Host": "runner.example"}).status == 200
        for wrong in (
            "",
            SECRET,
            f"Basic {SECRET}",
            f"Bearer {SECRET}x",
            f"Bearer {SECRET[:-1]}",
            "Bearer ü",
        ):
            answer = service.ask("GET", "/health", headers={"Authorization": wrong})
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert SECRET not in answer.content.decode()


def test_more_requests_than_allowed_are_told_to_come_again() -> None:
    with serving("--requests", "1") as service, service.connect() as busy:
        busy.sendall(b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
        while (answer := service.ask("GET", "/sandboxes")).status != 503:
            pass
        assert answer.headers["retry-after"] == "1"
        assert service.ask("GET", "/health").status == 200
        busy.sendall(b"}")
        assert busy.recv(12) == b"HTTP/1.1 201"
        assert service.ask("GET", "/sandboxes").status == 200
