"""Systems that nobody wrote with this suite in mind, measured from configuration alone.

A package index (pypiserver) is the HTTP service, the time server of the Model Context Protocol's own collection is
the server of tools. Both come from PyPI into an environment of their own; the project that is measured holds a
configuration and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import psutil
import pytest

from perfbench.errors import ExitCode
from tests.commands.command_line import Done, git, perfbench

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("foreign")]

SERVICE = """
[sut.api]
url = "http://127.0.0.1:{{port}}"
start = ["{bin}/pypi-server", "run", "-p", "{{port}}", "-i", "127.0.0.1", "{{root}}/packages"]

[sut.api.endpoints]
health = {{ path = "/health" }}
index = {{ path = "/simple/", status = 200 }}
"""

TOOLS = """
[sut.mcp]
command = "{bin}/mcp-server-time --local-timezone UTC"

[sut.mcp.tools]
get_current_time = {{ arguments = {{ timezone = "Europe/Berlin" }} }}
"""


THRESHOLDS = """
[[threshold]]
pattern = "*"
metric = "time"
limit = "2000 %"     # what is tested is the way to a verdict, on machines that are busy with other tests
"""

PACKAGES = (
    *("pypiserver", "packaging", "defusedxml", "importlib-resources", "legacy-cgi; python_version >= '3.13'"),
    *("mcp-server-time", "tzlocal", "tzdata"),
)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two servers' programs. Skips where they cannot be had."""
    folder = tmp_path_factory.mktemp("foreign") / "env"
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", str(folder)], check=True)
    # What they need and what is installed here already (mcp with its own needs) is not fetched again.
    packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    pytest.importorskip("mcp")
    install = ("install", "--quiet", "--disable-pip-version-check", "--no-deps", *PACKAGES)
    try:
        done = subprocess.run(
            [folder / "bin" / "python", "-m", "pip", *install],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("PyPI does not answer")
    if done.returncode:
        pytest.skip(f"the servers cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin"


def project(folder: Path, text: str, programs: Path) -> Path:
    """A repository of two commits that are the same, with the configuration in both."""
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    (folder / "packages").mkdir()
    (folder / "packages" / ".keep").write_text("")
    (folder / "perfbench.toml").write_text(text.format(bin=programs))
    (folder / "baselines").mkdir()
    (folder / "baselines" / "thresholds.toml").write_text(THRESHOLDS)
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "--message=first", cwd=folder)
    git("commit", "--quiet", "--allow-empty", "--message=second", cwd=folder)
    return folder


def measure(root: Path, report: Path, *arguments: str) -> Done:
    """A job that may have to wait for those of other tests."""
    budget = ("--time-budget", "20 s", "--json", str(report))
    return perfbench(*arguments, *budget, cwd=root)


def verdicts(report: Path) -> dict[str, dict[str, Any]]:
    return {one["benchmark"]["id"]: one for one in json.loads(report.read_text())["verdicts"]}


def left(programs: Path) -> list[list[str]]:
    """What is still there of the servers."""
    found = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [words for words in found if any(str(programs) in word for word in words)]


def test_a_foreign_http_service_is_measured_by_run_and_by_check(tmp_path: Path, programs: Path) -> None:
    root, report = project(tmp_path / "index", SERVICE, programs), tmp_path / "report.json"
    listed = perfbench("list", "--json", cwd=root)
    rows = {row["id"] for row in json.loads(listed.stdout)["rows"]}
    assert {"api.Request.time_request(health)", "api.Request.time_request(index)"} <= rows
    assert all("health" in row or "index" in row for row in rows)

    ran = measure(root, report, "run", "--bench", "time_request", "--rounds", "1")
    assert ran.returncode == ExitCode.PASSED, ran.stdout + ran.stderr
    assert {name: one["outcome"] for name, one in verdicts(report).items()} == {
        "api.Request.time_request(health)": "passed",
        "api.Request.time_request(index)": "passed",
    }

    checked = measure(
        root, report, "check", "--bench", "time_request.health", "--rounds", "6", "--base", "HEAD~1"
    )
    assert checked.returncode == ExitCode.PASSED, checked.stdout + checked.stderr
    (verdict,) = verdicts(report).values()
    assert verdict["outcome"] == "passed"
    assert verdict["origin"].startswith("thresholds.toml")
    assert verdict["comparison"]["rounds"] >= 6
    assert left(programs) == []


def test_a_foreign_mcp_server_is_measured_by_run_and_by_check(tmp_path: Path, programs: Path) -> None:
    root, report = project(tmp_path / "tools", TOOLS, programs), tmp_path / "report.json"
    ran = measure(root, report, "run", "--bench", "Stdio", "--rounds", "1")
    assert ran.returncode == ExitCode.PASSED, ran.stdout + ran.stderr
    assert {name: one["outcome"] for name, one in verdicts(report).items()} == {
        "mcp.Stdio.time_call(get_current_time)": "passed",
        "mcp.Stdio.track_throughput(get_current_time)": "passed",
    }

    checked = measure(
        root, report, "check", "--bench", "Stdio.time_call", "--rounds", "2", "--base", "HEAD~1"
    )
    assert checked.returncode == ExitCode.PASSED, checked.stdout + checked.stderr
    assert left(programs) == []
