"""A report made by hand in which every outcome and every awkward name occurs."""

from __future__ import annotations

import math

from perfbench.model import (
    BenchmarkId,
    Better,
    Comparison,
    Environment,
    ExplainingFrame,
    Explanation,
    Finding,
    Metric,
    Outcome,
    Report,
    RuntimeStatus,
    SideSummary,
    Verdict,
)

TIME = Metric("time", "seconds")
PEAK = Metric("peakmem", "bytes")
RATE = Metric("track", "requests/s", Better.HIGHER)
SCORE = Metric("track", "points", Better.NONE)

LIMIT = "limit 5 %, thresholds.toml:12"
PODMAN = "not installed: apt-get install podman"
CRUN = "crun 1.8 refuses hybrid cgroups: start the engine with tools/engine, which unmounts cgroup/unified"


def row(name: str, runtime: str = "", **params: str) -> BenchmarkId:
    """The id of a row; the runtime is its first param, as in the benchmarks of this project."""
    first = {"runtime": runtime} if runtime else {}
    return BenchmarkId("benchmarks", name, tuple({**first, **params}.items()))


def compared(
    benchmark: BenchmarkId,
    base: float,
    head: float,
    spread: float = 0.02,
    *,
    metric: Metric = TIME,
    detectable: float = 0.02,
    warnings: tuple[str, ...] = (),
) -> Comparison:
    """A comparison whose interval reaches `spread` to either side of the ratio."""
    ratio = head / base if base > 0 else math.nan
    return Comparison(
        benchmark=benchmark,
        metric=metric,
        base=base,
        head=head,
        ratio=ratio,
        low=ratio - spread,
        high=ratio + spread,
        confidence=0.99,
        head_low=head * (1 - spread),
        head_high=head * (1 + spread),
        p=0.002,
        p_adjusted=0.04,
        detectable=detectable,
        rounds=10,
        paired=True,
        warnings=warnings,
    )


def judged(
    outcome: Outcome, comparison: Comparison, rule: str = LIMIT, reason: str = "", limit: float = 0.05
) -> Verdict:
    """The verdict on a comparison; what the rule says behind its last comma is where it stands."""
    return Verdict(
        comparison.benchmark,
        comparison.metric,
        outcome,
        rule,
        reason,
        comparison,
        comparison.head,
        limit,
        effect=comparison.detectable if not math.isnan(comparison.ratio) else math.inf,
        origin=rule.rpartition(", ")[2] if ", " in rule else "",
    )


def told(
    outcome: Outcome,
    benchmark: BenchmarkId,
    reason: str,
    *,
    metric: Metric | None = TIME,
    value: float | None = None,
    sides: tuple[str, ...] = (),
) -> Verdict:
    """A verdict with nothing to compare; its rule says where it failed."""
    rule = f"on {' and '.join(sides)}" if sides else ""
    return Verdict(benchmark, metric, outcome, rule, reason, value=value, sides=sides)


def _passed() -> list[Verdict]:
    phases = {"create": 0.0091, "start": 0.137, "until_answer": 0.182, "stop": 0.041, "remove": 0.0052}
    speeds = {"process": 0.01, "bubblewrap": 0.08, "runc": 0.3, "docker:runc": 1.0, "docker:runsc": 1.9}
    rows = []
    for runtime, speed in speeds.items():
        for phase, seconds in phases.items():
            if (phase, runtime) == ("start", "docker:runc"):
                continue
            change = 1.031 if (phase, runtime) == ("stop", "runc") else 1.002
            compare = compared(
                row(f"container.Lifecycle.time_{phase}", runtime), seconds * speed, seconds * speed * change
            )
            rows.append(judged(Outcome.PASSED, compare))
        for size in ("1KiB", "100MiB"):
            if (runtime, size) == ("bubblewrap", "100MiB"):
                continue
            write = row("files.Write.time_fsync", runtime, size=size)
            rows.append(judged(Outcome.PASSED, compared(write, 0.0031 * speed, 0.0031 * speed)))
    rows += [
        judged(Outcome.PASSED, compared(row("command.CLI.time_version"), 0.0412, 0.0414)),
        judged(Outcome.PASSED, compared(row("command.CLI.peakmem_version"), 22e6, 21.4e6, 0.01, metric=PEAK)),
        judged(Outcome.PASSED, compared(row("files.Host.time_read", size="1KiB"), 1.4e-5, 1.4e-5)),
        judged(
            Outcome.PASSED,
            compared(row("files.Host.time_write", size="1KiB"), 2.1e-5, 2.4e-5),
            rule="accepted until 2026-12-31 by A. Author (checksums), accepted.toml:9",
            reason="regressed (limit 5 %, thresholds.toml:12), within the ceiling +20 %",
        ),
        judged(Outcome.PASSED, compared(row("files.Host.time_read", size="100MiB"), 0.031, 0.031)),
        judged(
            Outcome.PASSED, compared(row("service.Rate.track_requests"), 2711.0, 2702.0, 0.004, metric=RATE)
        ),
    ]
    return rows


