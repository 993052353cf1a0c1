"""`perfbench list`: what there is to measure, for people and for programs."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from perfbench.model import Metric
from perfbench.reports import listing
from perfbench.reports.listing import ListedRow

from . import paper, sample
from .golden import assert_golden

RUNTIMES = ("process", "bubblewrap", "runc", "docker:runc", "docker:crun", "docker:runsc", "podman")
OVERHEAD = Metric("overhead", "seconds")


def rows() -> list[ListedRow]:
    found = []
    for phase in ("create", "start", "stop"):
        for runtime in RUNTIMES:
            row = sample.row(f"container.Lifecycle.time_{phase}", runtime)
            tier = "gate" if runtime == "docker:runc" else "all"
            missing = sample.PODMAN if runtime == "podman" else ""
            found.append(ListedRow(row, sample.TIME, 0.05, 0.5 if phase == "start" else None, tier, missing))
    for runtime in ("process", "docker:runc"):
        for size in ("0", "64KiB"):
            row = sample.row("command.Exec.track_overhead", runtime, output=size)
            why = "a process has no sandbox whose overhead could be told" if runtime == "process" else ""
            found.append(ListedRow(row, OVERHEAD, 0.05 if size == "0" else 0.1, 0.1, skipped=why))
    return [*found, ListedRow(sample.row("command.CLI.peakmem_version"), sample.PEAK)]


def shown(found: list[ListedRow], width: int = 80) -> str:
    sheet, page = paper.log(width)
    listing.render(found, sample.RUNTIMES, sheet)
    return page.text


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_looks_as_it_did(width: int) -> None:
    assert_golden(f"list_{width}.txt", shown(rows(), width))


def test_no_line_is_wider_than_the_page() -> None:
    assert max(map(cell_len, shown(rows()).splitlines())) <= 80


def test_every_absent_runtime_has_its_reason() -> None:
    assert "– podman        not installed: apt-get install podman" in shown(rows()).splitlines()


def test_rows_skipped_for_an_absent_runtime_are_not_explained_twice() -> None:
    assert shown(rows()).count("apt-get install podman") == 1


def test_rows_with_different_limits_say_so() -> None:
    line = next(text for text in shown(rows()).splitlines() if "overhead, seconds" in text)
    assert line.split()[-4:] == ["by", "row", "100", "ms"]


def test_nothing_to_list_is_said() -> None:
    assert "no benchmark was found" in shown([])


def test_the_list_as_json_has_every_row_and_every_runtime() -> None:
    found = json.loads(listing.render_json(rows(), sample.RUNTIMES))
    assert [row["id"] for row in found["rows"]] == [str(row.benchmark) for row in rows()]
    assert found["rows"][7] == {
        "id": "container.Lifecycle.time_start(process)",
        "name": "container.Lifecycle.time_start",
        "params": [{"name": "runtime", "value": "process"}],
        "metric": {"name": "time", "unit": "seconds", "better": "lower"},
        "tier": "all",
        "limit": 0.05,
        "budget": 0.5,
        "skipped": None,
    }
    assert found["runtimes"][-1]["remedy"] == "apt-get install podman"
