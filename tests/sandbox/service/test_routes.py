"""The service as its clients see it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.sandbox.service.served import Served, serving


def test_it_says_that_it_is_well(served: Served) -> None:
    answer = served.ask("GET", "/health")
    assert (answer.status, answer.members) == (200, {"status": "ok", "runtime": "process"})
    assert answer.headers["content-type"] == "application/json"


def test_a_sandbox_is_made_listed_shown_and_removed(served: Served) -> None:
    id = served.sandbox()
    assert id in served.ask("GET", "/sandboxes").members["sandboxes"]
    assert served.ask("GET", f"/sandboxes/{id}").members == {"id": id, "runtime": "process"}
    assert served.ask("DELETE", f"/sandboxes/{id}").status == 204
    assert id not in served.ask("GET", "/sandboxes").members["sandboxes"]
    gone = served.ask("DELETE", f"/sandboxes/{id}")
    assert (gone.status, gone.members["error"]) == (404, f"there is no sandbox '{id}'")


def test_a_command_answers_with_its_exit_code_and_both_streams(served: Served, sandbox: str) -> None:
    answer = served.run(sandbox, "sh", "-c", "cat; echo err >&2; exit 7", stdin="grüße")
    assert answer.members == {
        "exit_code": 7,
        "stdout": "grüße",
        "stderr": "err\n",
        "encoding": "utf-8",
        "truncated": False,
    }


def test_a_file_is_written_read_and_deleted(served: Served, sandbox: str) -> None:
    content = bytes(range(256)) * 100
    path = f"/sandboxes/{sandbox}/files/folder/{quote('a b ü')}"
    assert served.ask("PUT", path, content).status == 204
    answer = served.ask("GET", path)
    assert (answer.status, answer.content) == (200, content)
    assert served.run(sandbox, "ls", "folder").members["stdout"] == "a b ü\n"
    assert served.ask("DELETE", path).status == 204
    assert served.ask("GET", path).status == served.ask("DELETE", path).status == 404


def test_a_file_of_nothing_is_a_file(served: Served, sandbox: str) -> None:
    assert served.ask("PUT", f"/sandboxes/{sandbox}/files/empty", b"").status == 204
    answer = served.ask("GET", f"/sandboxes/{sandbox}/files/empty")
    assert (answer.status, answer.content) == (200, b"")


def test_a_session_is_made_written_read_and_deleted(served: Served) -> None:
    made = served.ask("POST", "/sessions", {"state": {"step": 1}})
    assert made.status == 201
    path = f"/sessions/{made.members['id']}"
    assert served.ask("PUT", path, {"history": [{"said": "hello"}]}).status == 200
    read = served.ask("GET", path).members
    assert (read["state"], read["history"]) == ({"step": 1}, [{"said": "hello"}])
    assert made.members["id"] in served.ask("GET", "/sessions").members["sessions"]
    assert served.ask("DELETE", path).status == served.ask("DELETE", path).status == 204
    assert served.ask("GET", path).status == served.ask("PUT", path, {"state": {}}).status == 404


@pytest.mark.parametrize("store", ["json", "sqlite"])
def test_sessions_may_be_kept_on_disk(store: str) -> None:
    with serving("--store", store) as service:
        id = service.ask("POST", "/sessions", {"state": {"kept": True}}).members["id"]
        assert service.ask("GET", f"/sessions/{id}").members["state"] == {"kept": True}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/health", "GET"),
        ("DELETE", "/sandboxes", "GET, POST"),
        ("GET", "/workflows", "POST"),
        ("POST", "/sessions/abc", "GET, PUT, DELETE"),
        ("HEAD", "/health", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_refused_with_those_that_are(
    served: Served, method: str, path: str, allowed: str
) -> None:
    answer = served.ask(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/", "/nothing", "/health/", "/sandboxes/a/b", "//health"])
def test_a_path_that_is_not_there_is_not_found(served: Served, path: str) -> None:
    assert served.ask("GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "exec"), ("GET", "files/a"), ("PUT", "files/a"), ("DELETE", "files/a"), ("GET", "")],
)
def test_a_sandbox_that_is_not_there_is_not_found(served: Served, method: str, path: str) -> None:
    answer = served.ask(method, f"/sandboxes/nowhere/{path}".rstrip("/"), {"argv": ["true"]})
    assert answer.status == 404


def test_no_more_sandboxes_are_made_than_allowed(served: Served) -> None:
    made = []
    try:
        for _ in range(20):
            answer = served.ask("POST", "/sandboxes")
            if answer.status != 201:
                break
            made.append(answer.members["id"])
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert "there are 8 sandboxes already; delete one" in "; ".join(answer.members.values())
    finally:
        for id in made:
            served.ask("DELETE", f"/sandboxes/{id}")
    assert len(made) <= 8
