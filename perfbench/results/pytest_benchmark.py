"""Reads what pytest-benchmark saved, from version 2.5 on, with its rounds or with their statistics alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import msgspec

from perfbench.model import BenchmarkId, Better, Environment, Measurement, Metric, Run, Summary
from perfbench.results.document import Document
from perfbench.results.gathering import Gathering, UnusableError, moment
from perfbench.results.lines import Count
from perfbench.results.result_file import HEAD, Header, ResultFile, SideHeader

NAME = "pytest-benchmark JSON"

_TIME = Metric("time", "seconds")
_UNREADABLE = "UNSERIALIZABLE["
"""How pytest-benchmark writes a param that JSON cannot hold; its address changes from run to run."""


class _Stats(
    msgspec.Struct, frozen=True, rename={"minimum": "min", "maximum": "max", "q25": "q1", "q75": "q3"}
):
    """Seconds per call; `data` holds one value a round, if it was saved."""

    data: Any = None
    median: float | None = None
    mean: float | None = None
    stddev: float | None = None
    rounds: Count | None = None
    iterations: Count = 1
    q25: float | None = None
    q75: float | None = None
    minimum: float | None = None
    maximum: float | None = None


class _Entry(msgspec.Struct, frozen=True):
    """One test; layouts before 3.0 have neither params nor extra_info."""

    stats: _Stats
    fullname: str = ""
    name: str = ""
    params: dict[str, Any] | None = None
    param: str | None = None
    extra_info: dict[str, Any] | None = None


class _Cpu(msgspec.Struct, frozen=True):
    """What py-cpuinfo called the CPU in its versions."""

    brand_raw: str = ""
    brand: str = ""
    count: Count = 0


class _Machine(msgspec.Struct, frozen=True):
    """`machine_info`, as far as it is used."""

    node: str = ""
    machine: str = ""
    processor: str = ""
    system: str = ""
    release: str = ""
    python_implementation: str = ""
    python_version: str = ""
    cpu: _Cpu = _Cpu()


class _Commit(msgspec.Struct, frozen=True):
    """`commit_info`; `id` is null outside of a repository."""

    id: str | None = None
    dirty: bool | None = None


def recognises(document: Document) -> bool:
    """Whether the file is pytest-benchmark's: a machine, and benchmarks with stats."""
    match document.json_value:
        case {"benchmarks": [{"stats": dict()}, *_], "machine_info": dict()}:
            return True
        case {"benchmarks": [], "machine_info": dict(), "commit_info": _}:
            return True
        case _:
            return False


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`; tests that cannot be used are problems.

    A session of pytest is one process, so a test is one run, with the seconds per call of each round. Where
    the rounds were not saved (`--benchmark-autosave` without `--benchmark-save-data`), their statistics are
    the summary. Numbers in `extra_info` are metrics of their own, neither better higher nor lower. Moments
    without a zone are UTC.
    """
    suite: Any = document.json.value
    gathering = Gathering(document.path)
    gathering.note_repeated(document.json.repeated)
    environment = _environment(suite, gathering)
    started = moment(suite.get("datetime"), UTC)
    for number, entry in enumerate(suite["benchmarks"]):
        try:
            test = msgspec.convert(entry, _Entry)
            benchmark = _benchmark(test)
            rounds = _rounds(test.stats, gathering, f"benchmarks[{number}]")
            summary = None if rounds else _summary(test.stats)
        except (msgspec.ValidationError, UnusableError) as error:
            gathering.note(f"benchmarks[{number}]: {error}")
            continue
        runs = (Run(rounds, 0, started, loops=max(1, test.stats.iterations)),) if rounds else ()
        gathering.take(Measurement(benchmark, _TIME, runs, environment, document.path, summary))
        for name, value in _numbers(test.extra_info):
            metric = Metric(name, "", Better.NONE)
            single = (Run((value,), 0, started),)
            gathering.take(Measurement(benchmark, metric, single, environment, document.path))
    side = SideHeader("", environment.commit, environment.dirty, environment)
    return gathering.result(Header("", started, {HEAD: side}))


def _benchmark(test: _Entry) -> BenchmarkId:
    """The test without the bracket that pytest puts its params into, and the params.

    Raises UnusableError where the test has no name.
    """
    full = test.fullname or test.name
    if not full.strip():
        raise UnusableError("has no name")
    name, bracket, inside = full.partition("[")
    if not bracket or not inside.endswith("]"):
        return BenchmarkId("", full)
    values = (test.params or {}).items()
    if values and all(_is_plain(value) for _, value in values):
        return BenchmarkId("", name, tuple((key, str(value)) for key, value in values))
    return BenchmarkId("", name, (("param", inside.removesuffix("]")),))


def _is_plain(value: object) -> bool:
    """Whether a param reads the same in every session."""
    if isinstance(value, str):
        return not value.startswith(_UNREADABLE)
    return value is None or isinstance(value, int | float)


def _rounds(stats: _Stats, gathering: Gathering, place: str) -> tuple[float, ...]:
    """The seconds per call of each round; none where they were not saved, or were edited since."""
    try:
        rounds = msgspec.convert(stats.data or (), tuple[float, ...])
    except msgspec.ValidationError as error:
        gathering.note(f"{place}: its rounds cannot be used, its statistics are: {error}")
        return ()
    if not all(map(math.isfinite, rounds)):
        gathering.note(f"{place}: has a round that is not a finite number, its statistics are used")
        return ()
    return rounds


def _summary(stats: _Stats) -> Summary:
    """What stands for the rounds. Raises UnusableError where there is no centre."""
    summary = Summary(
        median=_finite(stats.median),
        mean=_finite(stats.mean),
        stddev=_finite(stats.stddev),
        count=stats.rounds or None,
        q25=_finite(stats.q25),
        q75=_finite(stats.q75),
        minimum=_finite(stats.minimum),
        maximum=_finite(stats.maximum),
    )
    if summary.median is None and summary.mean is None:
        raise UnusableError("has neither rounds nor a median or mean of them")
    return summary


def _numbers(extra: Mapping[str, Any] | None) -> list[tuple[str, float]]:
    return [
        (name, float(value))
        for name, value in (extra or {}).items()
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and name
    ]


def _environment(suite: Mapping[str, Any], gathering: Gathering) -> Environment:
    """The machine, as far as the file tells; parts of a wrong type are a problem and not known."""
    try:
        machine = msgspec.convert(suite["machine_info"], _Machine)
        commit = msgspec.convert(suite.get("commit_info") or {}, _Commit)
    except msgspec.ValidationError as error:
        gathering.note(f"the environment is not known: {error}")
        machine, commit = _Machine(), _Commit()
    return Environment(
        machine=machine.node,
        cpu=machine.cpu.brand_raw or machine.cpu.brand or machine.processor,
        cores=machine.cpu.count,
        memory=0,
        kernel=f"{machine.system} {machine.release}".strip(),
        governor="",
        python=f"{machine.python_implementation} {machine.python_version}".strip(),
        commit=commit.id or "",
        dirty=bool(commit.dirty),
        architecture=machine.machine,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
