"""What is particular to one engine."""

from __future__ import annotations

import pytest

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import Value, open_engine
from tests.sandbox.scripting import scripts

JAVASCRIPT = [name for name in scripts.JAVASCRIPT if name in scripts.INSTALLED]


@pytest.mark.parametrize("name", JAVASCRIPT)
@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("undefined", None),
        ("10n ** 30n", 10**30),
        ("'a\\0b'", "a\0b"),
        ("'\\ud800'", "\ud800"),
        ("let t = 0; for (const n of [1, 2, 3]) t += n; t", 6),
        ("(1); (2)", 2),
        ("var y = 3; y", 3),
    ],
)
def test_javascript_values_come_out_exactly(name: str, script: str, value: Value) -> None:
    with open_engine(name) as engine:
        assert engine.execute(script) == value
        assert engine.execute(engine.compile(script)) == value


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_an_integer_that_javascript_would_round_is_refused(name: str) -> None:
    with open_engine(name) as engine, pytest.raises(ScriptError, match=r"up to 2\^53 - 1 exactly"):
        engine.register("x", 2**53)


@pytest.mark.parametrize("name", JAVASCRIPT)
@pytest.mark.parametrize("script", ["1;\0 2", "'\ud800'"])
def test_text_that_javascript_would_read_otherwise_is_refused(name: str, script: str) -> None:
    with open_engine(name) as engine, pytest.raises(ScriptError, match="the script holds"):
        engine.execute(script)


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_a_script_cannot_spoil_what_carries_its_values(name: str) -> None:
    spoil = "JSON.stringify = () => '1'; String = null; eval = null; try { __host = null } catch {} "
    with open_engine(name) as engine:
        engine.execute(spoil + "__host.run = null; 0")
        assert engine.execute("'text'") == "text"


def test_v8_says_that_it_takes_no_functions() -> None:
    with open_engine("v8") as engine, pytest.raises(ScriptError, match="cannot call functions of the host"):
        engine.register("f", lambda: 1)


@pytest.mark.parametrize(
    "name", ["python", "io", "require", "package", "dofile", "loadfile", "debug", "os.execute", "os.getenv"]
)
def test_lua_has_no_way_to_the_host(name: str) -> None:
    with open_engine("lua") as engine:
        assert engine.execute(f"return {name} == nil") is True


def test_lua_reaches_no_attribute_of_a_function_of_the_host() -> None:
    with open_engine("lua") as engine:
        engine.register("f", lambda: 1)
        for attribute in ("__class__", "__globals__", "__call__"):
            assert engine.execute(f"return (pcall(function() return f.{attribute} end))") is False


def test_lua_loads_no_binary_chunk() -> None:
    with open_engine("lua") as engine:
        assert engine.execute("return (load('\\27Lua'))") is None
        assert engine.execute("return string.dump == nil") is True


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("return '\\xff'", "no text in UTF-8"),
        ("return 1, 2", "several values"),
        ("error({})", "a value that is no text"),
    ],
)
def test_what_lua_cannot_hand_out_is_an_error(script: str, message: str) -> None:
    with open_engine("lua") as engine, pytest.raises(ScriptError, match=message):
        engine.execute(script)


@pytest.mark.parametrize("value", [2**63, "\ud800"])
def test_what_lua_cannot_hold_is_refused(value: Value) -> None:
    with open_engine("lua") as engine, pytest.raises(ScriptError, match="lua cannot hold the value"):
        engine.register("x", value)


@pytest.mark.parametrize("kind", ["i32", "i64", "f32", "f64"])
def test_webassembly_takes_globals_of_every_type(kind: str) -> None:
    exported = f"""
(module (global $x (export "x") (mut {kind}) ({kind}.const 1))
  (func (export "run") (result {kind}) global.get $x))
"""
    with open_engine("wasm") as engine:
        engine.register("x", 7)
        assert engine.execute(exported) == 7


def test_webassembly_takes_the_binary_form() -> None:
    import wasmtime

    module = wasmtime.wat2wasm('(module (func (export "run") (result i32) i32.const 7))')
    with open_engine("wasm") as engine:
        assert engine.execute(bytes(module)) == 7


@pytest.mark.parametrize("value", [2**31, 1.5, float("inf")])
def test_a_number_that_does_not_fit_is_refused(value: float) -> None:
    script = '(module (import "env" "x" (global i32)) (func (export "run") (result i32) (global.get 0)))'
    with open_engine("wasm") as engine:
        engine.register("x", value)
        with pytest.raises(ScriptError, match="does not fit i32"):
            engine.execute(script)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("(module)", "exports no function `run`"),
        ('(module (import "env" "y" (global i32)))', r"imports env\.y, which is not registered"),
        ('(module (import "wasi" "exit" (func)))', r"imports wasi\.exit"),
        ('(module (func (export "run") (result i32 i32) i32.const 1 i32.const 2))', "no single number"),
    ],
)
def test_a_module_that_does_not_fit_says_why(script: str, message: str) -> None:
    with open_engine("wasm") as engine, pytest.raises(ScriptError, match=message):
        engine.execute(script)


def test_webassembly_grows_no_further_than_its_limit() -> None:
    script = '(module (memory 1) (func (export "run") (result i32) (memory.grow (i32.const 2000))))'
    with open_engine("wasm") as engine:
        assert engine.execute(script) == -1


def test_webassembly_knows_numbers_alone() -> None:
    with open_engine("wasm") as engine, pytest.raises(ScriptError, match="numbers alone"):
        engine.register("x", "text")


def test_starlark_keeps_what_a_script_has_defined() -> None:
    with open_engine("starlark") as engine:
        engine.execute("def double(n): return 2 * n")
        assert engine.execute("double(21)") == 42


@pytest.mark.parametrize("script", ["load('a', 'b')", "open('/etc/passwd')", "import os"])
def test_starlark_has_no_way_to_the_host(script: str) -> None:
    with open_engine("starlark") as engine, pytest.raises(ScriptError):
        engine.execute(script)


@pytest.mark.parametrize(
    "script", ["raise SystemExit(3)", "raise MemoryError", "import nothing_of_that_name"]
)
def test_what_python_raises_is_an_error_of_the_script(script: str) -> None:
    with open_engine("python", limits=None) as engine:
        with pytest.raises(ScriptError):
            engine.execute(script)
        assert engine.execute("1") == 1