def _moved() -> list[Verdict]:
    start = compared(row("container.Lifecycle.time_start", "docker:runc"), 0.137, 0.189, 0.03)
    overhead = compared(row("command.Exec.track_overhead", "runc", output="64KiB"), 0.0091, 0.0099, 0.02)
    slower = compared(row("service.Rate.track_requests", "docker:runc"), 8100.0, 6900.0, 0.012, metric=RATE)
    write = compared(
        row("files.Write.time_fsync", "bubblewrap", size="100MiB"), 0.088, 0.091, 0.075, detectable=0.09
    )
    crowd = compared(
        row("container.AtOnce.time_until_last_answers", "docker:runsc", count="16"), 4.1, 7.4, 0.1
    )
    score = compared(row("scripts.Engine.track_übersetzung_日本語"), 0.0, 3.0, metric=SCORE)
    faster = compared(
        row("container.Cycle.time_warm", "runc"),
        0.0521,
        0.0438,
        0.015,
        warnings=("base ran on Python 3.11.2",),
    )
    return [
        judged(Outcome.IMPROVED, faster),
        judged(Outcome.INCONCLUSIVE, write, reason="could see ≥ 9 %; run longer"),
        judged(Outcome.REGRESSED, start),
        judged(Outcome.REGRESSED, overhead, rule="limit 5 %"),
        judged(Outcome.REGRESSED, slower, rule="limit 5 %, thresholds.toml:31"),
        judged(Outcome.OVER_BUDGET, crowd, rule="budget 5 s, thresholds.toml:44", limit=5.0),
        judged(
            Outcome.INCONCLUSIVE, score, reason="base is zero: a ratio has no meaning; set a minimum_absolute"
        ),
        told(
            Outcome.MISSING,
            row("files.Copy.time_out", "runc", size="100MiB"),
            "base has it, head has not; remove it from baselines/thresholds.toml or bring it back",
        ),
        told(
            Outcome.FAILED,
            row("files.Copy.time_in", "docker:runc", size="100MiB"),
            "SandboxError: \x1b[31mthe engine died\x1b[0m [bold]in mid-run[/bold]\nTraceback follows",
            sides=("head",),
        ),
        told(
            Outcome.FAILED,
            row("scripts.Engine.time_lua"),
            "ImportError: no module named `lupa`",
            sides=("base", "head"),
        ),
        told(
            Outcome.NEW,
            row("container.Cycle.time_cold", "docker:runc"),
            "base has no such benchmark",
            value=0.412,
        ),
        told(
            Outcome.INCOMPARABLE,
            row("command.Exec.peakmem_output", "docker:runc", output="4MiB", encoding="utf-8|latin-1"),
            "8 GiB of memory in base, 24 GiB in head",
            metric=PEAK,
            value=3.4e6,
        ),
    ]


def _skipped() -> list[Verdict]:
    names = [f"container.Lifecycle.time_{phase}" for phase in ("create", "start", "stop")]
    names += ["files.Write.time_fsync", "command.Exec.track_overhead"]
    rows = [told(Outcome.SKIPPED, row(name, "podman"), PODMAN) for name in names]
    rows += [told(Outcome.SKIPPED, row(name, "docker:crun"), CRUN) for name in names[:3]]
    rows.append(
        judged(
            Outcome.PASSED, compared(row("files.Write.time_fsync", "docker:crun", size="1KiB"), 3e-3, 3e-3)
        )
    )
    overhead = row("command.Exec.track_overhead", "process", output="64KiB")
    return [*rows, told(Outcome.SKIPPED, overhead, "a process has no sandbox whose overhead could be told")]


ENVIRONMENT = Environment(
    machine="builder-7",
    architecture="x86_64",
    cpu="AMD EPYC 7B13",
    cores=2,
    memory=24 * 2**30,
    kernel="6.1.0-28-amd64",
    governor="performance",
    python="3.11.7",
    dependencies={"docker": "7.1.0", "rich": "15.0.0"},
    commit="3f2c1ab9d0e77c5a1b2c3d4e5f60718293a4b5c6",
    dirty=True,
    engine="Docker 20.10.24",
)

