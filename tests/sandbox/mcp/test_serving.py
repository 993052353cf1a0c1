"""The real server, over stdin and stdout and over HTTP, driven by the SDK's client and by the benchmarks'."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks._mcp_client import StdioClient
from benchmarks._mcp_http import HttpClient
from perfbench.errors import UsageError
from perfbench.sandbox.mcp.serving import Place
from tests.benchmarks.rows import ROOT

anyio = pytest.importorskip("anyio", reason="the MCP SDK is not installed: pip install mcp")
pytest.importorskip("mcp", reason="the MCP SDK is not installed: pip install mcp")

pytestmark = pytest.mark.xdist_group("mcp-server")
"""One worker, so that the servers of this file are started once."""

ARGV = [sys.executable, "-m", "perfbench.sandbox.mcp"]
TOOLS = {
    "create_sandbox", "delete_sandbox", "echo", "list_files", "list_sandboxes", "read_file", "run_command",
    "run_script", "session_create", "session_read", "session_write", "write_file",
}  # fmt: skip


@pytest.fixture(scope="module")
def stdio() -> Iterator[StdioClient]:
    """A client of a server that all tests of this file share."""
    with StdioClient(ARGV, folder=str(ROOT), environment=os.environ) as client:
        yield client


@contextmanager
def http_server(token: str = "", *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server over HTTP, and its URL."""
    process = subprocess.Popen(
        [*ARGV, "--http", *options],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_TOKEN": token},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process:
        try:
            line = process.stdout.readline()
            assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+/mcp\n", line)
            yield process, line.split()[-1]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of a server that all tests of this file share."""
    with http_server() as (_, url):
        yield url


def test_it_offers_its_tools_with_a_word_on_each(stdio: StdioClient) -> None:
    listed = stdio.request("tools/list", {})["tools"]
    assert {tool["name"] for tool in listed} == TOOLS
    assert all(tool["description"] and tool["inputSchema"]["type"] == "object" for tool in listed)


def test_a_call_answers_with_what_the_tool_gives(stdio: StdioClient) -> None:
    done = stdio.call("run_command", {"argv": ["printf", "%s", "a;b $HOME"]})
    assert done["structuredContent"] == {
        "exit_code": 0,
        "stdout": "a;b $HOME",
        "stderr": "",
        "truncated": False,
    }
    assert stdio.call("echo", {"text": "ü\n"})["structuredContent"] == {"result": "ü\n"}


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("read_file", {"path": "../../etc/passwd"}, "leads out of the sandbox"),
        ("run_command", {"argv": "ls; id"}, "valid list"),
        ("run_command", {"argv": []}, "names no program"),
        ("echo", {}, "Field required"),
        ("run_script", {"source": "1", "engine": "no-such"}, "Error executing tool run_script"),
        ("no_such_tool", {}, "Unknown tool"),
    ],
)
def test_a_call_that_is_wrong_is_answered_with_an_error(
    tool: str, arguments: dict[str, Any], said: str, stdio: StdioClient
) -> None:
    with pytest.raises(RuntimeError, match=said):
        stdio.call(tool, arguments)
    assert stdio.call("echo", {"text": "lives"})["structuredContent"] == {"result": "lives"}


def test_a_call_that_blocks_does_not_hold_up_others(stdio: StdioClient) -> None:
    argv = ["sh", "-c", "until [ -e go ]; do sleep 0.01; done"]
    stdio.begin("tools/call", {"name": "run_command", "arguments": {"argv": argv, "timeout": 60}})
    stdio.begin("tools/call", {"name": "write_file", "arguments": {"path": "go", "content": ""}})
    assert stdio.finish()["structuredContent"] == {"result": 0}
    assert stdio.finish()["structuredContent"]["exit_code"] == 0


@pytest.mark.parametrize("how", ["eof", "SIGTERM"])
def test_when_it_ends_nothing_is_left(how: str) -> None:
    marker = f"87.{os.getpid()}"
    process = subprocess.Popen(
        ARGV, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def say(**message: object) -> None:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]

    with process:
        hello = {
            "protocolVersion": "2024-11-05",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        say(id=1, method="initialize", params=hello)
        assert json.loads(process.stdout.readline())["result"]["protocolVersion"] == "2024-11-05"
        say(method="notifications/initialized")
        argv = ["sh", "-c", f"echo up >up; sleep {marker}"]
        say(
            id=2,
            method="tools/call",
            params={"name": "run_command", "arguments": {"argv": argv, "timeout": 60}},
        )
        number, up = 2, False
        while not up:
            number += 1
            say(id=number, method="tools/call", params={"name": "list_files", "arguments": {}})
            up = "up" in json.loads(process.stdout.readline())["result"]["structuredContent"]["result"]
        if how == "eof":
            process.stdin.close()
        else:
            process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(30) == (0 if how == "eof" else 128 + signal.SIGTERM)
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in rest.splitlines())
    assert not running(marker)
    owned = Path(f"/tmp/perfbench-{os.getuid()}").glob(f"*_{process.pid}_*")
    assert list(owned) == []


def running(marker: str) -> bool:
    """Whether a process has `marker` among its words."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                return True
        except OSError:
            continue
    return False


def test_the_sdks_client_speaks_to_it_in_the_newest_revision() -> None:
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters

    server = StdioServerParameters(command=ARGV[0], args=ARGV[1:], cwd=ROOT)

    async def use() -> tuple[set[str], Any]:
        async with Client(server) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            return tools, await client.call_tool("run_command", {"argv": ["echo", "hi"]})

    tools, done = anyio.run(use)
    assert tools == TOOLS
    assert done.structured_content["stdout"] == "hi\n"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdks_client_speaks_to_it_over_http(mode: str, url: str) -> None:
    from mcp.client import Client

    async def use() -> Any:
        async with Client(url, mode=mode) as client:
            return await client.call_tool("echo", {"text": mode})

    assert anyio.run(use).structured_content == {"result": mode}


def test_sandboxes_are_the_same_over_all_connections(url: str) -> None:
    with HttpClient(url) as first, HttpClient(url) as second:
        name = first.call("create_sandbox", {})["structuredContent"]["result"]
        assert name in second.call("list_sandboxes", {})["structuredContent"]["result"]
        second.call("delete_sandbox", {"sandbox": name})
        assert name not in first.call("list_sandboxes", {})["structuredContent"]["result"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403)],
)
def test_what_a_browser_was_tricked_into_is_refused(headers: dict[str, str], status: int, url: str) -> None:
    assert posted(url, b"{}", headers) == status


