"""The nouns of docs/glossary.md. Seconds, bytes and counts inside; scaled once, on output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Better(StrEnum):
    """Which way a metric improves."""

    LOWER = "lower"
    HIGHER = "higher"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number means: `unit` is a base unit (`seconds`, `bytes`, …) or a benchmark's own word."""

    name: str
    unit: str
    better: Better = Better.LOWER


@dataclass(frozen=True, slots=True)
class BenchmarkId:
    """Names one row: a benchmark of a suite with one combination of its params.

    `params` are (name, value) pairs in the order in which the benchmark declares them. The full id,
    which patterns are matched against, reads `module.Class.time_name(value, value)`.
    """

    suite: str
    name: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        if not self.params:
            return self.name
        return f"{self.name}({', '.join(value for _, value in self.params)})"

    def param(self, name: str) -> str | None:
        """The value of the param called `name`, or None where the benchmark has no such param."""
        return dict(self.params).get(name)


@dataclass(frozen=True, slots=True)
class Run:
    """The samples of one worker process.

    `values` are in the metric's unit per call, in the order in which they were taken; `times` are the
    seconds from `started` (seconds since the epoch) at which each sample began. `cpu` holds the CPU
    seconds of the same samples where they were read. Base and head runs of the same `round` were
    sampled in turn: value i of one is the neighbour of value i of the other.
    """

    values: tuple[float, ...]
    round: int
    started: float
    times: tuple[float, ...] = ()
    cpu: tuple[float, ...] = ()
    loops: int = 1


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file tells of samples that it does not hold, in the metric's unit; None where it is silent.

    `count` is how many samples it was made of. `low` and `high` bound the centre at level `confidence`
    (asv: 0.99 for its median); `q25` and `q75` are quartiles, `minimum` and `maximum` the extremes.
    """

    median: float | None = None
    mean: float | None = None
    stddev: float | None = None
    count: int | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.99
    q25: float | None = None
    q75: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What a measurement depends on beside the code.

    Hard fields (no comparison across a difference): machine, architecture, cpu, cores, memory. Soft fields (a
    warning): kernel, governor, python, dependencies, engine. Ignored: commit, dirty.
    """

    machine: str
    cpu: str
    cores: int
    memory: int
    kernel: str
    governor: str
    python: str
    dependencies: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    dirty: bool = False
    engine: str = ""
    architecture: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """All runs of one row and metric on one side. `origin` says where it came from (a file or a side).

    Where a file holds no samples, `runs` is empty and `summary` says what it tells instead.
    """

    benchmark: BenchmarkId
    metric: Metric
    runs: tuple[Run, ...]
    environment: Environment
    origin: str
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a reader could not use, and where it stands."""

    path: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Head against base for one row.

    `base` and `head` are medians in the metric's unit; `ratio` is head/base with its interval
    [`low`, `high`] at level `confidence`; NaN where a ratio has no meaning (a value of zero or below).
    `head_low` and `head_high` bound head's own median, for budgets. `detectable` is the smallest
    relative change (0.05 is 5 %) that this run could have told from none. `rounds` counts what the
    interval rests on.

    `p` is two-sided, of no change at all; `p_adjusted` that the row does not lie beyond its limit, on the
    side to which it moved, corrected for the whole family. `noise` is the relative change that identical
    work of this very row has shown, `noise_source` says where. `evidence` lets any limit be tested: the
    log-ratio of each round, or the logs of base's and of head's units; empty where there is none.
    """

    benchmark: BenchmarkId
    metric: Metric
    base: float
    head: float
    ratio: float
    low: float
    high: float
    confidence: float
    head_low: float
    head_high: float
    p: float
    p_adjusted: float
    detectable: float
    rounds: int
    paired: bool
    warnings: tuple[str, ...] = ()
    noise: float = 0.0
    noise_source: str = ""
    evidence: tuple[tuple[float, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Threshold:
    """How much a row may move. `limit` is relative (0.05 is 5 %); None leaves the default in force.

    A change smaller than `minimum_absolute` (in the metric's unit) is never a regression.
    `origin` is `file:line`, or empty for the default.
    """

    pattern: str
    metric: str
    limit: float | None = None
    minimum_absolute: float = 0.0
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """An absolute limit on head's median, in the metric's unit."""

    pattern: str
    metric: str
    limit: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A regression that was taken on: head may be worse than base, up to a ceiling and for a time.

    The ceiling is `share`, a relative worsening (0.12 is 12 %), or `limit`, a median in the metric's unit;
    the other one is None. `date` and `expires` are ISO dates; it holds through the day on which it expires.
    """

    pattern: str
    metric: str
    reason: str
    author: str
    date: str
    expires: str
    share: float | None = None
    limit: float | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Harness:
    """A command that measures by itself and writes a result file, run on each side in turn.

    `{out}` in `command` (an argv, never given to a shell) stands for a path that perfbench chooses; with
    `captured` what the command prints goes there; with `recorded` it calls `perfbench.record_operation`.
    `result` is where it writes of its own accord instead, and
    `cwd` where it runs, both relative to the side's checkout. `setup` holds argvs that run once on each side.
    `timeout` is in seconds, for one execution or one step of `setup`. `rounds` None leaves their number to
    the project. `origin` is `file:line`.
    """

    name: str
    command: tuple[str, ...]
    captured: bool = False
    recorded: bool = False
    result: str | None = None
    setup: tuple[tuple[str, ...], ...] = ()
    cwd: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 600.0
    rounds: int | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """How a system under test is started for each side: argvs, never given to a shell.

    In them `{root}` stands for the top of the side's checkout and `{port}` for a free port of loopback. `ready`
    is run until it ends with 0; without it the port has to accept a connection. `timeout` is how long, in
    seconds, that may take. `stop` is run before what is left is killed.
    """

    start: tuple[str, ...]
    ready: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class System:
    """One part of a user's own system: the table `[sut.<name>]`.

    `settings` is what the benchmarks are told of it: plain data, in whose texts `{root}` and `{port}` still
    stand. `targets` are its names as values of a param. `address` is where it listens, if it is a server;
    `served` says how to start one, None where it runs already. `origin` is `file:line`.
    """

    name: str
    settings: Mapping[str, Any]
    targets: tuple[str, ...]
    address: str = ""
    served: Served | None = None
    origin: str = ""


class Outcome(StrEnum):
    """What became of one row."""

    PASSED = "passed"
    IMPROVED = "improved"
    REGRESSED = "regressed"
    OVER_BUDGET = "over budget"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    MISSING = "missing"
    INCOMPARABLE = "incomparable"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one row, the rule that led to it and the reason in words.

    `comparison` is absent where there is nothing to compare (new, missing, failed, skipped);
    `value` is then head's median, if there is one. `sides` names where it failed: base, head or both.
    `effect` is the smallest relative worsening that such a run would have called a regression (0.05 is
    5 %); ∞ where none would have been, None where nothing was compared. `origin` is where the rule
    stands, as `file:line`; empty for a default.
    """

    benchmark: BenchmarkId
    metric: Metric | None
    outcome: Outcome
    rule: str
    reason: str
    comparison: Comparison | None = None
    value: float | None = None
    limit: float | None = None
    sides: tuple[str, ...] = ()
    effect: float | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ExplainingFrame:
    """A function that a regression is blamed on: 0.93 of what head is slower by is a `share` of 93 %.

    `file` is below its root; `caller` names the project's function that calls it, if one does.
    """

    function: str
    file: str
    share: float
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the profiles of base and head say of a confirmed regression.

    `frames` are at most three, the largest share first; without any, `reason` says why the profile does not explain
    it. `page` is the path of the differential flame graph, empty where there is none.
    """

    benchmark: BenchmarkId
    tool: str
    frames: tuple[ExplainingFrame, ...] = ()
    reason: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason to fail that is no row's verdict: a user's own rule, or an acceptance that holds no longer.

    `kind` is `check` or `acceptance`; `origin` is `file:line` or `module:function`.
    """

    kind: str
    message: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class RuntimeStatus:
    """Whether a container runtime can be used here, its version, or the reason and remedy if it cannot."""

    name: str
    available: bool
    version: str = ""
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SideSummary:
    """One of the two things compared, as a report names it."""

    label: str
    revision: str
    commit: str = ""
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A finished judgement: everything a report shows, nothing left to compute.

    `rules_folder` is where the files that origins name stand, seen from the top of the repository;
    `sources` says where a benchmark (by its name without params) is defined, as `file:line` from there;
    `explanations` are those of confirmed regressions that were profiled.
    """

    title: str
    base: SideSummary | None
    head: SideSummary
    verdicts: tuple[Verdict, ...]
    environment: Environment
    exit_code: int
    noise_floor: float | None
    seconds: float
    started: float
    runtimes: tuple[RuntimeStatus, ...] = ()
    warnings: tuple[str, ...] = ()
    result_file: str = ""
    version: str = ""
    findings: tuple[Finding, ...] = ()
    rules_folder: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    explanations: tuple[Explanation, ...] = ()
