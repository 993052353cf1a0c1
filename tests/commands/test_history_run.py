"""`perfbench history run` with the real asv, on a repository of five commits."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import ExitCode
from perfbench.measure.history_results import REASONS, SPOILT
from tests.commands.command_line import Done, perfbench, without_ci
from tests.measure.sample_project import SampleProject

COPY = "import shutil, sysconfig; shutil.copy('sample.py', sysconfig.get_path('purelib'))"

CONFIG = {
    "branches": ["main"],
    "environment_type": "virtualenv",
    "pythons": ["2.4", f"{sys.version_info[0]}.{sys.version_info[1]}"],
    "build_command": [],
    "uninstall_command": [],
    "install_command": [f'in-dir={{build_dir}} python -c "{COPY}"'],
    "env_dir": ".asv/env",
    "results_dir": ".asv/results",
    "html_dir": ".asv/html",
}

BENCHMARKS = """
import sample

def track_value():
    return sample.VALUE

def track_work():
    return sample.work()

def track_letter(letter):
    return {"x": 1, "y": 2}[letter]

track_letter.params = ["x", "y"]
"""

HISTORY = (
    None,  # cannot be installed
    "VALUE = 1\n",  # lacks what a benchmark needs
    "VALUE = 2\ndef work(): return 20\n",
    "VALUE = 3\ndef work(): raise RuntimeError('broken')\n",
    "VALUE = 4\ndef work(): return 40\n",
)


class Home:
    """The project, with a home for asv's file of machines."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            "HOME": str(root),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip")),
            "PERFBENCH_LOCK": str(root / "lock"),
        }
        self.project = SampleProject(root / "project", CONFIG)
        self.project.write(".gitignore", "/.asv/\n")
        self.project.write("benchmarks/bench.py", BENCHMARKS)
        self.commits = []
        for text in HISTORY:
            if text is None:
                (root / "project" / "sample.py").unlink()
            else:
                self.project.write("sample.py", text)
            self.commits.append(self.project.commit())

    @property
    def results(self) -> Path:
        return self.project.root / ".asv" / "results" / "box"

    def run(self, *arguments: str) -> Done:
        return perfbench(
            "history", "run", "--machine", "box", *arguments, cwd=self.project.root, **self.environment
        )

    def asv(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "asv", *arguments],
            cwd=self.project.root,
            env={**without_ci(os.environ), **self.environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def files(self) -> dict[str, dict[str, Any]]:
        """Commit → what asv's file of it holds."""
        found = (json.loads(path.read_text()) for path in self.results.glob("*-*.json"))
        return {content["commit_hash"]: content for content in found}

    def values(self, benchmark: str) -> list[Any]:
        """The results of a benchmark, the oldest commit first."""
        files = self.files()
        return [files[commit]["results"][benchmark][0] for commit in self.commits]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    pytest.importorskip("asv", reason="asv is not installed: pip install asv")
    return Home(tmp_path_factory.mktemp("history"))


@dataclass(frozen=True)
class Twice:
    """The same history measured in two runs, the first of which has left one file cut short."""

    first: Done
    begun: dict[str, dict[str, Any]]
    cut: Path
    second: Done


@pytest.fixture(scope="module")
def twice(home: Home) -> Twice:
    first = home.run("--bench", "value|work", "--bench", r"letter\('x'\)", "--attribute", "rounds=1")
    if "NewConnectionError" in first.stderr or "NameResolutionError" in first.stderr:
        pytest.skip("asv cannot make an environment here: its packages come from the network")
    begun = home.files()
    (cut,) = home.results.glob(f"{home.commits[2][:8]}-*.json")
    cut.write_text(cut.read_text()[:100])
    second = home.run("--attribute", "rounds=1", "--quiet")
    return Twice(first, begun, cut, second)


@pytest.mark.slow
def test_every_commit_is_measured_and_what_is_missing_is_said(home: Home, twice: Twice) -> None:
    assert twice.first.returncode == ExitCode.PASSED, twice.first.stderr
    assert "Python 2.4 is not installed here, and left out" in twice.first.stderr
    assert twice.first.stdout.startswith(
        "5 commits × 1 environments: 10 rows have a value, 4 were skipped, 4 of them for what their commit "
        "lacks, 1 failed; "
    )
    found = [twice.begun[commit]["results"]["bench.track_value"][0] for commit in home.commits]
    assert found[1:] == [[1], [2], [3], [4]]


@pytest.mark.slow
def test_what_an_old_commit_lacks_is_no_failure_and_its_reason_is_kept(home: Home, twice: Twice) -> None:
    first, oldest, *others = home.values("bench.track_work")
    assert math.isnan(first[0])
    assert math.isnan(oldest[0])
    assert others == [[20], None, [40]]
    noted = [json.loads(line) for line in (home.results / REASONS).read_text().splitlines()]
    of_work = {
        entry["commit"]: entry["reason"] for entry in noted if entry["benchmark"] == "bench.track_work"
    }
    assert of_work == {
        home.commits[0]: "the commit cannot be installed (FileNotFoundError: [Errno 2] No such file or "
        "directory: 'sample.py')",
        home.commits[1]: "AttributeError: module 'sample' has no attribute 'work'",
    }


@pytest.mark.slow
def test_a_second_run_goes_on_where_the_first_stopped(home: Home, twice: Twice) -> None:
    assert twice.second.returncode == ExitCode.PASSED
    assert f"it is called {twice.cut.name}{SPOILT} now" in twice.second.stderr
    assert home.values("bench.track_value")[1:] == [[1], [2], [3], [4]]
    started = home.files()[home.commits[4]]["results"]["bench.track_value"][3]
    assert started == twice.begun[home.commits[4]]["results"]["bench.track_value"][3]


@pytest.mark.slow
def test_a_row_that_nobody_had_asked_for_is_measured_later(home: Home, twice: Twice) -> None:
    asked, other = twice.begun[home.commits[1]]["results"]["bench.track_letter"][0]
    assert asked == 1
    assert math.isnan(other)
    assert home.values("bench.track_letter")[1:] == [[1, 2]] * 4


@pytest.mark.slow
def test_asv_shows_and_publishes_what_was_measured(home: Home, twice: Twice) -> None:
    shown = home.asv("show", home.commits[1], "--machine", "box")
    assert "track_value" in shown
    assert "n/a" in shown
    assert "failed" not in shown
    home.asv("publish")
    index = json.loads((home.project.root / ".asv" / "html" / "index.json").read_text())
    assert set(index["benchmarks"]) == {"bench.track_value", "bench.track_work", "bench.track_letter"}


@pytest.mark.slow
def test_once_all_is_measured_nothing_is_new(home: Home, twice: Twice) -> None:
    done = home.run("--new")
    assert done.returncode == ExitCode.PASSED
    assert done.stdout == "nothing to measure: every commit has results\n"


def test_a_dry_run_lists_the_commits_the_newest_first(home: Home) -> None:
    done = home.run("--dry-run", "--step", "2")
    assert done.stdout.split() == [home.commits[4], home.commits[2], home.commits[0]]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--range", "nowhere..main"], "nowhere..main names no commits"),
        (["--bench", "("], "--bench '(' is no regular expression"),
    ],
)
def test_a_call_that_chooses_nothing_is_one_sentence(
    home: Home, arguments: list[str], complaint: str
) -> None:
    done = home.run(*arguments)
    assert done.returncode == ExitCode.USAGE
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_environment_that_exists_already_holds_no_history(tmp_path: Path) -> None:
    project = SampleProject(tmp_path / "project", {"environment_type": "existing"})
    project.commit()
    done = perfbench("history", "run", cwd=project.root)
    assert done.returncode == ExitCode.USAGE
    assert '"environment_type" is "existing", and no commit can be installed there' in done.stderr


def test_a_repository_without_asv_benchmarks_is_told_so(tmp_path: Path) -> None:
    project = SampleProject(tmp_path / "project")
    project.config.unlink()
    project.write("perfbench.toml", '[[harness]]\nname = "h"\ncommand = "true"\nformat = "go"\n')
    project.commit()
    done = perfbench("history", "run", cwd=project.root)
    assert done.returncode == ExitCode.USAGE
