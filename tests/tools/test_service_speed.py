"""The tool that measures the service: what it asks is answered, it says what missed, and it leaves nothing."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks._http import Connection, Endpoint, as_body
from tests.benchmarks.foreign_api import foreign_api

for library in ("starlette", "uvicorn", "httptools"):
    pytest.importorskip(library, reason=f"{library} is not installed")

TOOLS = Path(__file__).parents[2] / "tools"
needs_wrk = pytest.mark.skipif(
    shutil.which("wrk") is None, reason="wrk is not installed: apt-get install wrk"
)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("service_speed")


def options(**changed: object) -> argparse.Namespace:
    return argparse.Namespace(
        **{"seconds": 1, "rounds": 2, "connections": 2, "runtime": "process", **changed}
    )


def test_all_that_is_asked_is_answered_and_the_servers_go(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def ask_once(place: str, load: Any, _: object) -> float:
        asked.append(place)
        with contextlib.closing(Connection(place)) as connection:
            connection.ask(Endpoint(load.method, load.path, as_body(load.body)))
        return 10_000.0

    monkeypatch.setattr(tool, "_rate", ask_once)
    monkeypatch.setattr(tool, "_options", options)
    assert tool.main() == 0
    said = capsys.readouterr().out
    assert "workflow, sandbox made for it" in said
    assert "health / bare handler                 1.00, 2 pairs, target 0.6" in said
    bare, service = asked[:2]
    assert asked[2:6] == [bare, service, service, bare]
    for place in (bare, service):
        with pytest.raises(RuntimeError, match="cannot be reached"):
            Connection(place)


@needs_wrk
def test_wrk_counts_what_is_answered_with_2xx_alone(tool: ModuleType) -> None:
    with foreign_api() as api:
        load = tool.Load("post", "/things", 0, "POST", {"text": "]] 'quoted' \\ "})
        assert tool._rate(api.url, load, options()) > 0
        (method, path, body, _) = api.asked[0]
        assert (method, path, json.loads(body)) == ("POST", "/v1/things", load.body)
        api.behaviour = "broken"
        with pytest.raises(tool.SpeedError, match="post: Non-2xx or 3xx responses"):
            tool._rate(api.url, load, options())


@pytest.mark.parametrize(("rate", "ratio", "code"), [(200.0, 0.6, 0), (199.0, 0.6, 1), (200.0, 0.59, 1)])
def test_a_target_that_is_missed_is_its_exit_code(
    tool: ModuleType, rate: float, ratio: float, code: int
) -> None:
    pairs = [(10_000.0, 10_000.0 * ratio)]
    assert tool._report(pairs, [tool.Load("workflow", "/workflows", 200, rates=[rate])]) == code


@pytest.mark.parametrize(
    ("arguments", "path", "said"),
    [(["--rounds", "3"], None, "must be an even number"), ([], "", "wrk is not installed")],
)
def test_what_cannot_be_measured_ends_with_2(arguments: list[str], path: str | None, said: str) -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / "service_speed.py"), *arguments],
        env=None if path is None else {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
