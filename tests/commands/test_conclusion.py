"""What a job concludes when a runtime stops working under it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from perfbench.commands import conclusion
from perfbench.commands.setting import Setting
from perfbench.model import BenchmarkId, Outcome, RuntimeStatus, Verdict

HERE = RuntimeStatus("docker:runc", True, "20.10.24")
GONE = RuntimeStatus("docker:runc", False, reason="the Docker engine is dead", remedy="start Docker")
ABSENT = RuntimeStatus("podman", False, reason="not installed")


def verdict(runtime: str, outcome: Outcome) -> Verdict:
    return Verdict(BenchmarkId("demo", "a.time_a", (("runtime", runtime),)), None, outcome, "", "")


def gone(
    monkeypatch: pytest.MonkeyPatch, *verdicts: Verdict, now: RuntimeStatus
) -> tuple[RuntimeStatus, ...]:
    monkeypatch.setattr(conclusion, "runtime_statuses", lambda _rows: (now, ABSENT))
    setting = cast("Setting", SimpleNamespace(runtimes=(HERE, ABSENT), rows=()))
    return conclusion._gone(setting, verdicts)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.MISSING, Outcome.NEW])
def test_an_engine_that_died_is_found_however_its_rows_ended(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    assert gone(monkeypatch, verdict("docker:runc", outcome), now=GONE) == (GONE,)


def test_a_runtime_that_still_works_is_not_gone_though_a_row_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gone(monkeypatch, verdict("docker:runc", Outcome.FAILED), now=HERE) == ()


def test_a_runtime_that_never_worked_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gone(monkeypatch, verdict("podman", Outcome.SKIPPED), now=HERE) == ()