RUNTIMES = (
    RuntimeStatus("process", True, "Python 3.11.7"),
    RuntimeStatus("bubblewrap", True, "0.8.0"),
    RuntimeStatus("runc", True, "1.1.5"),
    RuntimeStatus("docker:runc", True, "20.10.24"),
    RuntimeStatus("docker:crun", True, "20.10.24"),
    RuntimeStatus("docker:runsc", True, "20.10.24"),
    RuntimeStatus("podman", False, reason="not installed", remedy="apt-get install podman"),
)

FINDINGS = (
    Finding("check", "runsc takes more than twice as long as runc to start", "rules:runsc_is_near_runc"),
    Finding(
        "acceptance",
        "container.Cycle.time_warm(runc), accepted until 2025-09-30, has expired; remove it",
        "accepted.toml:3",
    ),
)

EXPLANATIONS = (
    Explanation(
        row("container.Lifecycle.time_start", "docker:runc"),
        "py-spy",
        (
            ExplainingFrame(
                "wait_ready", "shop/docker_sandbox.py", 0.93, "DockerSandbox.start (shop/docker.py)"
            ),
            ExplainingFrame("encode", "shop/wire.py", 0.04),
        ),
        page="profiles/container.Lifecycle.time_start_docker_runc/9d0e77c..3f2c1ab-py-spy/differential.html",
    ),
    Explanation(
        row("command.Exec.track_overhead", "runc", output="64KiB"),
        "py-spy",
        reason="under the profiler head takes no more than base",
    ),
)


def full_report() -> Report:
    """Every outcome at once, compared with a commit."""
    return Report(
        title="check",
        base=SideSummary("base", "main", "9d0e77c5a1b2c3d4e5f60718293a4b5c63f2c1ab"),
        head=SideSummary("head", "worktree", "3f2c1ab9d0e77c5a1b2c3d4e5f60718293a4b5c6", dirty=True),
        verdicts=(*_moved(), *_passed(), *_skipped()),
        environment=ENVIRONMENT,
        exit_code=1,
        noise_floor=0.008,
        seconds=252.4,
        started=1_760_000_000.0,
        runtimes=RUNTIMES,
        warnings=(
            "the load was 1.7 before the first round: stop what else runs, or allow more with --time-budget",
        ),
        result_file=".perfbench/runs/2025-10-09T08-53-20.jsonl",
        version="0.1.0",
        findings=FINDINGS,
        explanations=EXPLANATIONS,
        rules_folder="baselines",
        sources={
            "command.Exec.track_overhead": "benchmarks/command.py:31",
            "files.Copy.time_in": "benchmarks/files.py:7",
        },
    )


def head_only_report() -> Report:
    """What `perfbench run` shows: medians of the current tree, and a budget that is not kept."""
    rows = [
        Verdict(row("container.Lifecycle.time_start", runtime), TIME, Outcome.PASSED, "", "", value=seconds)
        for runtime, seconds in (("process", 0.0006), ("runc", 0.031), ("docker:runc", 0.137))
    ]
    slow = row("container.Lifecycle.time_start", "docker:runsc")
    rule = "budget 500 ms, thresholds.toml:4"
    origin = "thresholds.toml:4"
    rows.append(Verdict(slow, TIME, Outcome.OVER_BUDGET, rule, "", value=0.612, limit=0.5, origin=origin))
    return Report(
        title="run",
        base=None,
        head=SideSummary("head", "worktree", "3f2c1ab9d0e77c5a1b2c3d4e5f60718293a4b5c6"),
        verdicts=tuple(rows),
        environment=ENVIRONMENT,
        exit_code=1,
        noise_floor=None,
        seconds=41.0,
        started=1_760_000_000.0,
        runtimes=RUNTIMES[:4],
        result_file=".perfbench/runs/2025-10-09T08-53-20.jsonl",
        version="0.1.0",
    )


def baseline_report() -> Report:
    """Everything passed against a stored baseline, in a project that knows no runtimes."""
    rows = [
        judged(Outcome.PASSED, compared(row(f"strings.Join.time_{way}", n=n), seconds, seconds * 1.001))
        for way, seconds in (("plus", 2.1e-6), ("format", 8.2e-7))
        for n in ("10", "1000")
    ]
    return Report(
        title="check",
        base=SideSummary("baseline", "release-1.2 (main)", "0d1e2f3a4b5c60718293a4b5c63f2c1ab9d0e77c"),
        head=SideSummary("head", "HEAD", "3f2c1ab9d0e77c5a1b2c3d4e5f60718293a4b5c6"),
        verdicts=tuple(rows),
        environment=ENVIRONMENT,
        exit_code=0,
        noise_floor=0.004,
        seconds=8.0,
        started=1_760_000_000.0,
        version="0.1.0",
    )
