"""Tool servers as rows: perfbench's own, and one that knows nothing of perfbench, by configuration alone."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _mcp_child, mcp
from perfbench import sut
from tests.benchmarks.rows import ROOT, rows, run
from tests.benchmarks.test_mcp_client import LOOP, SERVER
from tests.benchmarks.test_mcp_http import Handler, Message, Server, result, server

__all__ = ["server"]  # a fixture

NAMES = [name for name in rows() if name.startswith("mcp.")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Short spans, and no server of one test left for the next."""
    monkeypatch.setattr(mcp, "SPAN", 0.02)
    monkeypatch.setattr(_mcp_child, "PATIENCE", 2.0)
    yield
    mcp._close()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Configure `[sut.mcp]` as the tool tells it to its workers."""

    def configure(**table: object) -> None:
        tables = {"root": str(tmp_path), "mcp": {"tools": {"say": {"arguments": {"a": 1}}}, **table}}
        monkeypatch.setenv(sut.VARIABLE, json.dumps(tables))

    return configure


@pytest.fixture
def foreign(configured: Any, tmp_path: Path) -> Path:
    """A server that is a script in the project's folder, and the file in which it writes what it hears."""
    (tmp_path / "server.py").write_text(
        SERVER
        + 'log = open("heard", "a", buffering=1)\nreally = called\n'
        + "def called(asked):\n    print(json.dumps(asked['params']), file=log)\n    really(asked)\n"
        + "print(os.environ['KEY'], file=open('key', 'w'))\n"
        + LOOP
    )
    configured(command=[sys.executable, "-S", "server.py"], environment={"KEY": "${A_KEY}"})
    return tmp_path / "heard"


def test_every_transport_has_a_row_for_every_tool() -> None:
    tools = ("echo", "run_command", "read_file", "write_file")
    ways = [f"{way}.{row}" for way in ("Stdio", "Http") for row in ("time_call", "track_throughput")]
    expected = {f"mcp.{way}({tool})" for way in ways for tool in tools}
    assert set(NAMES) == expected | {"mcp.Start.time_stdio(echo)"}


def test_throughput_is_better_when_higher_and_times_are_not() -> None:
    for kind in (mcp.Stdio, mcp.Http):
        throughput: Any = kind.track_throughput
        assert (throughput.unit, throughput.better) == ("calls/s", "higher")
        assert not hasattr(kind.time_call, "better")
        assert not hasattr(kind, "better")


@pytest.mark.parametrize("transport", ["Stdio", "Http"])
@pytest.mark.xdist_group("mcp-server")
def test_perfbenchs_own_server_is_measured(transport: str, tmp_path: Path) -> None:
    pytest.importorskip("mcp", reason="the MCP SDK is not installed: pip install mcp")
    for name in NAMES:
        if name.startswith(f"mcp.{transport}."):
            found = run(name, tmp_path)
            assert (found["samples"][0] if isinstance(found, dict) else found) > 0
    assert len(mcp._kept) == 1


def test_without_the_sdk_its_rows_are_skipped_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mcp, "find_spec", lambda name: None if name == "mcp" else True)
    for name in ("mcp.Stdio.time_call(echo)", "mcp.Http.time_call(echo)", "mcp.Start.time_stdio(echo)"):
        assert math.isnan(run(name, tmp_path))
        assert "pip install 'mcp>=2,<3'" in capsys.readouterr().out


def test_a_revision_that_has_no_server_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mcp, "find_spec", lambda _: None)
    assert math.isnan(run("mcp.Stdio.time_call(echo)", tmp_path))
    assert "has no MCP server" in capsys.readouterr().out


