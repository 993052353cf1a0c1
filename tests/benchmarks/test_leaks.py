"""The rows of leaks, on the embedded default."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import leaks
from tests.benchmarks.rows import run


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks._growth.SECONDS", 0.5)


@pytest.mark.parametrize(
    "name",
    [
        "leaks.SandboxGrowth.track_bytes(process)",
        "leaks.SessionGrowth.track_bytes(memory)",
        "leaks.SessionGrowth.track_bytes(sqlite)",
        "leaks.ScriptGrowth.track_bytes_of_an_engine(python)",
        "leaks.SandboxResidue.track_threads(process)",
        "leaks.SandboxResidue.track_sandboxes(process)",
        "leaks.SessionResidue.track_descriptors(json)",
        "leaks.ScriptResidue.track_processes(quickjs)",
        "leaks.ScriptResidue.track_tasks(quickjs)",
    ],
)
def test_nothing_stays(name: str, tmp_path: Path) -> None:
    found = run(name, tmp_path)
    value = found["samples"][0] if isinstance(found, dict) else found
    assert value == 0 or (math.isnan(value) and "quickjs" in name)


def test_an_absent_store_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PERFBENCH_REDIS_URL", raising=False)
    assert math.isnan(run("leaks.SessionResidue.track_threads(redis)", tmp_path))
    assert "PERFBENCH_REDIS_URL is not set" in capsys.readouterr().out


def test_whatever_is_left_is_counted_in_its_own_unit() -> None:
    for name in ("threads", "descriptors", "processes", "sandboxes"):
        assert getattr(leaks.SandboxResidue, f"track_{name}").unit == name
    assert leaks.SandboxGrowth.unit == "bytes"
    assert leaks.SandboxResidue.better == "lower"
