"""What workers are told of a user's own system, and what becomes of rows whose server is not there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perfbench import sut
from perfbench.measure.client import WorkerFailedError
from perfbench.measure.discovery import Row, discover
from perfbench.measure.labels import TWIN
from perfbench.measure.launch import SideLaunch
from perfbench.measure.served import ServerFailedError
from perfbench.measure.side import Side
from perfbench.measure.systems import PARAMS, VARIABLE, SideSystems, needed, shared
from perfbench.model import BenchmarkId, Served, System

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            print("so be it", flush=True)
            os._exit(7)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.getcwd().encode())
    def log_message(self, *arguments):
        pass

open("started", "a").write("x")
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

BENCH = """
import json, os
from urllib.request import urlopen

TOLD = json.loads(os.environ["PERFBENCH_SUT"])

class Api:
    params = [list(TOLD["api"]["endpoints"])]
    param_names = ["endpoint"]

    def setup_cache(self):
        return urlopen(TOLD["api"]["url"]).read().decode()

    def track_root(self, root, endpoint):
        path = TOLD["api"]["endpoints"][endpoint]["path"]
        answer = urlopen(TOLD["api"]["url"] + path).read().decode()
        assert answer == root == TOLD["root"]
        return 1

def track_apart():
    return 2
"""

START = (sys.executable, "serve.py")
SETTINGS = {"url": "http://127.0.0.1:{port}", "endpoints": {"home": {"path": "/"}, "die": {"path": "/die"}}}
API = System("api", SETTINGS, ("home", "die"), "http://127.0.0.1:{port}", Served(START), "perfbench.toml:1")
FAILING = replace(API, served=Served((sys.executable, "-c", "raise SystemExit('not today')")))


def row(name: str, **params: str) -> BenchmarkId:
    return BenchmarkId("s", name, tuple(params.items()))


def told(systems: SideSystems) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(systems.variables()[VARIABLE])
    return found


@contextmanager
def side(root: Path, label: str, *systems: System, twin: bool = False) -> Iterator[Side]:
    """A side whose checkout is a folder of its own."""
    folder = root / label
    folder.mkdir()
    (folder / "serve.py").write_text(SERVER)
    with SideSystems(systems, folder, {}, twin=twin) as own:
        environment = dict(own.variables())
        yield Side(label, label, "", False, folder, Path(sys.executable), environment, {}, own)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "api.py").write_text(BENCH)
    return folder


def rows(suite: Path, one: Side) -> dict[str, Row]:
    found = discover(one.python, suite, environment=one.environment).rows
    return {str(row.benchmark): row for row in found}


def ask(launch: SideLaunch, row: Row, label: str) -> float:
    cache = launch.cache(row, label)
    with launch.worker(row, label, 0) as worker:
        worker.ask({"do": "open", "name": row.benchmark.name, "index": row.index, "cache": cache}, 60)
        return float(worker.ask({"do": "sample", "loops": 1, "repeats": 1}, 60)["value"])


def test_the_benchmarks_read_what_the_tool_writes() -> None:
    assert sut.VARIABLE == VARIABLE
    assert tuple(sorted(PARAMS.values())) == tuple(sorted(sut.TARGETS))


def test_nothing_is_told_where_nothing_is_configured(tmp_path: Path) -> None:
    assert SideSystems((), tmp_path, {}).variables() == {}


def test_root_is_filled_in_wherever_a_text_stands(tmp_path: Path) -> None:
    settings = {"command": ["run", "{root}/x"], "tools": {"a": {"arguments": {"path": ["{root}"], "n": 1}}}}
    mcp = System("mcp", settings, ("a",))
    assert told(SideSystems((mcp,), tmp_path, {})) == {
        "mcp": {
            "command": ["run", f"{tmp_path}/x"],
            "tools": {"a": {"arguments": {"path": [str(tmp_path)], "n": 1}}},
        },
        "root": str(tmp_path),
    }


def test_a_row_needs_the_system_whose_target_its_param_names() -> None:
    assert needed((API,), row("a", endpoint="home")) == (API,)
    assert needed((API,), row("a", endpoint="elsewhere")) == ()
    assert needed((API,), row("a", tool="home")) == ()
    assert needed((API,), row("a")) == ()


def test_a_server_that_runs_already_is_one_for_both_sides() -> None:
    running = replace(API, served=None, address="http://localhost:80")
    file = System("database", {}, (), "sqlite:///{root}/own.db")
    assert shared((API, running, file, System("session", {}, ()))) == (running,)


def test_only_a_server_that_a_selected_row_needs_is_started(tmp_path: Path) -> None:
    with side(tmp_path, "head", API) as head:
        assert head.systems is not None
        head.systems.start([row("other")], lambda _: None)
        assert not (head.root / "started").exists()
        heard: list[str] = []
        for _ in range(2):
            head.systems.start([row("a", endpoint="home"), row("b", endpoint="die")], heard.append)
        assert heard == ["starting the server of [sut.api]"]
        assert (head.root / "started").read_text() == "x"


def test_each_side_measures_its_own_server_and_the_twin_one_more_of_base(suite: Path, tmp_path: Path) -> None:
    with side(tmp_path, "base", API, twin=True) as base, side(tmp_path, "head", API) as head:
        found = rows(suite, head)
        home = found["api.Api.track_root(home)"]
        for one in (base, head):
            assert one.systems is not None
            one.systems.start([home.benchmark], lambda _: None)
        with SideLaunch([base, head, replace(base, label=TWIN)], suite) as launch:
            for label in ("base", "head", TWIN):
                assert ask(launch, home, label) == 1.0
        assert ((base.root / "started").read_text(), (head.root / "started").read_text()) == ("xx", "x")


def test_a_server_that_does_not_start_fails_the_rows_that_need_it_and_no_other(
    suite: Path, tmp_path: Path
) -> None:
    with side(tmp_path, "head", FAILING) as head:
        found = rows(suite, head)
        home, apart = found["api.Api.track_root(home)"], found["api.track_apart"]
        assert head.systems is not None
        head.systems.start([home.benchmark, apart.benchmark], lambda _: None)
        with pytest.raises(ServerFailedError):
            head.systems.variables_for(home.benchmark)
        with SideLaunch([head], suite) as launch:
            for _ in range(2):
                with pytest.raises(
                    WorkerFailedError, match=r"ended with exit code 1 before .*not today"
                ) as failed:
                    ask(launch, home, "head")
                assert "not today" in failed.value.details
            assert ask(launch, apart, "head") == 2.0


def test_a_server_that_dies_in_mid_run_is_the_reason_of_that_row_and_of_the_next(
    suite: Path, tmp_path: Path
) -> None:
    with side(tmp_path, "head", API) as head:
        found = rows(suite, head)
        home, die = found["api.Api.track_root(home)"], found["api.Api.track_root(die)"]
        assert head.systems is not None
        head.systems.start([home.benchmark, die.benchmark], lambda _: None)
        with SideLaunch([head], suite) as launch:
            assert ask(launch, home, "head") == 1.0
            for row in (die, home):
                with pytest.raises(WorkerFailedError, match="ended with exit code 7 in mid-run") as failed:
                    ask(launch, row, "head")
                assert "so be it" in failed.value.details
            assert ask(launch, found["api.track_apart"], "head") == 2.0
