"""`perfbench compare` on what other tools have stored, as a user calls it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from perfbench.errors import ExitCode

from .command_line import perfbench


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder of asv's results: a commit, one twice as slow, one with another version of the benchmark."""
    folder = tmp_path / "results"
    (folder / "box").mkdir(parents=True)
    (folder / "box" / "machine.json").write_text('{"machine": "box", "version": 1}')
    store(folder, "1a2b3c4d", median=0.1)
    store(folder, "4d5e6f70", median=0.2)
    store(folder, "77777777", median=0.2, version="2")
    return folder


def store(folder: Path, commit: str, *, median: float, version: str = "1") -> None:
    drawn = random.Random(commit)
    samples = [median * drawn.uniform(0.999, 1.001) for _ in range(20)]
    content: dict[str, Any] = {
        "commit_hash": commit,
        "env_name": "py3.12",
        "date": 1_700_000_000_000,
        "params": {"machine": "box"},
        "result_columns": ["result", "params", "version", "samples"],
        "results": {"m.time_one": [[median], [], version, [samples]]},
        "version": 2,
    }
    (folder / "box" / f"{commit}-py3.12.json").write_text(json.dumps(content))


def test_two_commits_of_a_folder_of_asv_are_compared(results: Path) -> None:
    done = perfbench("compare", "results@1a2b", "results@4d5e/box", "--json", "out.json", cwd=results.parent)
    assert done.stderr == ""
    (row,) = json.loads((results.parent / "out.json").read_text())["verdicts"]
    assert row["comparison"]["ratio"] == pytest.approx(2, rel=0.01)


def test_two_files_of_asv_are_compared(results: Path) -> None:
    files = [f"results/box/{commit}-py3.12.json" for commit in ("1a2b3c4d", "4d5e6f70")]
    done = perfbench("compare", *files, "--json", "out.json", cwd=results.parent)
    assert done.stderr == ""
    assert len(json.loads((results.parent / "out.json").read_text())["verdicts"]) == 1


def test_a_benchmark_that_has_changed_itself_is_incomparable(results: Path) -> None:
    done = perfbench("compare", "results@4d5e", "results@7777", "--strict", cwd=results.parent)
    assert "the benchmark itself has changed" in done.stdout
    assert done.returncode == ExitCode.UNDECIDED


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("results", "results could be 3 commits"),
        ("results@ffff", "holds no run 'ffff'"),
        ("results@1a2b/elsewhere", "holds no run '1a2b/elsewhere'"),
        ("nowhere@1a2b", "there is no file and no run 'nowhere@1a2b'"),
    ],
)
def test_a_part_that_is_not_there_is_a_usage_error(results: Path, name: str, said: str) -> None:
    done = perfbench("compare", "results@1a2b", name, cwd=results.parent)
    assert done.returncode == ExitCode.USAGE
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_file_in_the_folder_is_told_with_its_line(results: Path) -> None:
    (results / "box" / "damaged.json").write_text('{\n"a": }')
    done = perfbench("compare", "results@1a2b", "results@4d5e", "--markdown", "out.md", cwd=results.parent)
    assert done.returncode in (ExitCode.PASSED, ExitCode.REGRESSED)
    assert "damaged.json:2" in (results.parent / "out.md").read_text()


def hyperfine(path: Path, **exit_codes: int) -> None:
    """A result of hyperfine in which each command ended with its exit code."""
    commands = [
        {"command": name, "mean": 0.1, "times": [0.1, 0.11, 0.1, 0.11], "exit_codes": [0, 0, 0, code]}
        for name, code in exit_codes.items()
    ]
    path.write_text(json.dumps({"results": commands}))


@pytest.mark.parametrize(("before", "code"), [(0, ExitCode.NOTHING_MEASURED), (1, ExitCode.PASSED)])
def test_a_row_that_failed_on_head_fails_the_comparison_unless_it_failed_on_base_as_well(
    tmp_path: Path, before: int, code: ExitCode
) -> None:
    hyperfine(tmp_path / "before.json", sound=0, broken=before)
    hyperfine(tmp_path / "after.json", sound=0, broken=1)
    done = perfbench("compare", "before.json", "after.json", cwd=tmp_path)
    assert "broken" in done.stdout
    assert done.returncode == code


def test_a_row_that_failed_on_the_later_side_of_one_file_fails_the_comparison(tmp_path: Path) -> None:
    sound = "BenchmarkA 100 1000 ns/op\n"
    text = f"note: before\n{sound}BenchmarkB 100 10 ns/op\nPASS\nnote: after\n{sound}--- FAIL: BenchmarkB\nFAIL\n"
    (tmp_path / "both.txt").write_text(text)
    done = perfbench("compare", "both.txt", cwd=tmp_path)
    assert done.returncode == ExitCode.NOTHING_MEASURED, done.stdout


def test_two_processes_of_another_tool_are_no_round_though_they_began_together(tmp_path: Path) -> None:
    context = {"date": "2026-01-01T10:00:00+00:00", "host_name": "box", "num_cpus": 4}
    for name, scale in (("before", 100.0), ("after", 150.0)):
        drawn = random.Random(name)
        runs = [
            {
                "name": "f",
                "run_type": "iteration",
                "iterations": 1,
                "time_unit": "ns",
                "repetition_index": index,
            }
            | {"real_time": scale * drawn.uniform(0.99, 1.01), "cpu_time": scale}
            for index in range(10)
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps({"context": context, "benchmarks": runs}))
    done = perfbench("compare", "before.json", "after.json", cwd=tmp_path)
    assert done.returncode == ExitCode.REGRESSED, done.stdout


@pytest.mark.parametrize(("limit", "code"), [("0.5 %", ExitCode.REGRESSED), ("5 %", ExitCode.PASSED)])
def test_a_budget_of_failed_samples_may_be_in_percent(tmp_path: Path, limit: str, code: ExitCode) -> None:
    (tmp_path / "baselines").mkdir()
    budget = f'[[budget]]\npattern = "home"\nmetric = "failed"\nlimit = "{limit}"\n'
    (tmp_path / "baselines" / "thresholds.toml").write_text(budget)
    samples = [f"{place},50,home,{'false' if place % 100 == 0 else 'true'}\n" for place in range(2000)]
    (tmp_path / "log.jtl").write_text("".join(["timeStamp,elapsed,label,success\n", *samples]))
    done = perfbench("compare", "log.jtl", "log.jtl", cwd=tmp_path)
    assert done.returncode == code, done.stdout
