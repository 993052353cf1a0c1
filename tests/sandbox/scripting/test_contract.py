"""What every engine owes to whoever uses it, held against the real thing; absent ones are skipped."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import (
    NAMES,
    SIMPLE,
    SIMPLE_VALUE,
    Engine,
    ScriptLimits,
    Value,
    availability,
    open_engine,
)
from tests.sandbox.scripting import scripts

MIB = 1024**2
SMALL = ScriptLimits(seconds=0.3, memory=16 * MIB)
ROOMY = ScriptLimits(seconds=30.0, memory=16 * MIB)
"""Time enough to be short of memory first, on a machine that is busy."""

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES: st.SearchStrategy[Value] = st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, TEXT)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found = availability(request.param)
    if not found.available:
        pytest.skip(f"{request.param}: {found.reason}")
    return str(request.param)


@pytest.fixture
def engine(name: str) -> Iterator[Engine]:
    with open_engine(name) as opened:
        yield opened


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, script) for name in scripts.INSTALLED for script in table[name]]


def test_an_engine_says_its_name(name: str, engine: Engine) -> None:
    assert engine.name == name


def test_the_simple_script_gives_the_same_number_in_each_language(name: str, engine: Engine) -> None:
    assert engine.execute(SIMPLE[name]) == SIMPLE_VALUE


def test_a_compiled_script_gives_what_its_source_gives_each_time(name: str, engine: Engine) -> None:
    program = engine.compile(SIMPLE[name])
    assert [engine.execute(program) for _ in range(3)] == [SIMPLE_VALUE] * 3
    assert program.source == SIMPLE[name]


def test_programs_are_told_apart_after_others_are_gone(name: str, engine: Engine) -> None:
    for value in range(5):
        program = engine.compile(scripts.number(name, value))
        assert engine.execute(program) == value


def test_a_program_of_another_engine_is_refused(name: str, engine: Engine) -> None:
    with open_engine(name) as other, pytest.raises(ScriptError, match="compiled by another engine"):
        engine.execute(other.compile(SIMPLE[name]))


def test_a_script_without_jobs_runs_to_its_end(name: str, engine: Engine) -> None:
    assert engine.run(SIMPLE[name]) == SIMPLE_VALUE


def test_a_global_is_seen_and_replaced(name: str, engine: Engine) -> None:
    for value in (1.5, -2.5):
        engine.register("x", value)
        assert engine.execute(scripts.reading_x(name)) == value


@pytest.mark.parametrize("name", scripts.INSTALLED)
def test_values_come_out_as_they_went_in(name: str) -> None:
    with open_engine(name) as engine:

        @given(value=FLOATS if name == "wasm" else VALUES)
        @settings(max_examples=80)
        def crosses(value: Value) -> None:
            engine.register("x", value)
            found = engine.execute(scripts.reading_x(name))
            assert found == value
            assert isinstance(found, bool) == isinstance(value, bool)

        crosses()


@pytest.mark.parametrize("name", scripts.CALLING_BACK)
def test_a_function_of_the_host_is_called_back(name: str) -> None:
    with open_engine(name) as engine:
        engine.register("f", lambda number: number + 1)
        assert engine.execute(scripts.calling_f(name)) == 42


@pytest.mark.parametrize("name", scripts.CALLING_BACK)
def test_an_error_of_the_hosts_function_is_the_scripts(name: str) -> None:
    def refuse(number: Value) -> Value:
        raise ValueError(f"{number} is not\nallowed")

    with open_engine(name) as engine:
        engine.register("f", refuse)
        with pytest.raises(ScriptError, match="41 is not allowed"):
            engine.execute(scripts.calling_f(name))
        assert engine.execute(SIMPLE[name]) == SIMPLE_VALUE


@pytest.mark.parametrize("value", [b"bytes", [1], {}, object()])
def test_what_is_not_plain_is_refused(engine: Engine, value: Value) -> None:
    with pytest.raises(ScriptError, match="cannot exchange"):
        engine.register("x", value)


@pytest.mark.parametrize("global_name", ["", "a b", "1a", "ü", "x;y", "__proto__\n"])
def test_a_name_that_is_none_is_refused(engine: Engine, global_name: str) -> None:
    with pytest.raises(ScriptError, match="cannot be a global's name"):
        engine.register(global_name, 1)


def test_an_error_carries_the_scripts_own_message_in_one_line(name: str, engine: Engine) -> None:
    with pytest.raises(ScriptError) as caught:
        engine.execute(scripts.RAISING[name])
    assert ("unreachable" if name == "wasm" else "no way") in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert engine.execute(SIMPLE[name]) == SIMPLE_VALUE


def test_a_script_that_does_not_compile_is_an_error_at_once(name: str, engine: Engine) -> None:
    for action in (engine.compile, engine.execute, engine.run):
        with pytest.raises(ScriptError) as caught:
            action("let = = ((")
        assert len(str(caught.value).splitlines()) == 1


def test_a_value_that_is_not_plain_is_an_error(name: str, engine: Engine) -> None:
    with pytest.raises(ScriptError):
        engine.execute(scripts.NO_PLAIN_VALUE[name])
    assert engine.execute(SIMPLE[name]) == SIMPLE_VALUE


def test_bytes_are_a_script_of_webassembly_alone(name: str, engine: Engine) -> None:
    with pytest.raises(ScriptError):
        engine.execute(b"1 + 1")


@pytest.mark.parametrize(("name", "script"), cases(scripts.FOR_EVER))
def test_a_script_without_end_is_ended_within_the_limit(name: str, script: str) -> None:
    engine = open_engine(name, limits=SMALL)
    started = time.monotonic()
    with pytest.raises(ScriptError, match=r"ran past its limit of 0\.3 s"):
        engine.execute(script)
    assert time.monotonic() - started < 5.0
    with pytest.raises(ScriptError, match="the engine is closed; open another"):
        engine.execute(SIMPLE[name])
    engine.close()


@pytest.mark.parametrize(("name", "script"), cases(scripts.GREEDY))
def test_a_script_that_eats_memory_is_an_error_and_the_next_engine_works(name: str, script: str) -> None:
    with open_engine(name, limits=ROOMY) as engine, pytest.raises(ScriptError) as caught:
        engine.execute(script)
    assert "ran past" not in str(caught.value)
    with open_engine(name, limits=ROOMY) as engine:
        assert engine.execute(SIMPLE[name]) == SIMPLE_VALUE


def test_recursion_without_end_is_an_error(name: str) -> None:
    script = {
        "lua": "local function f() return 1 + f() end return f()",
        "wasm": '(module (func $f (export "run") (result i32) (call $f)))',
        "starlark": "def f(): f()\nf()",
        "python": "def f(): f()\nf()",
    }.get(name, "function f() { return 1 + f() } f()")
    with open_engine(name, limits=ROOMY) as engine, pytest.raises(ScriptError):
        engine.execute(script)


def test_two_engines_at_once_share_nothing(name: str) -> None:
    with open_engine(name) as one, open_engine(name) as other:
        one.register("x", 1.0)
        other.register("x", 2.0)
        assert one.execute(scripts.reading_x(name)) == 1.0
        assert other.execute(scripts.reading_x(name)) == 2.0


def test_a_new_engine_knows_nothing_of_the_one_before(name: str) -> None:
    with open_engine(name) as engine:
        engine.register("x", 1.0)
    with open_engine(name) as engine:
        try:
            assert engine.execute(scripts.reading_x(name)) is None
        except ScriptError as error:
            assert "x" in str(error)  # noqa: PT017


def test_closing_is_harmless_the_second_time_and_final(name: str) -> None:
    engine = open_engine(name)
    engine.close()
    engine.close()
    for action in (engine.compile, engine.execute, engine.run):
        with pytest.raises(ScriptError, match="the engine is closed"):
            action(SIMPLE[name])


def test_engines_are_used_by_many_threads_each_by_one(name: str) -> None:
    def work(number: int) -> object:
        with open_engine(name) as engine:
            return engine.execute(scripts.number(name, number))

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(3))) == [0, 1, 2]


@pytest.mark.parametrize("name", scripts.INSTALLED)
def test_a_trusted_script_runs_in_this_process(name: str) -> None:
    with open_engine(name, limits=None) as engine:
        engine.register("x", 1.5)
        assert engine.execute(scripts.reading_x(name)) == 1.5
        assert engine.execute(engine.compile(SIMPLE[name])) == engine.run(SIMPLE[name]) == SIMPLE_VALUE
        with pytest.raises(ScriptError):
            engine.execute(scripts.RAISING[name])


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_finite_number_comes_out_or_is_refused(name: str, engine: Engine, value: float) -> None:
    try:
        engine.register("x", value)
    except ScriptError:
        return
    found = engine.execute(scripts.reading_x(name))
    assert isinstance(found, float)
    assert found == value or (math.isnan(found) and math.isnan(value))
