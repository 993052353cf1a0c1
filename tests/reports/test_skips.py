"""What was skipped, collapsed."""

from __future__ import annotations

from dataclasses import replace

from perfbench.model import Outcome, Report, Verdict
from perfbench.reports.skips import EVERY, Skip, skips

from . import sample


def report(*verdicts: Verdict, **changes: object) -> Report:
    return replace(sample.full_report(), verdicts=verdicts, **changes)  # type: ignore[arg-type]


def skipped(name: str, runtime: str, reason: str = "not installed") -> Verdict:
    return sample.told(Outcome.SKIPPED, sample.row(name, runtime), reason)


def passed(name: str, runtime: str = "") -> Verdict:
    return sample.judged(Outcome.PASSED, sample.compared(sample.row(name, runtime), 1.0, 1.0))


def test_rows_skipped_alike_become_one_pattern() -> None:
    rows = [skipped(f"container.Lifecycle.time_{phase}", "podman") for phase in ("start", "stop")]
    found = skips(report(*rows, passed("files.Write.time_fsync", "podman")))
    assert found == [Skip("container.*", "podman", "not installed", 2)]


def test_a_pattern_never_covers_a_row_that_was_measured() -> None:
    rows = [skipped("container.A.time_x", "podman"), passed("container.B.time_x", "podman")]
    assert [skip.where for skip in skips(report(*rows))] == ["container.A.*"]
    rows = [skipped("container.A.time_x", "podman"), passed("container.A.time_y", "podman")]
    assert [skip.where for skip in skips(report(*rows))] == ["container.A.x"]


def test_a_runtime_that_is_absent_everywhere_is_told_once() -> None:
    rows = [
        skipped("container.A.time_x", "podman"),
        skipped("files.B.time_x", "podman"),
        passed("files.B.time_x"),
    ]
    assert skips(report(*rows)) == [Skip(EVERY, "podman", "not installed", 2)]


def test_different_reasons_stay_apart() -> None:
    rows = [skipped("a.A.time_x", "podman"), skipped("a.A.time_y", "podman", "no network")]
    assert [(skip.where, skip.reason) for skip in skips(report(*rows))] == [
        ("a.A.x", "not installed"),
        ("a.A.y", "no network"),
    ]


def test_rows_without_a_runtime_are_never_called_every_benchmark_while_others_ran() -> None:
    rows = [sample.told(Outcome.SKIPPED, sample.row(f"{module}.A.time_x"), "no numpy") for module in "ab"]
    found = skips(report(*rows, passed("a.A.time_x", "runc")))
    assert [skip.where for skip in found] == ["a.*", "b.*"]
