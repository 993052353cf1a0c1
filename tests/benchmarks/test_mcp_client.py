"""The client of tool servers: what it makes of servers that behave, and of all those that do not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import _mcp_child, _mcp_client
from benchmarks._mcp_client import VERSIONS, StdioClient
from tests.benchmarks.rows import ROOT

SERVER = """
import json, os, sys, time

def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

def answer(asked, result):
    say(id=asked["id"], result=result)

def hello(asked):
    answer(asked, {"protocolVersion": VERSION, "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}})

def called(asked):
    answer(asked, {"content": [{"type": "text", "text": json.dumps(asked["params"]["arguments"])}]})

def tools(asked):
    answer(asked, {"tools": [{"name": "say"}]})

def heard():
    return json.loads(sys.stdin.readline() or sys.exit(0))

VERSION = "2025-11-25"
"""
LOOP = """
while True:
    asked = heard()
    {"initialize": hello, "tools/list": tools, "tools/call": called}.get(asked["method"], lambda asked: None)(asked)
"""

Start = Callable[..., StdioClient]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a server that is a small script; it and all that it started is gone after the test."""
    monkeypatch.setattr(_mcp_child, "PATIENCE", 0.5)
    script = tmp_path / "server.py"

    with contextlib.ExitStack() as stack:

        def started(body: str = LOOP, *, timeout: float = 10.0) -> StdioClient:
            script.write_text(SERVER + body)
            client = StdioClient(
                [sys.executable, "-S", "-E", str(script)],
                folder=str(tmp_path),
                environment=os.environ,
                timeout=timeout,
                starts_within=timeout,
            )
            return stack.enter_context(client)

        yield started


def answering(how: str) -> str:
    """A server that opens as it must, and then answers a call in that way."""
    return f"hello(heard())\nheard()\nasked = heard()\n{how}\nheard()"


def test_it_calls_a_tool_and_gives_its_answer(start: Start) -> None:
    client = start()
    assert client.version == VERSIONS[0]
    assert client.tools() == ("say",)
    assert client.call("say", {"a": "ü\n"})["content"][0]["text"] == json.dumps({"a": "ü\n"})


@pytest.mark.parametrize("version", VERSIONS)
def test_it_speaks_every_revision_that_opens_with_a_handshake(version: str, start: Start) -> None:
    assert start(f"VERSION = {version!r}\n{LOOP}").version == version


def test_a_list_of_tools_may_have_pages(start: Start) -> None:
    client = start(
        "hello(heard())\nheard()\n"
        'answer(heard(), {"tools": [{"name": "a"}], "nextCursor": "2"})\n'
        'asked = heard(); assert asked["params"] == {"cursor": "2"}\n'
        'answer(asked, {"tools": [{"name": "b"}]})\nheard()'
    )
    assert client.tools() == ("a", "b")


def test_several_calls_may_be_under_way_and_come_back_in_any_order(start: Start) -> None:
    client = start(
        "hello(heard())\nheard()\nasked = [heard() for _ in range(3)]\n[called(one) for one in asked[::-1]]\nheard()"
    )
    for number in range(3):
        client.begin("tools/call", {"name": "say", "arguments": {"n": number}})
    texts = [client.finish()["content"][0]["text"] for _ in range(3)]
    assert texts == ['{"n": 2}', '{"n": 1}', '{"n": 0}']


def test_what_a_server_says_and_asks_meanwhile_is_passed_over_and_answered(start: Start) -> None:
    client = start(
        answering(
            'say(method="notifications/message", params={"data": "x"})\nprint()\n'
            'say(id="p", method="ping")\nping = heard()\n'
            'say(id=1, method="roots/list")\nroots = heard()\n'
            'say(id=2, method="sampling/createMessage", params={})\nsampling = heard()\n'
            'answer(asked, {"content": [ping, roots, sampling]})'
        )
    )
    ping, roots, sampling = client.call("say", {})["content"]
    assert (ping["id"], ping["result"]) == ("p", {})
    assert roots["result"] == {"roots": []}
    assert sampling["error"]["code"] == -32601


def test_a_batch_is_taken_apart(start: Start) -> None:
    client = start(
        answering(
            'other = heard()\nprint(json.dumps([{"jsonrpc": "2.0", "id": one["id"], "result": {"content": []}}'
            " for one in (asked, other)]), flush=True)"
        )
    )
    client.begin("tools/call", {"name": "say", "arguments": {}})
    client.begin("tools/call", {"name": "say", "arguments": {}})
    assert [client.finish(), client.finish()] == [{"content": []}, {"content": []}]


def test_long_messages_go_both_ways_at_once(start: Start) -> None:
    client = start()
    text = "x" * 500_000
    for _ in range(4):
        client.begin("tools/call", {"name": "say", "arguments": {"text": text}})
    assert all(len(client.finish()["content"][0]["text"]) > len(text) for _ in range(4))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("sys.exit('no such luck')", "ended with exit code 1: no such luck"),
        ("os.kill(os.getpid(), 9)", "was killed by signal 9"),
        ("os.close(1); time.sleep(60)", "closed its stdout"),
        ("print('Starting…', flush=True)", "says what is no message: b'Starting"),
        ("print('[1, 2]', flush=True)", "says what is no message"),
        ("print('{}', flush=True)", "says what is no message"),
        ("print('[' * 100_000, flush=True)", "says what is no message"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush()", "says what is no message"),
        ("say(id=99, result={})", "answers 99, which was not asked"),
        ("say(id='2', result={})", "answers '2', which was not asked"),
        ("say(id=True, result={})", "answers True, which was not asked"),
        ("say(id=None, error={'code': -32700, 'message': 'what?'})", "which was not asked: what?"),
        ("say(id=asked['id'])", "neither a result nor an error"),
        ("say(id=asked['id'], result=[1])", "neither a result nor an error"),
        ("say(id=asked['id'], error={'code': 1, 'message': 'no'})", "answers with an error: no"),
        ("say(id=asked['id'], error=5)", "answers with an error: 5"),
        ("answer(asked, {'isError': True, 'content': [{'text': 'lost'}]})", "the tool 'say' failed: lost"),
        ("answer(asked, {'isError': True})", "the tool 'say' failed"),
        ("answer(asked, {'isError': True, 'content': [5]})", "the tool 'say' failed"),
    ],
)
def test_what_a_server_must_not_do_is_an_error_in_a_sentence(how: str, said: str, start: Start) -> None:
    client = start(answering(how))
    with pytest.raises(RuntimeError) as raised:
        client.call("say", {})
    assert said in str(raised.value)


def test_after_an_error_of_a_tool_the_next_call_is_answered(start: Start) -> None:
    client = start(answering("answer(asked, {'isError': True})\ncalled(heard())"))
    with pytest.raises(RuntimeError, match="failed"):
        client.call("say", {})
    assert client.call("say", {})["content"]
    assert not client.closed


@pytest.mark.parametrize("how", ["time.sleep(60)", "while True: say(method='notifications/progress')"])
def test_a_server_that_never_answers_is_given_up_and_killed(how: str, start: Start) -> None:
    client = start(answering(how))
    client.timeout = 0.2
    with pytest.raises(RuntimeError, match=r"has not answered within 0\.2 s"):
        client.call("say", {})
    assert client.closed
    assert client.child.process.returncode is not None


def test_a_line_without_an_end_is_not_waited_for(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mcp_client, "MOST_BYTES", 1_000_000)
    client = start(answering("while True: print(end='x' * 65536)"))
    with pytest.raises(RuntimeError, match="says more than 1000000 bytes at once"):
        client.call("say", {})
    assert client.closed


def test_a_server_that_does_not_read_is_given_up(start: Start) -> None:
    client = start("hello(heard())\nheard()\ntime.sleep(60)")
    client.timeout = 0.2
    with pytest.raises(RuntimeError, match="has not answered"):
        client.call("say", {"text": "x" * 1_000_000})


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ("sys.exit(3)", "ended with exit code 3"),
        (
            "answer(heard(), {'protocolVersion': '2099-01-01'})",
            "speaks revision '2099-01-01' of the protocol",
        ),
        ("answer(heard(), {})", "speaks revision None of the protocol"),
        ("say(id=heard()['id'], error={'message': 'use server/discover'})", "an error: use server/discover"),
    ],
)
def test_a_server_that_does_not_open_as_it_must_fails_and_is_gone(
    opening: str, said: str, start: Start, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match=said):
        start(f"print(os.getpid(), file=open('pid', 'w'))\n{opening}\nheard()")
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_program_that_is_not_there_is_skipped_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match=r"no-such-program cannot be run in .*: No such file"):
        StdioClient(["no-such-program"], folder=str(tmp_path), environment=os.environ)


def test_what_a_server_started_goes_with_it(start: Start, tmp_path: Path) -> None:
    client = start(
        f"import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid, file=open('pid', 'w'))\n{LOOP}"
    )
    client.close()
    client.close()
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(pid))


@pytest.mark.parametrize("listening", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_a_server_dies_with_the_process_that_started_it_however_that_dies(
    listening: str, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(
        f"{SERVER}{listening}\nprint(os.getpid(), file=open('pid', 'w'))\nhello(heard())\ntime.sleep(60)"
    )
    starter = (
        "import os, signal, sys\nfrom benchmarks import _mcp_child\n_mcp_child.PATIENCE = 0.1\n"
        "from benchmarks._mcp_client import StdioClient\n"
        f"StdioClient([sys.executable, 'server.py'], folder={str(tmp_path)!r}, environment=os.environ)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", starter], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    turn = threading.Event()
    for _ in range(1000):
        if holds():
            return
        turn.wait(0.01)
    raise AssertionError("it has not come to hold within 10 s")
