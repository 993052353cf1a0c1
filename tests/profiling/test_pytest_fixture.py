"""The fixture `allocations`, in tests of pytest's own."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from perfbench.errors import UsageError
from perfbench.profiling.allocations import Filters
from perfbench.profiling.pytest_fixture import AllocationChecks, allocations

__all__ = ["allocations"]

pytest_plugins = ["pytester"]

HERE = Filters(include=Path(__file__).name)
SIZE = 100_000


def test_a_block_within_its_limits_passes(allocations: AllocationChecks) -> None:
    with allocations.limit(growth="10 KiB", peak="1 MiB") as block:
        bytearray(SIZE)
    assert block.result.peak >= SIZE
    assert not tracemalloc.is_tracing()


def test_a_block_that_grows_fails_with_its_lines(allocations: AllocationChecks) -> None:
    kept = []
    over = pytest.raises(pytest.fail.Exception, match="above the limit of 10 KiB")
    with over as raised, allocations.limit(growth="10 KiB"):
        kept.append(bytearray(SIZE))
    assert "test_pytest_fixture.py" in str(raised.value)


def test_an_import_within_the_block_is_no_growth(
    allocations: AllocationChecks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = ", ".join(map(str, range(1000, 4000)))
    (tmp_path / "imported_meanwhile.py").write_text(f"def function():\n    return [{numbers}]\n")
    monkeypatch.syspath_prepend(tmp_path)
    with allocations.limit(growth="4 KiB"):
        imported = __import__("imported_meanwhile")
    assert len(imported.function()) == 3000


def test_a_block_that_raises_is_not_held_to_its_limits(allocations: AllocationChecks) -> None:
    kept = []

    def keep_and_fail() -> None:
        kept.append(bytearray(SIZE))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), allocations.limit(growth=0):
        keep_and_fail()


def test_growth_per_call_is_held_to_its_limit(allocations: AllocationChecks) -> None:
    kept = []

    def leak() -> None:
        kept.append(bytearray(1000))

    assert allocations.growth(leak, limit="2 KiB", calls=3, rounds=6, filters=HERE).grows
    with pytest.raises(pytest.fail.Exception, match="more than 0 B per call"):
        allocations.growth(leak, calls=3, rounds=6, filters=HERE)


def test_a_limit_that_is_no_size_is_refused(allocations: AllocationChecks) -> None:
    with pytest.raises(UsageError, match="10 KiB"), allocations.limit(growth="much"):
        pass


def test_a_failing_test_shows_its_own_line_and_those_that_allocate(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from perfbench.profiling.pytest_fixture import allocations\n")
    pytester.makepyfile(
        """
        kept = []

        def test_leak(allocations):
            with allocations.limit(growth="10 KiB"):
                kept.append(bytearray(100_000))

        def test_idle(allocations):
            with allocations.limit(growth="10 KiB"):
                bytearray(100_000)
        """
    )
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            '>*with allocations.limit(growth="10 KiB"):',
            "E*Failed: growth of 97* is above the limit of 10 KiB",
            "E*test_*.py:5",
        ]
    )
    result.stdout.no_fnmatch_line("*def limit(*")
