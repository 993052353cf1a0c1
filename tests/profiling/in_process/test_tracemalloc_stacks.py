"""The recorder of allocations, in this process and in others."""

from __future__ import annotations

import json
import subprocess
import tracemalloc
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.profiling.in_process.conftest import FOLDER, loaded

SIZE = 100_000
Nested = list[tuple[str, Any]]
RECORDER = loaded("tracemalloc_stacks.py")


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    assert not tracemalloc.is_tracing()
    yield
    tracemalloc.stop()


def weights(path: Path) -> dict[str, int]:
    """Stack → bytes."""
    found = {}
    for line in path.read_text().splitlines():
        stack, _, size = line.rpartition(" ")
        found[stack] = int(size)
    return found


class Keeper:
    def __init__(self) -> None:
        self.kept: list[bytearray] = []

    def keep(self) -> None:
        self.kept.append(bytearray(SIZE))


def test_growth_is_what_is_still_held_by_the_stack_that_allocated_it(tmp_path: Path) -> None:
    recorder, keeper = loaded("tracemalloc_stacks.py"), Keeper()
    out = tmp_path / "stacks.txt"
    recorder.start({"out": str(out)})
    bytearray(10 * SIZE)
    keeper.keep()
    said = recorder.stop()
    found = {stack: size for stack, size in weights(out).items() if size >= SIZE}
    ((stack, size),) = found.items()
    assert SIZE <= size < 2 * SIZE
    assert stack.rpartition(";")[2].startswith(f"Keeper.keep ({__file__}:")
    assert f"test_growth_is_what_is_still_held_by_the_stack_that_allocated_it ({__file__}:" in stack
    assert said["bytes"] == sum(weights(out).values())
    assert said["peak"] >= 10 * SIZE
    assert said["samples"] > 0
    assert not tracemalloc.is_tracing()


def test_the_recorder_and_tracemalloc_are_in_no_stack(tmp_path: Path) -> None:
    recorder = loaded("tracemalloc_stacks.py")
    recorder.start({"out": str(tmp_path / "out")})
    recorder.stop()
    text = (tmp_path / "out").read_text()
    assert str(FOLDER) not in text
    assert tracemalloc.__file__ not in text


@pytest.mark.parametrize("mode", ["growth", "peak"])
def test_tracing_that_ran_goes_on_and_growth_leaves_out_what_was_held_before(
    tmp_path: Path, mode: str
) -> None:
    recorder, keeper, out = loaded("tracemalloc_stacks.py"), Keeper(), tmp_path / "out"
    tracemalloc.start(2)
    keeper.keep()
    recorder.start({"out": str(out), "mode": mode, "depth": 9})
    said = recorder.stop()
    assert tracemalloc.get_traceback_limit() == 2
    assert any(size >= SIZE for size in weights(out).values()) == (mode == "peak")
    assert "keeps 2 frames" in said["notes"][0]


def test_stacks_that_were_cut_are_told(tmp_path: Path) -> None:
    recorder, keeper = loaded("tracemalloc_stacks.py"), Keeper()
    recorder.start({"out": str(tmp_path / "out"), "depth": 1})
    keeper.keep()
    said = recorder.stop()
    assert all(";" not in stack for stack in weights(tmp_path / "out"))
    assert "may lack their roots" in said["notes"][-1]


def test_a_function_whose_source_is_not_there_has_no_name(tmp_path: Path) -> None:
    recorder, kept = loaded("tracemalloc_stacks.py"), list[bytearray]()
    code = compile(f"def keep(kept):\n    kept.append(bytearray({SIZE}))\n", "a;b\n.py", "exec")
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102
    recorder.start({"out": str(tmp_path / "out")})
    namespace["keep"](kept)
    recorder.stop()
    assert any(stack.endswith(";? (a_b_.py:2)") for stack in weights(tmp_path / "out"))


def test_one_recording_at_a_time(tmp_path: Path) -> None:
    recorder = loaded("tracemalloc_stacks.py")
    with pytest.raises(RuntimeError, match="not being recorded"):
        recorder.stop()
    recorder.start({"out": str(tmp_path / "out")})
    with pytest.raises(RuntimeError, match="already"):
        recorder.start({"out": str(tmp_path / "out")})
    recorder.stop()


def test_a_mode_that_there_is_not_is_refused_and_nothing_is_traced(tmp_path: Path) -> None:
    recorder = loaded("tracemalloc_stacks.py")
    with pytest.raises(ValueError, match="growth or peak"):
        recorder.start({"out": str(tmp_path / "out"), "mode": "all"})
    assert not tracemalloc.is_tracing()


def test_a_file_that_cannot_be_written_is_an_error_and_tracing_ends(tmp_path: Path) -> None:
    recorder = loaded("tracemalloc_stacks.py")
    recorder.start({"out": str(tmp_path / "nowhere" / "out")})
    with pytest.raises(FileNotFoundError):
        recorder.stop()
    assert not tracemalloc.is_tracing()


def source(nested: Nested, indent: str = "") -> str:
    """Functions and classes within one another, each with a line of its own."""
    lines = [f"{indent}own = 1"]
    for number, (kind, inner) in enumerate(nested):
        bracket = "" if kind == "class" else "()"
        lines.append(f"{indent}{kind} n{number}{bracket}:")
        lines.append(source(inner, f"{indent}    "))
    lines.append(f"{indent}own = 2")
    return "\n".join(lines)


def qualified(code: types.CodeType, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Each line `own = …` and the name of what it belongs to, as Python says."""
    own = {line for _, _, line in code.co_lines() if line and "own" in lines[line - 1]}
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    yield from ((line, code.co_qualname) for line in own)
    for part in inner:
        yield from qualified(part, lines)


kinds = st.sampled_from(["def", "async def", "class"])
nesting: st.SearchStrategy[Nested] = st.recursive(
    st.just([]), lambda inner: st.lists(st.tuples(kinds, inner), max_size=3), max_leaves=8
)


@given(nesting)
@settings(max_examples=50)
def test_lines_have_the_names_that_python_gives_them(nested: Nested) -> None:
    text = source(nested)
    lines = text.splitlines(keepends=True)
    owners = RECORDER._owners_of(lines)
    for line, name in qualified(compile(text, "x.py", "exec"), lines):
        assert owners[line - 1] == name, line


@pytest.mark.parametrize("text", ["def (:\n", "x = '\0'\n", "(" * 10_000])
def test_a_source_that_is_none_has_no_names(text: str) -> None:
    assert RECORDER._owners_of([text]) is None


PROGRAM = """
import importlib.util, json, sys

spec = importlib.util.spec_from_file_location("perfbench_recorder", sys.argv[1])
recorder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recorder)
kept = []

def keep():
    kept.append(bytearray(100000))

recorder.start({"out": sys.argv[2], "mode": "growth", "depth": 25})
keep()
said = recorder.stop()
assert "perfbench" not in sys.modules
print(json.dumps(said))
"""


def test_a_process_of_another_python_loads_it_by_its_path(python: str, tmp_path: Path) -> None:
    program, out = tmp_path / "program.py", tmp_path / "out.txt"
    program.write_text(PROGRAM)
    command: list[str | Path] = [python, "-I", "-W", "error", program, FOLDER / "tracemalloc_stacks.py", out]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["bytes"] >= SIZE
    assert any(f"<module> ({program}:13);keep ({program}:10)" in stack for stack in weights(out))
