"""`perfbench convert` writes what one tool measured so that another reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perfbench.results.reading import read_any
from perfbench.results.writer import ResultWriter
from tests.commands.command_line import perfbench
from tests.results.samples import CALL, START, TIME, header, run

HYPERFINE = {
    "results": [{"command": "sleep 1", "mean": 1.0, "times": [1.0, 1.1, 0.9], "exit_codes": [0, 0, 0]}]
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One file of hyperfine's, one of perfbench's with two sides."""
    (tmp_path / "hyperfine.json").write_text(json.dumps(HYPERFINE))
    with ResultWriter(tmp_path / "two.jsonl", header("base", "head")) as writer:
        for side in ("base", "head"):
            writer.run(side, START, TIME, run(0.5, 0.25))
        writer.run("head", CALL, TIME, run(0.125))
        writer.finish()
    return tmp_path


@pytest.mark.parametrize("kind", ["perfbench", "pyperf", "go"])
def test_what_is_written_is_read_back_with_the_same_samples(folder: Path, kind: str) -> None:
    done = perfbench("convert", "hyperfine.json", "--to", kind, "-o", "out", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "wrote out: 1 of 1 rows\n"
    (row,) = read_any(folder / "out").side()
    assert row.benchmark.name == "sleep 1"
    assert [found.values for found in row.runs] == [(1.0,), (1.1,), (0.9,)]


def test_csv_has_a_line_for_each_sample_of_all_sides(folder: Path) -> None:
    assert perfbench("convert", "two.jsonl", "--to", "csv", "-o", "out.csv", cwd=folder).returncode == 0
    lines = (folder / "out.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["side", "base", "base", "head", "head", "head"]


def test_one_side_of_two_can_be_chosen(folder: Path) -> None:
    done = perfbench("convert", "two.jsonl", "--to", "go", "--side", "base", "-o", "out", cwd=folder)
    assert done.stdout == "wrote out: 1 of 1 rows\n"
    assert [row.benchmark for row in read_any(folder / "out").side()] == [START]


def test_both_sides_stay_in_perfbenchs_own_format(folder: Path) -> None:
    perfbench("convert", "two.jsonl", "--to", "perfbench", "-o", "out", cwd=folder)
    before, after = read_any(folder / "two.jsonl"), read_any(folder / "out")
    assert {label: [row.runs for row in rows] for label, rows in before.sides.items()} == {
        label: [row.runs for row in rows] for label, rows in after.sides.items()
    }
    assert (after.problems, after.complete) == ((), True)


def test_runs_of_several_files_are_put_together(folder: Path) -> None:
    done = perfbench(
        "convert", "hyperfine.json", "hyperfine.json", "--to", "perfbench", "-o", "out", cwd=folder
    )
    assert done.returncode == 0
    assert len(read_any(folder / "out").side()[0].runs) == 6


def test_what_could_not_be_used_is_told(folder: Path) -> None:
    broken = {
        "results": [*HYPERFINE["results"], {"command": "x", "mean": "y"}, {"command": "z", "mean": 1.0}]
    }
    (folder / "broken.json").write_text(json.dumps(broken))
    done = perfbench("convert", "broken.json", "--to", "perfbench", "-o", "out", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "wrote out: 2 of 2 rows\n")
    assert "broken.json: results[1]: Expected `float | null`" in done.stderr


def test_a_summary_stays_in_perfbenchs_own_format_and_is_left_out_of_others(folder: Path) -> None:
    mixed = {"results": [*HYPERFINE["results"], {"command": "z", "mean": 1.0, "stddev": 0.5}]}
    (folder / "mixed.json").write_text(json.dumps(mixed))
    done = perfbench("convert", "mixed.json", "--to", "perfbench", "-o", "own", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote own: 2 of 2 rows\n", "")
    before, after = read_any(folder / "mixed.json"), read_any(folder / "own")
    assert [row.summary for row in after.side()] == [row.summary for row in before.side()]
    done = perfbench("convert", "own", "--to", "go", "-o", "out", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "wrote out: 1 of 2 rows\n")
    assert "z: holds no samples; left out" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["two.jsonl", "--to", "go", "-o", "out"],
            "the sides base and head, and this format has one; name it",
        ),
        (["two.jsonl", "--to", "go", "-o", "out", "--side", "haed"], "there is no side 'haed'"),
        (["hyperfine.json", "--to", "csv", "-o", "two.jsonl"], "two.jsonl exists already"),
        (["hyperfine.json", "--to", "perfbench", "-o", "two.jsonl"], "two.jsonl exists already"),
        (["hyperfine.json", "--to", "pyperf", "-o", "two.jsonl"], "two.jsonl exists already"),
        (["hyperfine.json", "--to", "csv", "-o", "no/out"], "there is no folder"),
        (["nothing.json", "--to", "csv", "-o", "out"], "there is no file and no run 'nothing.json'"),
        (["hyperfine.json", "--to", "xml", "-o", "out"], "'xml' is not one of"),
        (["hyperfine.json", "--to", "csv"], "missing option"),
        (["--to", "csv", "-o", "out"], "missing argument"),
        (["failed.json", "--to", "csv", "-o", "out"], "there is nothing to convert"),
        (["summary.json", "--to", "go", "-o", "out"], "there are no samples to write"),
        (["summary.json", "--to", "csv", "-o", "out"], "there are no samples to write"),
        (["summary.json", "--to", "pyperf", "-o", "out"], "there are no samples to write"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_request_is_one_sentence_and_writes_nothing(
    folder: Path, arguments: list[str], said: str
) -> None:
    failed = {"results": [{"command": "x", "mean": 1.0, "times": [1.0], "exit_codes": [1]}]}
    (folder / "failed.json").write_text(json.dumps(failed))
    (folder / "summary.json").write_text(json.dumps({"results": [{"command": "x", "mean": 1.0}]}))
    done = perfbench("convert", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("perfbench: ")
    assert (said in done.stderr, done.stderr.count("\n")) == (True, 1), done.stderr
    assert not (folder / "out").exists()
