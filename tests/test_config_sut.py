from __future__ import annotations

from pathlib import Path

import pytest

from perfbench import sut
from perfbench.config import load_project
from perfbench.errors import ConfigError, ExitCode
from perfbench.model import Served, System

FULL = """\
[sut.container]
runtimes = ["process", "docker:runc"]
image = "localhost/own:1"

[sut.command]
commands = { version = "tool --version", help = ["tool", "help me"] }

[sut.api]
url = "http://127.0.0.1:{port}"
headers = { Authorization = "Bearer ${TOKEN}" }
start = "python -m service --port {port}"
ready = ["curl", "-fs", "http://127.0.0.1:{port}/health"]
stop = "python -m service stop {port}"
timeout = "20 s"

[sut.api.endpoints]
health = { path = "/health" }
create = { method = "post", path = "/things", body = { name = "x", count = 3 }, status = 201 }

[sut.mcp]
command = ["python", "-m", "server", "{root}"]
environment = { DEPTH = "2" }
tools = { now = { arguments = { zone = "UTC" } }, empty = {} }

[sut.session]
factory = "own.stores:open_store"

[sut.script]
factory = "scripts"

[sut.settings]
factory = "own:settings"

[sut.workflow]
factory = "own:workflow"

[sut.llm]
url = "https://llm.example.org/v1"
models = ["small", "org/large:7b"]
headers = { Authorization = "Bearer ${LLM_KEY}" }

[sut.database]
url = "postgresql://me:${PASSWORD}@127.0.0.1/shop"
queries = { count = "SELECT count(*) FROM things" }
"""


def configured(folder: Path, text: str) -> dict[str, System]:
    (folder / "perfbench.toml").write_text(text)
    return {system.name: system for system in load_project(folder).systems}


def test_every_table_is_read(tmp_path: Path) -> None:
    found = configured(tmp_path, FULL)
    assert found["container"].settings == {"runtimes": ["process", "docker:runc"], "image": "localhost/own:1"}
    assert found["command"].settings == {
        "commands": {"version": ["tool", "--version"], "help": ["tool", "help me"]}
    }
    assert found["api"].settings == {
        "url": "http://127.0.0.1:{port}",
        "endpoints": {
            "health": {"method": "GET", "path": "/health"},
            "create": {"method": "POST", "path": "/things", "body": {"name": "x", "count": 3}, "status": 201},
        },
        "headers": {"Authorization": "Bearer ${TOKEN}"},
    }
    assert found["mcp"].settings == {
        "command": ["python", "-m", "server", "{root}"],
        "environment": {"DEPTH": "2"},
        "tools": {"now": {"arguments": {"zone": "UTC"}}, "empty": {"arguments": {}}},
    }
    assert found["session"].settings == {"factory": "own.stores:open_store"}
    assert found["script"].settings == {"factory": "scripts"}
    assert found["llm"].settings["models"] == ["small", "org/large:7b"]
    assert found["llm"].settings["max_tokens"] == 64
    assert found["database"].settings["queries"] == {"count": "SELECT count(*) FROM things"}
    assert len(found) == 10


def test_the_targets_of_each_table_are_those_that_the_benchmarks_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from perfbench.measure.systems import SideSystems

    found = configured(tmp_path, FULL)
    for name, value in SideSystems(tuple(found.values()), tmp_path, {}).variables().items():
        monkeypatch.setenv(name, value)
    for table, system in found.items():
        assert sut.names(table, ("default",)) == system.targets


def test_how_a_server_is_started_stands_apart_from_what_the_benchmarks_are_told(tmp_path: Path) -> None:
    found = configured(tmp_path, FULL)
    assert found["api"].served == Served(
        start=("python", "-m", "service", "--port", "{port}"),
        ready=("curl", "-fs", "http://127.0.0.1:{port}/health"),
        stop=("python", "-m", "service", "stop", "{port}"),
        timeout=20.0,
    )
    assert found["api"].address == "http://127.0.0.1:{port}"
    assert found["api"].origin == "perfbench.toml:8"
    assert found["llm"].served is None
    assert found["llm"].address == "https://llm.example.org/v1"
    assert found["mcp"].address == ""


def test_one_command_is_the_target_command(tmp_path: Path) -> None:
    found = configured(tmp_path, '[sut.command]\nargv = "tool run"\n')
    assert found["command"].settings == {"commands": {"command": ["tool", "run"]}}
    assert found["command"].targets == ("command",)


def test_a_container_factory_is_one_target_unless_it_names_runtimes(tmp_path: Path) -> None:
    assert configured(tmp_path, '[sut.container]\nfactory = "a:b"\n')["container"].targets == ("own",)
    text = '[sut.container]\nfactory = "a:b"\nruntimes = ["x"]\n'
    assert configured(tmp_path, text)["container"].targets == ("x",)


def test_the_tables_may_stand_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(FULL.replace("[sut", "[tool.perfbench.sut"))
    assert len(load_project(tmp_path).systems) == 10


def test_without_tables_nothing_is_configured(tmp_path: Path) -> None:
    assert configured(tmp_path, "[sut]\n") == {}


