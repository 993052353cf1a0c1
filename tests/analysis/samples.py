"""Measurements and comparisons made up for the tests."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence

from perfbench.model import (
    BenchmarkId,
    Better,
    Comparison,
    Environment,
    Measurement,
    Metric,
    Outcome,
    Run,
    Verdict,
)

ENVIRONMENT = Environment("here", "cpu", 2, 2**34, "6.1", "performance", "3.11.7")
TIME = Metric("time", "seconds")
RATE = Metric("track", "requests", Better.HIGHER)
SIZE = Metric("peakmem", "bytes")
SHOWN = Metric("track", "files", Better.NONE)

CLOCK = 1_700_000_000.0
"""When the made-up sessions begin, in seconds since the epoch."""


def seeded(seed: int | str) -> random.Random:
    """The same random numbers on every run."""
    return random.Random(seed)


def row(name: str = "module.Class.time_it", *values: str) -> BenchmarkId:
    return BenchmarkId("suite", name, tuple((f"param{i}", value) for i, value in enumerate(values)))


def measurement(
    runs: Iterable[Sequence[float]],
    *,
    metric: Metric = TIME,
    started: float = CLOCK,
    benchmark: BenchmarkId | None = None,
) -> Measurement:
    """One run for each sequence of values, one round a second."""
    return Measurement(
        benchmark or row(),
        metric,
        tuple(
            Run(tuple(values), number, started + number, tuple(0.01 * i for i in range(len(values))))
            for number, values in enumerate(runs)
        ),
        ENVIRONMENT,
        "test",
    )


def comparison(
    ratio: float = 1.0, low: float | None = None, high: float | None = None, **fields: object
) -> Comparison:
    """A comparison with base 0.1 (seconds), unless `fields` say otherwise."""
    base = 0.1
    made = Comparison(
        benchmark=row(),
        metric=TIME,
        base=base,
        head=base * ratio,
        ratio=ratio,
        low=ratio * 0.999 if low is None else low,
        high=ratio * 1.001 if high is None else high,
        confidence=0.99,
        head_low=base * ratio * 0.99,
        head_high=base * ratio * 1.01,
        p=0.5,
        p_adjusted=0.5,
        detectable=0.01,
        rounds=10,
        paired=True,
    )
    return dataclasses.replace(made, **fields)  # type: ignore[arg-type]


def verdict(outcome: Outcome, *, sides: tuple[str, ...] = (), name: str = "module.time_it") -> Verdict:
    return Verdict(row(name), TIME, outcome, "", "", sides=sides)


def noisy_rounds(
    generator: random.Random, *, rounds: int, ratio: float = 1.0, spread: float = 0.01, samples: int = 8
) -> tuple[Measurement, Measurement]:
    """Base and head of a row whose rounds differ by `spread` and whose machine changes speed from sample to sample."""
    base, head = [], []
    for _ in range(rounds):
        moods = [generator.uniform(1.0, 1.8) for _ in range(samples)]
        layout = generator.gauss(0.0, spread)
        base.append([0.001 * mood * (1 + generator.gauss(0.0, 0.004)) for mood in moods])
        head.append(
            [0.001 * mood * ratio * (1 + layout) * (1 + generator.gauss(0.0, 0.004)) for mood in moods]
        )
    return measurement(base), measurement(head)
