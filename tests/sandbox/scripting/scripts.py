"""Scripts that mean the same in every engine's language."""

from __future__ import annotations

from perfbench.sandbox.scripting import NAMES, availability

JAVASCRIPT = ("quickjs", "v8")
INSTALLED = tuple(name for name in NAMES if availability(name).available)
CALLING_BACK = tuple(name for name in INSTALLED if name != "v8")

_WASM_X = '(module (import "env" "x" (global f64)) (func (export "run") (result f64) (global.get 0)))'
_WASM_CALL = """
(module (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "run") (result i32) (call $f (i32.const 41))))
"""


def number(name: str, value: int) -> str:
    """A script that gives an integer."""
    if name == "wasm":
        return f'(module (func (export "run") (result i32) i32.const {value}))'
    return f"return {value}" if name == "lua" else f"{value}"


def reading_x(name: str) -> str:
    """A script that gives the global `x`."""
    return {"wasm": _WASM_X, "lua": "return x"}.get(name, "x")


def calling_f(name: str) -> str:
    """A script that gives f(41)."""
    return {"wasm": _WASM_CALL, "lua": "return f(41)"}.get(name, "f(41)")


FOR_EVER = {
    "quickjs": [
        "while (true) {}",
        "while (true) { try { while (true) {} } catch {} }",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
    ],
    "v8": ["while (true) {}", "new Array(1e9).fill(0)"],
    "lua": [
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "return ('a'):rep(40):match('" + ".-" * 12 + "b')",
    ],
    "wasm": ['(module (func (export "run") (loop br 0)))'],
    "starlark": ["for i in range(1000000000): pass\n"],
    "python": ["while True: pass", "while True:\n  try:\n    while True: pass\n  except BaseException: pass"],
}

GREEDY = {
    "quickjs": [
        "let a = []; for (;;) a.push([1, 2, 3])",
        "let s = 'x'; for (;;) s += s",
        "new ArrayBuffer(1e9)",
    ],
    "v8": [
        "let a = []; for (;;) a.push(new Array(1000).fill(1))",
        "let b = []; for (;;) b.push(new Uint8Array(1e6).fill(1))",
    ],
    "lua": ["local t = {} while true do t[#t + 1] = {1, 2, 3} end", "return ('x'):rep(1e9)"],
    "wasm": ['(module (memory 2000) (func (export "run")))'],
    "starlark": ["x = [0] * 1000000000\nlen(x)", "x = []\nfor i in range(1000000000): x.append([i])\n"],
    "python": ["x = [0] * 1000000000", "x = []\nwhile True: x.append([1])"],
}

RAISING = {
    "quickjs": "throw new Error('no\\nway')",
    "v8": "throw new Error('no\\nway')",
    "lua": "error('no\\nway')",
    "wasm": '(module (func (export "run") unreachable))',
    "starlark": "fail('no\\nway')",
    "python": "raise ValueError('no\\nway')",
}

NO_PLAIN_VALUE = {
    "quickjs": "({a: 1})",
    "v8": "({a: 1})",
    "lua": "return {}",
    "wasm": '(module (func (export "run") (result i32 i32) i32.const 1 i32.const 2))',
    "starlark": "[1]",
    "python": "[1]",
}
