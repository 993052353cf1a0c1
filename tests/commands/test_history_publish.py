"""Publishing a tree of asv's results as it is, and a history that was imported."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perfbench.commands.asv_details import asv_details
from tests.reports.asv_project import START, Project, made_results, make_project

from .command_line import ROOT, perfbench, without_ci

COUNT = 16
DATES = [START + 3600 * number for number in range(COUNT)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository of 16 commits with results of two machines, among which lie files that are none."""
    made, hashes = make_project(tmp_path_factory.mktemp("publish") / "project", DATES)
    made_results(made, hashes, DATES, machines=2)
    (made.results / "machine0" / "deadbeef-virtualenv-py3.11.json").write_text('{"commit_hash": "dead')
    (made.results / "machine1" / "cafecafe-virtualenv-py3.11.json").write_text('{"some": "thing"}')
    return made


def data_of(path: Path) -> Any:
    """What a script hands to its page."""
    match = re.fullmatch(r"perfbench\.\w+\((.*)\);\n", path.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def test_a_tree_is_published_without_an_import_beside_named_problems(
    project: Project, tmp_path: Path
) -> None:
    done = perfbench(
        "history", "publish", "--results", "results", "-o", str(tmp_path / "site"), cwd=project.folder
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"published 132 series of 2,\d\d\d points, .*site/index.html", done.stdout)
    assert "deadbeef-virtualenv-py3.11.json" in done.stderr
    assert "cafecafe-virtualenv-py3.11.json" in done.stderr
    overview = data_of(tmp_path / "site" / "data" / "overview.js")
    assert len(overview["rows"]) == 132
    assert overview["machines"] == ["machine0", "machine1"]
    assert overview["branches"] == ["main"]
    assert any("deadbeef" in place for place, _ in overview["problems"])
    assert not (project.folder / ".perfbench").exists(), "nothing is kept"
    assert data_of(tmp_path / "site" / "data" / "commits.js")["commits"][0][1] == START


def test_an_imported_history_is_published_where_the_settings_say(project: Project) -> None:
    done = perfbench("history", "import", "results", cwd=project.folder)
    assert done.returncode == 0, done.stderr
    (project.folder / "perfbench.toml").write_text('[history]\nsite = "public/site"\n')
    done = perfbench("history", "publish", "suite.Group1.*", "--machine", "machine1", cwd=project.folder)
    assert done.returncode == 0, done.stderr
    site = project.folder / "public" / "site"
    rows = data_of(site / "data" / "overview.js")["rows"]
    assert {row[1].rpartition(".")[0] for row in rows} == {"suite.Group1"}
    if (site / "asv").is_dir():
        index = json.loads((site / "asv" / "index.json").read_text())
        assert index["params"]["machine"] == ["machine1"]
        assert index["params"]["python"] == ["3.11"], "what the kept files say of their environment"


def test_what_is_missing_for_asvs_site_is_said_and_the_rest_published(
    project: Project, tmp_path: Path
) -> None:
    code = (
        "import sys; sys.modules['asv'] = None; from perfbench.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "history", "publish", "--results", "results", "-o", str(tmp_path / "site")],
        cwd=project.folder, capture_output=True, text=True, check=False,
        env={**without_ci(os.environ), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (
        "asv's own site is left out: asv is not installed; pip install 'perfbench-gate[asv]'" in done.stderr
    )
    assert not (tmp_path / "site" / "asv").exists()
    assert data_of(tmp_path / "site" / "data" / "overview.js")["asv"] is False


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--results", "nowhere"], "'nowhere' does not exist"),
        (["--results", "benchmarks"], "holds no points that could be published"),
        (["--results", "results", "--history", "x"], "--results and --history were both given; publish one"),
        (["--results", "results", "nothing.*"], "no series of the history fits"),
        (["--results", "results", "-o", "results"], "something else than a published site"),
        (["--history", "nowhere"], "there is no history in"),
    ],
)
def test_what_cannot_be_published_is_said_in_a_sentence(
    project: Project, arguments: list[str], sentence: str
) -> None:
    done = perfbench("history", "publish", *arguments, cwd=project.folder)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert (project.results / "benchmarks.json").is_file()


def test_details_tell_settings_machines_and_benchmarks(project: Project) -> None:
    details = asv_details([project.results], complete=True)
    assert details.complete
    assert details.settings["machine0", "virtualenv-py3.11"]["numpy"] == ""
    assert details.machines["machine1"]["cpu"] == "any"
    benchmark = details.benchmarks["suite.Group1.time_row_7"]
    assert list(benchmark.rows)[2] == (("n", "10"), ("mode", "fast"))


def test_a_tree_of_nonsense_tells_no_details(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.json").write_text(
        '{"a": {"params": [["1"], 3]}, "b": {"params": "x"}, "c": 3, "d": {"params": [[]]}, "version": 2}'
    )
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "machine.json").write_text('{"machine": 3}')
    details = asv_details([tmp_path, tmp_path / "nowhere"], complete=True)
    assert not details.complete
    assert details.machines == {}