def test_a_foreign_server_is_measured_by_its_own_tools(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "s3cret")
    row = mcp.Stdio()
    for _ in range(2):
        row.setup("say")
        row.time_call("say")
    client = row.client
    assert row.track_throughput("say") > 0
    row.setup("say")
    assert row.client is client  # one server for all samples
    heard = [json.loads(line) for line in foreign.read_text().splitlines()]
    assert heard == [{"name": "say", "arguments": {"a": 1}}] * len(heard)
    assert len(heard) >= 2 + mcp.PIPELINED
    assert (foreign.parent / "key").read_text() == "s3cret\n"


def test_a_foreign_server_is_started_and_ended_for_every_sample(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "")
    row = mcp.Start()
    row.setup("say")
    row.time_stdio("say")
    assert row.client is not None
    client = row.client
    row.teardown("say")
    row.teardown("say")
    assert client.closed


def test_a_key_that_is_not_set_skips_its_rows_without_any_value(foreign: Path) -> None:
    with pytest.raises(NotImplementedError, match="the environment variable A_KEY is not set"):
        mcp.Stdio().setup("say")


def test_a_tool_that_is_not_there_fails_and_says_which_are(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "")
    with pytest.raises(RuntimeError, match="the MCP server has no tool 'sing'; it has say"):
        mcp.Stdio().setup("sing")


def test_a_server_that_died_is_started_anew_for_the_next_sample(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "")
    row = mcp.Stdio()
    row.setup("say")
    row.client.child.process.kill()
    with pytest.raises(RuntimeError, match="was killed by signal 9"):
        row.time_call("say")
    row.setup("say")
    row.time_call("say")


def test_a_tool_that_fails_under_many_calls_leaves_no_answers_for_the_next(
    configured: Any, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(
        SERVER + 'called = lambda asked: answer(asked, {"isError": True})\n' + LOOP
    )
    configured(command=[sys.executable, "-S", "server.py"])
    row = mcp.Stdio()
    row.setup("say")
    with pytest.raises(RuntimeError, match="the tool 'say' failed"):
        row.track_throughput("say")
    assert row.client.closed


def test_a_server_behind_a_url_is_measured_over_four_connections(
    configured: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(handler: Handler, message: Message) -> None:
        tools = message["method"] == "tools/list"
        handler.give(result(message, {"tools": [{"name": "say"}]} if tools else {"content": []}))

    server.answer = answer
    monkeypatch.setenv("A_TOKEN", "t0ken")
    configured(url=server.url, headers={"Authorization": "Bearer ${A_TOKEN}"})
    row = mcp.Http()
    row.setup("say")
    row.time_call("say")
    assert row.track_throughput("say") > 0
    assert len({port for _, _, port in server.heard}) == mcp.CONNECTIONS
    assert all(headers["Authorization"] == "Bearer t0ken" for _, headers, _ in server.heard)


def test_what_is_configured_with_a_command_has_no_http_rows_and_the_other_way_round(configured: Any) -> None:
    configured(command=["true"])
    with pytest.raises(NotImplementedError, match="names a command"):
        mcp.Http().setup("say")
    configured(url="http://127.0.0.1:9/mcp")
    for row in (mcp.Stdio(), mcp.Start()):
        with pytest.raises(NotImplementedError, match="names a url"):
            row.setup("say")


@pytest.mark.parametrize(
    ("tables", "tools"),
    [
        ({"mcp": {"tools": {"a": {}, "b": {}}, "command": ["x"]}}, ["a", "b"]),
        ({"api": {"url": "http://x"}}, []),
    ],
)
def test_rows_are_those_of_the_configured_tools(tables: dict[str, Any], tools: list[str]) -> None:
    script = "import json; from benchmarks import mcp; print(json.dumps(mcp.TOOLS))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, sut.VARIABLE: json.dumps(tables)},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == tools


def test_the_sdk_is_still_found_beside_a_benchmark_of_the_same_name(tmp_path: Path) -> None:
    script = (
        "from tests.benchmarks.rows import rows; assert 'mcp.Stdio.time_call(echo)' in rows();"
        "import mcp; print(mcp.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "benchmarks")