def test_a_body_that_is_too_large_is_refused(url: str) -> None:
    assert posted(url, b" " * (4 * 1024**2 + 1), {}) == 413


def posted(url: str, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(url.split("/")[2])
    accepted = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        connection.request("POST", "/mcp", body, {**accepted, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_with_a_token_nobody_is_served_without_it_and_ctrl_c_leaves_nothing() -> None:
    with http_server("open sesame") as (process, url):
        for headers in ({}, {"Authorization": "Bearer open sesam"}):
            with pytest.raises(RuntimeError, match="401 Unauthorized: a valid token is needed"):
                HttpClient(url, headers=headers)
        with HttpClient(url, headers={"Authorization": "Bearer open sesame"}) as client:
            client.call("create_sandbox", {})
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 128 + signal.SIGINT
        assert process.stdout is not None
        assert process.stdout.read() == ""
        assert list(Path(f"/tmp/perfbench-{os.getuid()}").glob(f"*_{process.pid}_*")) == []


def test_without_a_token_it_listens_on_this_machine_alone() -> None:
    with pytest.raises(
        UsageError, match=r"0\.0\.0\.0 can be reached from other machines; export SANDBOX_TOKEN"
    ):
        Place("0.0.0.0")  # noqa: S104


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--runtime", "no-such"], "there is no runtime"), (["--http", "--host", "::"], "SANDBOX_TOKEN")],
)
def test_options_that_do_not_fit_end_it_with_2(options: list[str], said: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SANDBOX_TOKEN"}
    done = subprocess.run(
        [*ARGV, *options], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
