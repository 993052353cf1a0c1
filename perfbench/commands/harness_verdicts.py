"""Verdicts on the rows of harnesses: by the rules of every other row, with executions for rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from perfbench.analysis.comparison import compare
from perfbench.analysis.executions import compare_executions
from perfbench.analysis.judge import judge, judge_alone
from perfbench.analysis.normalise import across
from perfbench.analysis.sequential import share
from perfbench.analysis.stored_noise import NoiseByRow, with_noise
from perfbench.commands.harness_rows import RowKey, Series
from perfbench.config import Thresholds
from perfbench.model import BenchmarkId, Comparison, Environment, Measurement, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Bench:
    """What harness rows are judged by. `environments` are those of the sides by label, head last.

    `baseline` holds what takes base's place where head alone is measured, `stored_noise` what its rows showed
    from one stored run to the next, and `hard` are differences of hardware across which nothing is compared.
    """

    environments: Mapping[str, Environment]
    thresholds: Thresholds
    baseline: Mapping[RowKey, Measurement] = field(default_factory=dict)
    stored_noise: NoiseByRow = field(default_factory=dict)
    hard: Sequence[str] = ()

    @property
    def head(self) -> str:
        """The label of the side that is judged."""
        return list(self.environments)[-1]

    @property
    def compares(self) -> bool:
        """Whether head has anything to be compared with."""
        return len(self.environments) > 1 or bool(self.baseline)

    def measured(self, series: Series, key: RowKey) -> tuple[Measurement | None, Measurement | None]:
        """(base, head) of a row, as far as they are there."""
        sides = [series.measurement(key, label, place) for label, place in self.environments.items()]
        return (sides[0] if len(sides) > 1 else self.baseline.get(key)), sides[-1]


def verdicts(series: Sequence[Series], bench: Bench, noise: float) -> tuple[Verdict, ...]:
    """A verdict for each row of each harness, judged as one family, in the order in which they were met."""
    return tuple(_verdicts(series, bench, noise))


def _verdicts(series: Sequence[Series], bench: Bench, noise: float) -> Iterator[Verdict]:
    rules = bench.thresholds
    compared = with_noise(list(_comparisons(series, bench)), bench.stored_noise)
    shares = _shares(series, bench) if len(bench.environments) > 1 else None
    if bench.hard:  # a harness takes no control along to normalise by
        found = across(compared, bench.hard, None, same_architecture=True, asked=True).incomparable
    else:
        found = judge(compared, rules.thresholds, rules.budgets, noise_floor=noise, shares=shares)
    judged = {(row.benchmark, row.metric): verdict for row, verdict in zip(compared, found, strict=True)}
    for one in series:
        for key in one.runs:
            yield _ended(one, key) or judged.get(key) or _alone(one, key, bench)
        with_values = {benchmark for benchmark, _ in one.runs}
        for benchmark in one.outcomes:
            if benchmark not in with_values:
                yield _without_values(one, benchmark, bench)
        for key, stored in bench.baseline.items():
            if stored.benchmark.suite == one.harness.name and key not in one.runs and not one.ended:
                yield Verdict(*key, Outcome.MISSING, "", f"the baseline has this row, {bench.head} does not")
        if one.ended is not None and not one.runs:
            name = BenchmarkId(one.harness.name, one.harness.name)
            yield Verdict(name, None, one.ended.outcome, "", one.ended.reason, sides=one.ended.sides)


def _comparisons(series: Sequence[Series], bench: Bench) -> Iterator[Comparison]:
    for one in series:
        for key in one.runs:
            base, head = bench.measured(one, key)
            if base is None or head is None or key[0] in one.outcomes or _ended(one, key):
                continue
            if len(bench.environments) > 1:
                yield compare_executions(base, head)
            else:
                yield compare(base, head, paired=False)


def _shares(series: Sequence[Series], bench: Bench) -> dict[BenchmarkId, float]:
    """What this look at each row may spend of the family's error."""
    return {
        benchmark: share(len(sides.get(bench.head, ())), one.first)
        for one in series
        for (benchmark, _), sides in one.runs.items()
    }


def _ended(series: Series, key: RowKey) -> Verdict | None:
    """The verdict on every row of a harness that failed."""
    ended = series.ended
    if ended is None or ended.outcome is not Outcome.FAILED:
        return None
    where = f"on {' and '.join(ended.sides)}"
    return Verdict(*key, ended.outcome, where, ended.reason, sides=ended.sides)


def _alone(series: Series, key: RowKey, bench: Bench) -> Verdict:
    """The verdict on a row that not both sides have values of."""
    head = bench.measured(series, key)[1]
    told = series.outcomes.get(key[0], {})
    if bench.head in told or (head is None and told):
        return _without_values(series, key[0], bench)
    if head is None:
        return Verdict(*key, Outcome.MISSING, "", f"base has this row, {bench.head} does not")
    if not bench.compares:
        outcome, reason = Outcome.PASSED, ""
    elif told:
        outcome, reason = Outcome.NEW, f"base cannot run it: {next(iter(told.values()))[1]}"
    else:
        absent = "not in the baseline" if bench.baseline else "base has no such row"
        outcome, reason = Outcome.NEW, series.ended.reason if series.ended else absent
    (verdict,) = judge_alone([head], bench.thresholds.budgets, outcome=outcome, reason=reason)
    return verdict


def _without_values(series: Series, benchmark: BenchmarkId, bench: Bench) -> Verdict:
    """The verdict on a row that a side failed or skipped by the harness's own account."""
    told = series.outcomes[benchmark]
    if bench.head not in told:
        reason = f"base has this row, {bench.head} does not"
        return Verdict(benchmark, None, Outcome.MISSING, "", reason, sides=tuple(told))
    outcome, reason = told[bench.head]
    labels = {label for key, sides in series.runs.items() if key[0] == benchmark for label in sides}
    if outcome is Outcome.SKIPPED and labels - {bench.head}:
        return Verdict(benchmark, None, Outcome.MISSING, "", f"{bench.head} skips it: {reason}")
    sides = tuple(label for label in bench.environments if label in told and told[label][0] is outcome)
    where = f"on {' and '.join(sides)}" if outcome is Outcome.FAILED else ""
    return Verdict(benchmark, None, outcome, where, reason, sides=sides)
