"""`perfbench compare --normalise`: results of two machines, divided by what the control did on them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perfbench.environment import current
from perfbench.errors import ExitCode
from perfbench.model import BenchmarkId, Metric, Run
from perfbench.results.result_file import Header, SideHeader
from perfbench.results.writer import ResultWriter
from tests.commands.command_line import perfbench

CONTROL = "perfbench.control"
METRICS = {"mod.mem_list": Metric("mem", "bytes")}


def stored(folder: Path, name: str, scale: dict[str, float], **environment: object) -> str:
    """A run of 12 rounds in which each row of `scale` takes so many times 10 ms."""
    here = replace(current(), **environment)  # type: ignore[arg-type]
    path = folder / f"{name}.jsonl"
    with ResultWriter(path, Header(name, 1.79e9, {"head": SideHeader(name, "", False, here)})) as writer:
        for row, factor in scale.items():
            metric = METRICS.get(row, Metric("time", "seconds"))
            for number in range(12):
                values = tuple(0.01 * factor * (1 + 1e-4 * (number + place)) for place in range(3))
                writer.run("head", BenchmarkId("s", row), metric, Run(values, number, 1.79e9 + number))
        writer.finish(seconds=1.0, exit_code=0)
    return str(path)


def judged(folder: Path, base: str, head: str, *arguments: str) -> tuple[int, dict[str, Any], list[str]]:
    """The exit code, the verdicts by row, and the warnings."""
    path = folder / "report.json"
    done = perfbench("compare", base, head, "--json", str(path), *arguments, cwd=folder)
    report = json.loads(path.read_text())
    return (
        done.returncode,
        {row["benchmark"]["name"]: row for row in report["verdicts"]},
        report["warnings"],
    )


@pytest.fixture
def base(tmp_path: Path) -> str:
    return stored(tmp_path, "base", {"mod.time_a": 1.0, "mod.time_b": 1.0, "mod.mem_list": 1.0, CONTROL: 1.0})


def test_a_row_that_is_slower_than_the_machine_has_regressed(base: str, tmp_path: Path) -> None:
    scale = {"mod.time_a": 2.0, "mod.time_b": 2.4, "mod.mem_list": 1.0, CONTROL: 2.0}
    head = stored(tmp_path, "head", scale, cpu="another one")
    code, rows, _ = judged(tmp_path, base, head)
    assert code == ExitCode.PASSED
    assert {row["outcome"] for row in rows.values()} == {"incomparable"}

    code, rows, _ = judged(tmp_path, base, head, "--normalise")
    assert code == ExitCode.REGRESSED
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "mod.time_a": "passed",
        "mod.time_b": "regressed",
        "mod.mem_list": "incomparable",
    }
    assert "normalised by the control" in rows["mod.time_b"]["reason"]
    assert rows["mod.time_b"]["comparison"]["ratio"] == pytest.approx(1.2, abs=0.01)
    assert "moved by +100 %" in rows["mod.time_b"]["comparison"]["warnings"][-1]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"architecture": "z80"}, "the architectures differ"),
        ({"cpu": "another one", "architecture": ""}, "one is not known"),
    ],
)
def test_another_architecture_stays_incomparable(
    environment: dict[str, object], said: str, base: str, tmp_path: Path
) -> None:
    head = stored(tmp_path, "head", {"mod.time_a": 1.0, CONTROL: 1.0}, **environment)
    _, rows, _ = judged(tmp_path, base, head, "--normalise")
    assert rows["mod.time_a"]["outcome"] == "incomparable"
    assert said in rows["mod.time_a"]["reason"]


def test_without_a_control_on_both_sides_nothing_is_normalised(base: str, tmp_path: Path) -> None:
    head = stored(tmp_path, "head", {"mod.time_a": 1.0}, cpu="another one")
    _, rows, _ = judged(tmp_path, base, head, "--normalise")
    assert "not both hold the control" in rows["mod.time_a"]["reason"]


def test_on_the_same_hardware_it_changes_nothing(base: str, tmp_path: Path) -> None:
    head = stored(tmp_path, "head", {"mod.time_a": 1.0, "mod.time_b": 1.2, "mod.mem_list": 1.0, CONTROL: 1.0})
    assert judged(tmp_path, base, head, "--normalise") == judged(tmp_path, base, head)