API = '[sut.api]\nendpoints = { a = { path = "/" } }\nurl = "http://localhost:1"\n'
SERVED = API.replace("localhost:1", "localhost:{port}")
MCP = '[sut.mcp]\ntools = { a = {} }\ncommand = "x"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sut.apis]\n", "did you mean 'api'?"),
        ("[sut.api]\n", "add url"),
        (API.replace("http:", "ftp:"), "write http://… or https://…"),
        (API.replace("localhost:1", ""), "write http://… or https://…"),
        (API.replace("localhost:1", "localhost:x"), "write http://… or https://…"),
        (API.replace("localhost:1", "{host}:1"), "{host} stands for nothing"),
        (API.replace('"/"', '"things"'), "begin it with '/'"),
        (API.replace('"/"', '"/a b"'), "begin it with '/'"),
        (API.replace('"/"', '"/", method = "GE T"'), "no method of HTTP"),
        (API.replace('"/"', '"/", status = 99'), "no status of HTTP"),
        (API.replace('"/"', '"/", body = 2026-01-01'), "write dates as strings"),
        (API.replace('"/"', '"/", body = [nan]'), "cannot be written as JSON"),
        (API.replace('"/"', '"/", bdy = "x"'), "unknown key 'bdy'"),
        (API.replace("{ a =", '{ "a b" ='), "cannot be called 'a b'"),
        (API.replace('{ a = { path = "/" } }', "{}"), "names nothing to measure"),
        (API + 'headers = { "X Y" = "1" }', "no name of a header"),
        (API + 'headers = { X = "a\\r\\nY: b" }', "control character"),
        (API + 'start = "serve"', "base and head would both listen"),
        (API + 'stop = "halt"', "'stop' without start means nothing"),
        (API + "timeout = 3", "'timeout' without start means nothing"),
        (SERVED, "nothing is started that would listen"),
        (SERVED + 'start = "serve {port} && true"', "'&&' means nothing here"),
        (SERVED + 'start = "serve {port}"\nready = "curl x | grep y"', "'|' means nothing here"),
        (SERVED + 'start = ""', "runs no program"),
        (SERVED + 'start = "serve"\ntimeout = 0', "no time to wait for"),
        (MCP + 'url = "http://localhost:1"', "has both command and url"),
        (MCP.replace('command = "x"', ""), "has neither command nor url"),
        (MCP + 'start = "x"', "is started by the benchmarks"),
        (MCP + 'environment = { "A-B" = "1" }', "cannot be set as a variable"),
        (MCP.replace('"x"', '"x > y"').replace(">", "> "), "'>' means nothing here"),
        (MCP.replace("{ a = {} }", "{ a = { arguments = { day = 2026-01-01 } } }"), "write dates as strings"),
        ("[sut.container]\n", "names nothing to measure"),
        ('[sut.container]\nruntimes = ["a", "a"]\n', "stands there twice"),
        ('[sut.container]\nruntimes = ["a b"]\n', "cannot be called"),
        ("[sut.command]\n", "names nothing to measure"),
        ('[sut.command]\nargv = "a"\ncommands = { b = "c" }\n', "both argv and commands"),
        ('[sut.session]\nfactory = "a b"\n', "names no factory"),
        ('[sut.session]\nfactory = "a:b:c"\n', "names no factory"),
        ("[sut.session]\n", "add factory"),
        ('[sut.llm]\nurl = "http://x"\nmodels = []\n', "names no model"),
        ('[sut.llm]\nurl = "http://x"\nmodels = ["a"]\nmax_tokens = 0\n', "choose 1 to 100000"),
        ('[sut.llm]\nurl = "http://x"\nmodels = ["a"]\nprompt = " "\n', "'prompt' is empty"),
        ('[sut.database]\nurl = "mysql://x"\nqueries = { a = "b" }\n', "write postgresql://"),
        ('[sut.database]\nurl = "sqlite:///x"\nqueries = { a = " " }\n', "write it in SQL"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        configured(tmp_path, text)
    assert told in str(refused.value)
    assert "perfbench.toml:" in str(refused.value)
    assert refused.value.exit_code == ExitCode.USAGE


def test_the_complaint_names_the_line_of_the_endpoint(tmp_path: Path) -> None:
    text = '[sut.api]\nurl = "http://localhost:1"\n\n[sut.api.endpoints]\na = { path = "/" }\nb = { path = "x" }\n'
    with pytest.raises(ConfigError, match=r"perfbench\.toml:6"):
        configured(tmp_path, text)


def test_no_complaint_about_an_address_shows_its_password(tmp_path: Path) -> None:
    text = '[sut.database]\nurl = "mysql://me:geheim@x/y"\nqueries = { a = "b" }\n'
    with pytest.raises(ConfigError) as refused:
        configured(tmp_path, text)
    assert "geheim" not in str(refused.value)


def test_more_than_an_environment_can_hold_is_refused(tmp_path: Path) -> None:
    body = "x" * 110_000
    with pytest.raises(ConfigError, match="KiB"):
        configured(tmp_path, API.replace('"/"', f'"/", body = "{body}"'))
