from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from perfbench.errors import MissingComponentError
from perfbench.measure.asv_matrix import Combination
from perfbench.measure.interpreter import choose_combination, is_running

MAJOR, MINOR, _ = platform.python_version_tuple()
OURS = (
    MAJOR,
    f"{MAJOR}.{MINOR}",
    platform.python_version(),
    f"python{MAJOR}.{MINOR}",
    "python",
    "same",
    sys.executable,
)
OTHERS = ("2.7", f"{MAJOR}.{MINOR}1", f"pypy{MAJOR}.{MINOR}0", f"{MAJOR}.{MINOR}-dev", "/usr/bin/other")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the names below are CPython's")
@pytest.mark.parametrize("name", OURS)
def test_the_running_python_is_known_by_all_its_names(name: str) -> None:
    assert is_running(name)


@pytest.mark.parametrize("name", OTHERS)
def test_another_python_is_not_taken_for_it(name: str) -> None:
    assert not is_running(name)


def test_the_first_combination_of_the_running_python_is_taken(tmp_path: Path) -> None:
    found = (
        Combination("2.7"),
        Combination(f"{MAJOR}.{MINOR}", ("a",)),
        Combination(f"{MAJOR}.{MINOR}", ("b",)),
    )
    combination, interpreter = choose_combination(found, tmp_path / "none")
    assert combination.requirements == ("a",)
    assert interpreter.path == Path(sys.executable)


def test_a_python_elsewhere_is_found_by_its_path(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere-python"
    other.symlink_to(Path(sys.base_prefix) / "bin" / f"python{MAJOR}.{MINOR}")
    combination, interpreter = choose_combination(
        (Combination("2.7"), Combination(str(other))), tmp_path / "none"
    )
    assert combination.python == str(other)
    assert interpreter.path.exists()
    assert not (tmp_path / "none").exists()


def test_a_python_that_is_nowhere_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        MissingComponentError, match=r"wants Python 2\.6, 2\.7, and none of them is installed"
    ):
        choose_combination(
            (Combination("2.6"), Combination("2.7"), Combination("2.6", ("x",))), tmp_path / "none"
        )
