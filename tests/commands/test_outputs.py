"""The options of a report, on two result files compared from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from perfbench.errors import ExitCode
from tests.commands.command_line import perfbench, perfbench_process
from tests.measure.sample_project import BARE, SampleProject


def suite(factor: float) -> str:
    """A pyperf file of twenty processes, slowed by `factor`."""
    runs = [{"values": [(1.0 + number / 1e4) * factor]} for number in range(20)]
    metadata = {"name": "bench", "unit": "second"}
    return json.dumps({"version": "1.0", "metadata": metadata, "benchmarks": [{"runs": runs}]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.json").write_text(suite(1.0))
    (tmp_path / "head.json").write_text(suite(1.5))
    return tmp_path


def test_every_form_is_written_by_its_own_option(folder: Path) -> None:
    options = [
        part
        for form in ("html", "markdown", "json", "junit", "sarif")
        for part in (f"--{form}", f"out.{form}")
    ]
    done = perfbench("compare", "base.json", "head.json", *options, cwd=folder)
    assert done.returncode == ExitCode.REGRESSED, done.stderr
    assert "<h1>1 regressed</h1>" in (folder / "out.html").read_text()
    assert "**1 regressed**" in (folder / "out.markdown").read_text()
    assert json.loads((folder / "out.json").read_text())["exit"]["code"] == 1
    assert ElementTree.parse(folder / "out.junit").getroot().get("failures") == "1"  # noqa: S314
    assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"


def test_a_folder_that_is_not_there_is_told_before_anything_is_done(folder: Path) -> None:
    done = perfbench("compare", "base.json", "head.json", "--junit", "no/out.xml", cwd=folder)
    assert done.returncode == ExitCode.USAGE
    assert done.stdout == ""
    assert "there is no folder" in done.stderr


def test_a_file_that_cannot_be_written_costs_nothing_that_is_shown(folder: Path) -> None:
    (folder / "out.xml").symlink_to(folder / "no" / "out.xml")
    options = ("--junit", "out.xml", "--json", "out.json")
    done = perfbench("compare", "base.json", "head.json", *options, cwd=folder)
    assert done.returncode == ExitCode.USAGE
    assert "exit 1: regressed" in done.stdout
    assert "cannot write out.xml" in done.stderr
    assert (folder / "out.json").exists()


def test_in_githubs_actions_a_step_is_told_without_being_asked(folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_text("what came before\n")
    done = perfbench(
        "compare", "base.json", "head.json",
        cwd=folder, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert done.returncode == ExitCode.REGRESSED
    assert done.stdout.splitlines()[-1].startswith("::error title=regressed%3A bench::")
    assert summary.read_text().startswith("what came before\n<!-- perfbench report -->\n**1 regressed**")


def test_elsewhere_github_is_told_when_asked_and_in_its_actions_it_can_be_spared(folder: Path) -> None:
    asked = perfbench("compare", "base.json", "head.json", "--github", cwd=folder)
    spared = perfbench("compare", "base.json", "head.json", "--no-github", cwd=folder, GITHUB_ACTIONS="true")
    assert "::error" in asked.stdout
    assert "::" not in spared.stdout


def test_while_the_report_is_shown_no_line_of_it_is_a_command(folder: Path) -> None:
    first, *shown, last, annotation = perfbench(
        "compare", "base.json", "head.json", "--github", cwd=folder
    ).stdout.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert last == f"::{token}::"
    assert len(token) == 32
    assert annotation.startswith("::error")
    assert not any(token in line for line in shown)


def test_annotations_are_fit_for_a_poor_encoding(folder: Path) -> None:
    done = perfbench_process(
        "compare", "base.json", "head.json", "--github", cwd=folder, PYTHONIOENCODING="ascii"
    )
    assert "1 s -> 1.5 s" in done.stdout.splitlines()[-1]


def test_a_full_summary_is_left_as_it_is(folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_bytes(b"x" * (1 << 20))
    done = perfbench(
        "compare", "base.json", "head.json", "--github", cwd=folder, GITHUB_STEP_SUMMARY=str(summary)
    )
    assert done.returncode == ExitCode.REGRESSED
    assert summary.stat().st_size == 1 << 20


def test_a_summary_that_cannot_be_written_is_told(folder: Path) -> None:
    done = perfbench(
        "compare", "base.json", "head.json", "--github", cwd=folder, GITHUB_STEP_SUMMARY=str(folder)
    )
    assert done.returncode == ExitCode.USAGE
    assert "cannot write the step's summary" in done.stderr


def test_a_benchmark_that_failed_is_annotated_where_it_is_defined(tmp_path: Path) -> None:
    made = SampleProject(tmp_path / "project", {"build_command": [], "install_command": ["python -V"]})
    made.write("benchmarks/bench.py", "\n\ndef track_value():\n    raise RuntimeError('broken')\n")
    made.commit("first")
    done = perfbench("run", "--rounds", "1", "--quiet", "--github", cwd=made.root, **BARE)
    assert done.returncode == ExitCode.NOTHING_MEASURED, done.stderr
    assert "::error file=benchmarks/bench.py,line=3,title=failed%3A bench.value::" in done.stdout
