from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.config import load_project
from perfbench.config_harness import Check
from perfbench.errors import ConfigError, ExitCode
from perfbench.model import Harness
from perfbench.toml_file import read_toml

FULL = """\
[[harness]]
name = "api"
command = "pytest benches --benchmark-json={out} -k 'not slow'"
setup = ["python -m pip install pytest-benchmark", ["cargo", "build"]]
cwd = "python"
environment = { FAST = "1" }
timeout = "90 s"
rounds = 8

[[harness]]
name = "criterion"
command = ["cargo", "bench"]
result = "target/criterion"

[[check]]
function = "perf.rules:allocations"
name = "allocations"
"""


def configured(folder: Path, text: str) -> Path:
    (folder / "perfbench.toml").write_text(text)
    return folder


def harness(folder: Path, rest: str) -> Harness:
    (found,) = load_project(configured(folder, f'[[harness]]\nname = "api"\n{rest}\n')).harnesses
    return found


def test_a_harness_is_read_with_all_its_keys(tmp_path: Path) -> None:
    first, second = load_project(configured(tmp_path, FULL)).harnesses
    assert first == Harness(
        name="api",
        command=("pytest", "benches", "--benchmark-json={out}", "-k", "not slow"),
        setup=(("python", "-m", "pip", "install", "pytest-benchmark"), ("cargo", "build")),
        cwd="python",
        environment={"FAST": "1"},
        timeout=90.0,
        rounds=8,
        origin="perfbench.toml:1",
    )
    assert (second.command, second.result, second.timeout) == (("cargo", "bench"), "target/criterion", 600.0)


def test_a_check_names_its_function(tmp_path: Path) -> None:
    (check,) = load_project(configured(tmp_path, FULL)).checks
    assert check == Check("perf.rules", "allocations", "allocations", "perfbench.toml:15")
    assert str(check) == "perf.rules:allocations"


def test_both_may_stand_in_pyproject(tmp_path: Path) -> None:
    text = FULL.replace("[[", "[[tool.perfbench.")
    (tmp_path / "pyproject.toml").write_text(text)
    found = load_project(tmp_path)
    assert [one.name for one in found.harnesses] == ["api", "criterion"]
    assert len(found.checks) == 1


@pytest.mark.parametrize("end", [" > {out}", " >{out}"])
def test_a_command_that_ends_so_writes_what_it_prints(tmp_path: Path, end: str) -> None:
    found = harness(tmp_path, f'command = "go test -bench .{end}"')
    assert (found.command, found.captured) == (("go", "test", "-bench", "."), True)


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ('command = "bench"', "does not say where its results are"),
        ('command = "bench -o {out}"\nresult = "x.json"', "two places"),
        ('command = "bench {out} > {out}"', "two places"),
        ('command = "bench | tee {out}"', "'|' means nothing here"),
        ('command = "make && bench -o {out}"', "'&&' means nothing here"),
        ('command = "bench > other.txt"\nresult = "other.txt"', "'>' means nothing here"),
        ('command = "bench \'-o {out}"', "cannot be split into words"),
        ('command = ""', "runs no program"),
        ("command = []", "runs no program"),
        ('command = "> {out}"', "runs no program"),
        ("command = 3", "must be a string or a list"),
        ('command = "b {out}"\nsetup = "pip install x"', "must be a list"),
        ('command = "b {out}"\nsetup = ["make | tee log"]', "'|' means nothing here"),
        ('command = "b {out}"\ncwd = "../elsewhere"', "inside the repository"),
        ('command = "b"\nresult = "/tmp/x"', "inside the repository"),
        ('command = "b {out}"\nenvironment = { "A-B" = "1" }', "cannot be set"),
        ('command = "b {out}"\ntimeout = "soon"', "soon"),
        ('command = "b {out}"\ntimeout = 0', "no time to wait for"),
        ('command = "b {out}"\nrounds = 0', "choose 1 to 1000"),
        ('command = "b {out}"\ncomand = "c"', "unknown key"),
    ],
)
def test_a_wrong_harness_is_refused_with_its_line(tmp_path: Path, rest: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        harness(tmp_path, rest)
    assert told in str(refused.value)
    assert "perfbench.toml:" in str(refused.value)
    assert refused.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("name", ["", "a b", "a.b", "perfbench", "x" * 61])
def test_a_harness_has_a_plain_name_of_its_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be called"):
        load_project(configured(tmp_path, f'[[harness]]\nname = "{name}"\ncommand = "b {{out}}"\n'))


def test_two_harnesses_of_one_name_are_refused(tmp_path: Path) -> None:
    one = '[[harness]]\nname = "api"\ncommand = "b {out}"\n'
    with pytest.raises(ConfigError, match="two harnesses are called 'api'"):
        load_project(configured(tmp_path, one + one))


@pytest.mark.parametrize("function", ["", "rules", "rules:", ":check", "a b:c", "a:b.c"])
def test_a_check_that_names_no_function_is_refused(tmp_path: Path, function: str) -> None:
    with pytest.raises(ConfigError, match="names no function"):
        load_project(configured(tmp_path, f'[[check]]\nfunction = "{function}"\n'))


@given(command=st.text(max_size=40).filter(lambda text: "'" not in text and text.isprintable()))
def test_whatever_a_command_says_it_is_read_or_refused(
    command: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = configured(
        tmp_path_factory.mktemp("any"), f"[[harness]]\nname = 'api'\ncommand = '{command} -o {{out}}'\n"
    )
    read_toml(folder / "perfbench.toml")
    try:
        (found,) = load_project(folder).harnesses
    except ConfigError as refused:
        assert "perfbench.toml" in str(refused)  # noqa: PT017
    else:
        assert found.command
