"""What the settings of Go's benchmark text say."""

from __future__ import annotations

import pytest

from perfbench.results.go_settings import environment_of, side_labels


@pytest.mark.parametrize(
    ("settings", "architecture"),
    [
        ({"goarch": "amd64"}, "x86_64"),
        ({"goarch": "arm64", "goos": "linux"}, "aarch64"),
        ({"goarch": "arm64", "goos": "darwin"}, "arm64"),
        ({"goarch": "riscv64"}, "riscv64"),
        ({"goarch": "amd64", "architecture": "other"}, "other"),
        ({}, ""),
    ],
)
def test_processors_are_called_as_the_operating_system_calls_them(
    settings: dict[str, str], architecture: str
) -> None:
    assert environment_of(settings).architecture == architecture


def test_numbers_that_are_none_are_not_known() -> None:
    found = environment_of({"cores": "four", "memory": "9" * 20})
    assert (found.cores, found.memory) == (0, 0)


@pytest.mark.parametrize(
    ("blocks", "rows", "labels"),
    [
        ([{"note": "a"}, {"note": "b"}], [[0, 1]], ["a", "b"]),
        ([{"note": "a"}, {"note": "b"}], [[0], [1]], ["head", "head"]),
        ([{"note": "a"}, {}], [[0, 1]], ["a", "no note"]),
        ([{"a": "1", "b": "1"}, {"a": "2", "b": "2"}], [[0, 1]], ["a=1, b=1", "a=2, b=2"]),
        ([{"pkg": "a"}, {"pkg": "b"}], [[0, 1]], ["head", "head"]),
        ([{"upload-time": "1"}, {"upload-time": "2"}], [[0, 1]], ["head", "head"]),
        ([{"runstamp": "1"}, {"runstamp": "2"}], [[0, 1]], ["head", "head"]),
        ([{"cpu": "a"}, {}], [[0, 1]], ["head", "head"]),
        ([{"cpu": "a"}, {"cpu": "b"}], [[0, 1]], ["a", "b"]),
        ([{"note": "a\x1b[31m" + "x" * 100}, {"note": "b"}], [[0, 1]], ["a\ufffd[31m" + "x" * 53 + "…", "b"]),
        ([{"note": "x" * 80 + "a"}, {"note": "x" * 80 + "b"}], [[0, 1]], ["x" * 59 + "…", "x" * 59 + "… #2"]),
    ],
)
def test_sides_are_the_values_under_which_a_row_comes_again(
    blocks: list[dict[str, str]], rows: list[list[int]], labels: list[str]
) -> None:
    assert side_labels(blocks, rows) == labels
