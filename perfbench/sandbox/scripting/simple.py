"""The same small script in each engine's language: the sum of the numbers below 100, by a loop."""

from __future__ import annotations

from collections.abc import Mapping

SIMPLE_VALUE = 4950
"""What each of them gives."""

_JAVASCRIPT = "(() => { let total = 0; for (let i = 0; i < 100; i++) total += i; return total })()"

SIMPLE: Mapping[str, str] = {
    "quickjs": _JAVASCRIPT,
    "v8": _JAVASCRIPT,
    "lua": "local total = 0 for i = 0, 99 do total = total + i end return total",
    "wasm": """
(module
  (func (export "run") (result i32) (local $i i32) (local $total i32)
    (loop $again
      (local.set $total (i32.add (local.get $total) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $i) (i32.const 100))))
    (local.get $total)))
""",
    "starlark": """
def simple():
    total = 0
    for i in range(100):
        total += i
    return total

simple()
""",
    "python": """
total = 0
for i in range(100):
    total += i
total
""",
}
