"""A project's own server, one for each side: `check`, `run` and `list` of a small project with asv benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from perfbench.errors import ExitCode
from tests.commands.command_line import perfbench
from tests.measure.sample_project import BARE, SampleProject

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open("value").read().encode())
    def log_message(self, *arguments):
        pass

if "broken" in open("value").read():
    raise SystemExit("the value is broken")
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

BENCH = """
import json, os
from urllib.request import urlopen

TOLD = json.loads(os.environ["PERFBENCH_SUT"])["api"]

class Api:
    params = [list(TOLD["endpoints"])]
    param_names = ["endpoint"]
    unit = "widgets"

    def track_value(self, endpoint):
        return int(urlopen(TOLD["url"] + TOLD["endpoints"][endpoint]["path"]).read())

def track_apart():
    return 7
"""

SUT = f"""
[sut.api]
url = "http://127.0.0.1:{{port}}"
endpoints = {{ value = {{ path = "/value" }} }}
start = ["{sys.executable}", "serve.py"]
"""

RUNNING = """
[sut.api]
url = "http://127.0.0.1:%d"
endpoints = { value = { path = "/value" } }
"""

VALUE, APART = "api.Api.track_value(value)", "api.track_apart"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SampleProject:
    """Three commits: the server does not start, then gives 120, then 100. The settings are in none of them."""
    commands = {"build_command": [], "install_command": ["python -c pass"]}
    made = SampleProject(tmp_path_factory.mktemp("served") / "project", commands)
    (made.root / "benchmarks" / "bench.py").unlink()
    made.write("benchmarks/api.py", BENCH)
    made.write("serve.py", SERVER)
    made.write(".gitignore", "perfbench.toml\n")
    made.write("perfbench.toml", SUT)
    for tag, value in (("bad", "broken"), ("high", "120"), ("low", "100")):
        made.write("value", value)
        made.commit(tag)
        made.git("tag", tag)
    return made


def judged(project: SampleProject, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the verdicts by row, and all output."""
    report = project.root.parent / "report.json"
    report.unlink(missing_ok=True)
    done = perfbench(*arguments, "--json", str(report), "--quiet", cwd=project.root, **BARE)
    content = json.loads(report.read_text()) if report.exists() else {"verdicts": []}
    return (
        done.returncode,
        {verdict["benchmark"]["id"]: verdict for verdict in content["verdicts"]},
        done.stdout + done.stderr,
    )


def check(
    project: SampleProject, base: str, head: str, *arguments: str, rounds: int = 2
) -> tuple[int, dict[str, Any], str]:
    budget = ("--rounds", str(rounds), "--time-budget", "60 s")
    return judged(project, "check", "--base", base, "--head", head, *budget, *arguments)


def test_base_and_head_are_two_servers_each_of_its_own_commit(project: SampleProject) -> None:
    code, verdicts, output = check(project, "low", "high", rounds=6)
    assert code == ExitCode.REGRESSED, output
    assert (verdicts[VALUE]["outcome"], verdicts[APART]["outcome"]) == ("regressed", "passed")
    compared = verdicts[VALUE]["comparison"]
    assert (compared["base"], compared["head"]) == (100.0, 120.0)


def test_a_server_that_does_not_start_on_head_fails_its_rows_alone(project: SampleProject) -> None:
    code, verdicts, output = check(project, "low", "bad")
    assert code == ExitCode.NOTHING_MEASURED, output
    assert verdicts[VALUE]["outcome"] == "failed"
    assert "the value is broken" in verdicts[VALUE]["reason"]
    assert verdicts[APART]["comparison"]["head"] == 7.0


def test_a_server_that_does_not_start_on_base_alone_makes_its_rows_new(project: SampleProject) -> None:
    code, verdicts, output = check(project, "bad", "low")
    assert code == ExitCode.PASSED, output
    assert verdicts[VALUE]["outcome"] == "new"
    assert "base cannot run it: the server of [sut.api] ended with exit code 1" in verdicts[VALUE]["reason"]


def test_a_server_that_runs_already_is_measured_alone_and_never_as_two(project: SampleProject) -> None:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "serve.py"], cwd=project.root, env={"PORT": str(port)}, stdin=subprocess.DEVNULL
    )
    project.write("perfbench.toml", RUNNING % port)
    try:
        code, verdicts, output = judged(project, "run", "--rounds", "1")
        assert code == ExitCode.PASSED, output
        assert verdicts[VALUE]["outcome"] == "passed"
        code, verdicts, output = check(project, "low", "high")
        assert code == ExitCode.USAGE
        assert "is one server for base and head" in output
        assert "perfbench run" in output
        assert "--baseline" in output
        code, verdicts, output = check(project, "low", "high", "--bench", "apart")
        assert code == ExitCode.PASSED, output
    finally:
        server.kill()
        server.wait()
        project.write("perfbench.toml", SUT)


def test_list_shows_the_rows_of_the_configured_targets(project: SampleProject) -> None:
    done = perfbench("list", "--json", cwd=project.root, **BARE)
    assert done.returncode == ExitCode.PASSED, done.stderr
    assert {row["id"] for row in json.loads(done.stdout)["rows"]} == {VALUE, APART}


def free_port() -> int:
    from perfbench.measure import served

    return served.free_port()


def test_the_project_is_unharmed(project: SampleProject) -> None:
    """No server is left, whatever became of the checks before."""
    import psutil

    below = str(project.root)
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline", "cwd"])
        if (process.info["cwd"] or "").startswith(below)
    ]
    assert left == []
