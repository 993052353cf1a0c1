from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.measure.install_command import Command, parse_command

VARIABLES = {"env_dir": "/e nv", "build_dir": "/b"}


def test_prefixes_set_folder_exit_codes_and_variables() -> None:
    command = parse_command(
        "A=1 in-dir={env_dir} return-code=0,3 B={build_dir} python -m pip install '{build_dir}'", VARIABLES
    )
    assert command == Command(
        ("python", "-m", "pip", "install", "/b"), {"A": "1", "B": "/b"}, frozenset({0, 3}), "/e nv"
    )
    assert command.accepts(3)
    assert not command.accepts(1)


def test_without_prefixes_only_zero_is_success() -> None:
    command = parse_command("python setup.py build", VARIABLES)
    assert (command.environment, command.return_codes, command.cwd) == ({}, frozenset({0}), None)


def test_any_exit_code_can_be_accepted() -> None:
    assert parse_command("return-code=any python -V", VARIABLES).accepts(77)


def test_an_assignment_after_the_program_is_its_argument() -> None:
    assert parse_command("make CC=clang", VARIABLES).argv == ("make", "CC=clang")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pip install {wheel_file}", r"\{wheel_file\} has no value here \(known: build_dir, env_dir\)"),
        ("pip install {}", "cannot be run"),
        ("pip install {env_dir.nothing}", "cannot be run"),
        ("pip install {", "cannot be run"),
        ("pip 'install", "No closing quotation"),
        ("", "runs no program"),
        ("A=1", "runs no program"),
        ("return-code=1 return-code=2 pip", "may stand once"),
        ("in-dir=a in-dir=b pip", "may stand once"),
        ("return-code=1; pip", "neither a list of numbers nor any"),
    ],
)
def test_what_cannot_be_run_is_said(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_command(line, VARIABLES)


WORDS = [
    "A=1",
    "in-dir={env_dir}",
    "return-code=any",
    "return-code=1,2",
    "pip",
    "B='x y'",
    "{build_dir}",
    "'",
]


@given(st.lists(st.sampled_from(WORDS), max_size=5))
def test_every_line_is_read_as_asv_reads_it(words: list[str]) -> None:
    util = pytest.importorskip("asv.util", reason="asv is not installed")
    line = " ".join(words)
    try:
        ours = parse_command(line, VARIABLES)
    except UsageError:
        # asv refuses as well, or would run nothing.
        try:
            assert not util.interpolate_command(line, VARIABLES)[0]
        except (util.UserError, ValueError):
            return
    else:
        argv, environment, codes, cwd = util.interpolate_command(line, VARIABLES)
        assert (list(ours.argv), ours.environment, ours.return_codes, ours.cwd) == (
            argv,
            environment,
            codes,
            cwd,
        )
