"""How Go's benchmark format spells rows and metrics, and the way back.

The format: https://go.dev/design/14313-benchmark-format; units after golang/perf's `benchunit`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote, unquote

from perfbench.model import BenchmarkId, Better, Metric
from perfbench.results.json_text import encodable
from perfbench.units import BYTES, SECONDS

MARK = "# written by perfbench"
"""A comment to Go. After it, names are percent-encoded where Go's grammar could not hold them."""

PROCS = "gomaxprocs"
"""The param that stands for the `-8` at the end of a name."""

_BENCHMARK = "Benchmark"
_OWN = f"{_BENCHMARK}_"
"""Begins every name that is not a Go function's, in files that perfbench wrote."""

_TIME = Metric("time", SECONDS)
_TIME_UNITS = {"ns/op": -9, "sec/op": 0}
_POWERS = {"ns": (SECONDS, -9), "sec": (SECONDS, 0), "MB": (BYTES, 6), "B": (BYTES, 0), "bytes": (BYTES, 0)}
_SUFFIXES = {SECONDS: "ns", BYTES: "bytes"}
_SECOND = {"s", "sec"}

_PROCS_SUFFIX = re.compile(r"-(\d+)$", re.ASCII)
_QUALIFIED = re.compile(r"(\S+?)\.(Benchmark[^a-z_].*|Benchmark)", re.DOTALL)


def benchmark_of(name: str, package: str, suite: str, *, encoded: bool) -> BenchmarkId:
    """The row that a line names: `BenchmarkX/key=value/sub-8` in package `a/b` is `a/b.BenchmarkX/sub`.

    Parts with a `=` are params, the number of CPUs is the last one. `encoded` says that perfbench wrote it.
    """
    procs = _PROCS_SUFFIX.search(name)
    base, *parts = (name[: procs.start()] if procs else name).split("/")
    params = [tuple(part.split("=", 1)) for part in parts if "=" in part]
    plain = "/".join([base, *(part for part in parts if "=" not in part)])
    if encoded:
        params = [(unquote(key), unquote(value)) for key, value in params]
        plain, suite = unquote(plain.removeprefix(_OWN)), unquote(suite)
    if procs:
        params.append((PROCS, procs[1]))
    full = f"{package}.{plain}" if package else plain
    return BenchmarkId(suite, full, tuple((key, value) for key, value in params))


def spelt_benchmark(benchmark: BenchmarkId) -> tuple[str, str]:
    """The package (empty for what is not Go's) and the name that `benchmark_of` reads back, encoded."""
    qualified = _QUALIFIED.fullmatch(benchmark.name)
    package = qualified[1] if qualified and qualified[1].isprintable() else ""
    name = qualified[2] if qualified and package else benchmark.name
    is_go = name.startswith(_BENCHMARK) and not name.startswith(_OWN)
    params = list(benchmark.params)
    procs = ""
    if params and params[-1][0] == PROCS and re.fullmatch(r"\d+", params[-1][1], re.ASCII):
        procs = f"-{params.pop()[1]}"
    text = ("" if is_go else _OWN) + spelt(name, "/")
    text += "".join(f"/{spelt(key)}={spelt(value)}" for key, value in params)
    if not procs and (tail := _PROCS_SUFFIX.search(text)):
        text = f"{text[: tail.start()]}%2D{tail[1]}"
    return package, text + procs


def spelt(text: str, keep: str = "") -> str:
    """Text without blanks, control characters, `%`, `=`, and `/` unless it is to be kept, percent-encoded."""
    text = str(encodable(text))
    plain = all(c.isprintable() and not c.isspace() and c not in "%=/" for c in text)
    return text if plain else "".join(_spelt_character(c, keep) for c in text)


def _spelt_character(character: str, keep: str) -> str:
    odd = character.isspace() or not character.isprintable() or character in "%=/"
    return quote(character, safe="") if odd and character not in keep else character


def metric_of(unit: str, facts: Mapping[str, str]) -> Metric:
    """The metric that a unit measures; `facts` are the `key=value` of its `Unit` line.

    Times and sizes get base units and are better lower, rates (`MB/s`, `X/s`) keep their word and are better
    higher; of other words, `allocs/op` apart, Go's format says nothing but what a `Unit` line does.
    """
    found = _TIME if unit in _TIME_UNITS else Metric(unit, _base_unit(unit) or unit, _better(unit))
    better = facts.get("better", found.better)
    return Metric(
        unquote(facts.get("metric", found.name)),
        unquote(facts.get("unit", found.unit)),
        Better(better) if better in set(Better) else found.better,
    )


def spelt_unit(metric: Metric) -> str:
    """The unit that stands for a metric in a line, as benchstat scales it: `ns/op`, `peakmem-bytes`."""
    if metric == _TIME:
        return "ns/op"
    if metric.unit not in _SUFFIXES:
        return spelt(metric.unit, "/") or spelt(metric.name, "/") or "value"
    if _base_unit(metric.name) == metric.unit and spelt(metric.name, "/") == metric.name:
        return metric.name
    return f"{spelt(metric.name).replace('*', '%2A')}-{_SUFFIXES[metric.unit]}"


def unit_facts(metric: Metric, unit: str) -> str:
    """The `key=value` of a unit's line: benchstat heeds `better`, the others are what the unit leaves open."""
    plain = metric_of(unit, {})
    facts = f"better={metric.better}"
    if metric.name != plain.name:
        facts += f" metric={spelt(metric.name, '/')}"
    return facts if metric.unit == plain.unit else f"{facts} unit={spelt(metric.unit, '/')}"


def power(unit: str, base_unit: str) -> int:
    """The power of ten by which a value in `unit` has to be multiplied for the base unit, if it is its own."""
    if unit in _TIME_UNITS and base_unit == SECONDS:
        return _TIME_UNITS[unit]
    return next((ten for base, ten in _words(unit) if base == base_unit), 0)


def number(text: str, ten: int) -> float:
    """A decimal number times a power of ten, rounded once."""
    return float(Decimal(text).scaleb(ten)) if "e" in text.lower() else float(f"{text}e{ten}")


def spelt_number(value: float, ten: int) -> str:
    """What `number` reads back as exactly this finite value; without exponent where it is not too long."""
    scaled = Decimal(repr(value)).scaleb(-ten).normalize()
    return f"{scaled:f}" if -9 <= scaled.adjusted() < 21 else str(scaled)


def _better(unit: str) -> Better:
    if unit.partition("/")[2] in _SECOND:
        return Better.HIGHER
    return Better.LOWER if _base_unit(unit) or unit == "allocs/op" else Better.NONE


def _base_unit(unit: str) -> str | None:
    if unit.partition("/")[2] in _SECOND:
        return None
    return next((base for base, _ in _words(unit)), None)


def _words(unit: str) -> list[tuple[str, int]]:
    """The times and sizes among the words of a unit before its `/`."""
    return [_POWERS[word] for word in re.split(r"[-*]", unit.partition("/")[0]) if word in _POWERS]
