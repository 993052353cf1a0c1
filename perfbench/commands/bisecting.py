"""The search of a bisection: which pair is measured next, what is kept of it, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from perfbench.analysis.bisection import (
    bounds,
    direction_of,
    likeness,
    middle_of,
    next_commit,
    steps_left,
    verdicts_of,
    widened,
)
from perfbench.commands.bisect_pair import Measuring, Pair
from perfbench.commands.bisect_state import BisectState
from perfbench.errors import ExitCode, MeasurementError
from perfbench.model import Better, Outcome
from perfbench.model_history import (
    Bisection,
    BisectOutcome,
    BisectStep,
    Direction,
    Likeness,
    NamedCommit,
)
from perfbench.units import format_interval, format_percent, format_ratio

SHORT = 8

CODES = {
    BisectOutcome.FOUND: ExitCode.PASSED,
    BisectOutcome.RANGE: ExitCode.UNDECIDED,
    BisectOutcome.UNSURE: ExitCode.UNDECIDED,
    BisectOutcome.UNFINISHED: ExitCode.UNDECIDED,
    BisectOutcome.SAME: ExitCode.USAGE,
}
"""What a bisection ends with: the ends of one without a change were the wrong ones."""


@dataclass(slots=True)
class Search:
    """A bisection at work on `commits`, which begin with good and end with bad.

    `hints` are commits that stored results point to, `deadline` is a moment of the monotonic clock, None for as long as
    it takes. `notes` gather what the report says of the way.
    """

    measuring: Measuring
    commits: Sequence[NamedCommit]
    limit: float
    state: BisectState
    hints: Sequence[str] = ()
    deadline: float | None = None
    notes: list[str] = field(default_factory=list)

    def run(self) -> Bisection:
        """Confirm the ends, then measure between them until one commit is left, or nothing more can be told.

        Raises MeasurementError where an end cannot be measured, and as `Measuring.pair` does.
        """
        ends = self._ends()
        if ends is None:
            return self._unfinished()
        if ends.likeness is Likeness.GOOD:
            said = f"good and bad do not differ by more than {format_percent(self.limit)}"
            return self._ended(BisectOutcome.SAME, f"{said}; name others, or a smaller --limit")
        if ends.likeness is not Likeness.BAD:
            reason = f"cannot tell whether good and bad differ: {ends.reason or 'the machine is too noisy'}"
            return self._ended(BisectOutcome.UNSURE, reason)
        while (commit := next_commit(self._hashes, verdicts_of(self.state.steps), self.hints)) is not None:
            if self._is_late():
                return self._unfinished()
            self._step(commit)
        return self._conclusion()

    @property
    def _hashes(self) -> list[str]:
        return [one.commit for one in self.commits]

    @property
    def _good(self) -> str:
        return self.commits[0].commit

    @property
    def _bad(self) -> str:
        return self.commits[-1].commit

    @property
    def _whole(self) -> float:
        return self.state.ends.ratio if self.state.ends is not None else 1.0

    @property
    def _worse(self) -> Better:
        """The better that makes a move towards bad one for the worse."""
        return Better.LOWER if self._whole > 1.0 else Better.HIGHER

    @property
    def _step_limit(self) -> float:
        middle = middle_of(self._whole)
        return middle if middle != float("inf") else self.limit

    def _ends(self) -> BisectStep | None:
        """How bad differs from good; what could not be told before is measured anew. None where the time is up."""
        if self.state.ends is not None and self.state.ends.likeness is not Likeness.UNCLEAR:
            return self.state.ends
        if self._is_late():
            return None
        self._say("measuring bad against good")
        own = self.measuring.row.metric.better
        pair = self._pair(self._good, self._bad, self.limit, Better.LOWER if own is Better.NONE else own)
        if pair.failed:
            which = "bad" if self._bad in pair.failed else "good"
            raise MeasurementError(
                f"{which} {(self._bad if which == 'bad' else self._good)[:SHORT]} cannot be measured: {pair.reason}",
                "name ends that have the benchmark and can be built",
            )
        ends = _as_step(pair, self._bad, self._good, self._ends_likeness(pair))
        self.state.ends = ends
        self.state.keep()
        self._say(f"bad against good: {_figures(ends)}")
        return ends

    def _ends_likeness(self, pair: Pair) -> Likeness:
        """`bad` where they differ either way, `good` where both bounds lie within the limit, whatever noise allows."""
        if pair.outcome in (Outcome.REGRESSED, Outcome.IMPROVED):
            return Likeness.BAD
        row, most = pair.comparison, 1.0 + self.limit
        within = row is not None and 1.0 / most <= row.low and row.high <= most
        return Likeness.GOOD if within else Likeness.UNCLEAR

    def _step(self, commit: str) -> None:
        """Measure a commit against good and, where that leaves it open, against bad; keep either at once."""
        left = steps_left(self._hashes, verdicts_of(self.state.steps))
        self._say(f"measuring {self._named(commit)} against good, about {left} step{'s' * (left != 1)} left")
        pair = self._pair(self._good, commit, self._step_limit, self._worse)
        step = self._against_good(pair, commit)
        self._keep(step)
        if step.likeness is not Likeness.UNCLEAR or self._is_late() or not 0 < self._whole < float("inf"):
            return
        self._say(f"measuring {self._named(commit)} against bad")
        pair = self._pair(commit, self._bad, self._step_limit, self._worse)
        self._keep(self._against_bad(pair, commit))

    def _against_good(self, pair: Pair, commit: str) -> BisectStep:
        if pair.comparison is None:
            return _unmeasured(pair, commit, self._good)
        row = pair.comparison
        like = likeness(row.low, row.high, whole=self._whole, noise=pair.noise)
        if like is Likeness.BAD and pair.outcome is not Outcome.REGRESSED:
            like = Likeness.UNCLEAR  # beyond, and not sure enough
        return _as_step(pair, commit, self._good, like)

    def _against_bad(self, pair: Pair, commit: str) -> BisectStep:
        """Bad was measured against the commit, so that the ratio is turned round."""
        if pair.comparison is None:
            return _unmeasured(pair, commit, self._bad)
        row = pair.comparison
        low, high = (1.0 / bound if bound > 0 else float("inf") for bound in (row.high, row.low))
        like = likeness(low * self._whole, high * self._whole, whole=self._whole, noise=pair.noise)
        if like is Likeness.GOOD and pair.outcome is not Outcome.REGRESSED:
            like = Likeness.UNCLEAR
        ratio = 1.0 / row.ratio if row.ratio > 0 else float("inf")
        return BisectStep(commit, self._bad, like, ratio, low, high, row.rounds, pair.reason)

    def _conclusion(self) -> Bisection:
        now = bounds(self._hashes, verdicts_of(self.state.steps))
        if now.bad - now.good > 1:
            first, last = self.commits[now.good + 1], self.commits[now.bad]
            reason = f"cannot tell between {first.commit[:SHORT]} and {last.commit[:SHORT]}"
            return self._ended(BisectOutcome.RANGE, reason)
        last_step = self._last(self.commits[now.good].commit, self.commits[now.bad].commit)
        if last_step is None:
            return self._unfinished()
        if last_step.likeness is Likeness.BAD:
            return self._ended(BisectOutcome.FOUND, "")
        wide = widened(self._hashes, verdicts_of(self.state.steps))
        first, last = self.commits[wide.good + 1], self.commits[wide.bad]
        shown = self.commits[now.bad].commit[:SHORT]
        reason = f"cannot tell between {first.commit[:SHORT]} and {last.commit[:SHORT]}"
        reason += f": {shown} itself, against the commit before it, shows {_figures(last_step)}"
        return self._ended(BisectOutcome.RANGE, reason)

    def _last(self, before: str, commit: str) -> BisectStep | None:
        """The commit that is left against the one before it: how large its own change is. None where the time is up."""
        if (before, commit) == (self._good, self._bad):
            return self.state.ends
        known = self.state.last
        if known is not None and (known.commit, known.against) == (commit, before):
            return known
        if self._is_late():
            return None
        self._say(f"confirming {self._named(commit)} against the commit before it")
        pair = self._pair(before, commit, min(self.limit, self._step_limit), self._worse)
        like = Likeness.BAD if pair.outcome is Outcome.REGRESSED else Likeness.UNCLEAR
        step = (
            _unmeasured(pair, commit, before)
            if pair.comparison is None
            else _as_step(pair, commit, before, like)
        )
        self.state.last = step
        self.state.keep()
        self._say(f"{commit[:SHORT]} against the commit before it: {_figures(step)}")
        return step

    def _unfinished(self) -> Bisection:
        reason = "the time is up; the same command goes on where it stopped"
        return self._ended(BisectOutcome.UNFINISHED, reason)

    def _ended(self, outcome: BisectOutcome, reason: str) -> Bisection:
        known = verdicts_of(self.state.steps)
        now = bounds(self._hashes, known)
        if outcome is BisectOutcome.RANGE and now.bad - now.good == 1:
            now = widened(self._hashes, known)
        searched = outcome not in (BisectOutcome.SAME, BisectOutcome.UNSURE) and self.state.ends is not None
        row = self.measuring.row
        return Bisection(
            benchmark=row.benchmark,
            metric=row.metric,
            good=self.commits[0],
            bad=self.commits[-1],
            outcome=outcome,
            direction=direction_of(self._whole, row.metric) if searched else Direction.CHANGE,
            limit=self.limit,
            candidates=tuple(self.commits[now.good + 1 : now.bad + 1]) if searched else (),
            before=self.commits[now.good] if searched else None,
            change=self.state.last if outcome is BisectOutcome.FOUND and self.state.last else self.state.ends,
            steps=tuple(self.state.steps),
            skipped={
                step.commit: step.reason for step in self.state.steps if step.likeness is Likeness.SKIPPED
            },
            reason=reason,
            notes=tuple(self.notes),
            exit_code=CODES[outcome],
        )

    def _pair(self, first: str, second: str, limit: float, better: Better) -> Pair:
        left = None if self.deadline is None else max(1.0, self.deadline - time.monotonic())
        return self.measuring.pair(first, second, limit=limit, better=better, seconds=left)

    def _keep(self, step: BisectStep) -> None:
        self.state.steps.append(step)
        self.state.keep()
        self._say(f"{step.commit[:SHORT]}: {_figures(step)}, {_likeness_words(step)}")

    def _is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def _named(self, commit: str) -> str:
        subject = next((one.subject for one in self.commits if one.commit == commit), "")
        return f"{commit[:SHORT]} ({subject[:60]})" if subject else commit[:SHORT]

    def _say(self, text: str) -> None:
        self.measuring.progress.note(text)


def _as_step(pair: Pair, commit: str, against: str, like: Likeness) -> BisectStep:
    row = pair.comparison
    if row is None:
        return BisectStep(commit, against, like, reason=pair.reason)
    return BisectStep(commit, against, like, row.ratio, row.low, row.high, row.rounds, pair.reason)


def _unmeasured(pair: Pair, commit: str, against: str) -> BisectStep:
    """A commit that failed is passed over; where the other one did, nothing is told of it."""
    like = Likeness.SKIPPED if commit in pair.failed else Likeness.UNCLEAR
    return BisectStep(commit, against, like, reason=pair.reason)


def _figures(step: BisectStep) -> str:
    if step.likeness is Likeness.SKIPPED or step.ratio != step.ratio:
        return step.reason or "no figures"
    return f"{format_ratio(step.ratio)} ({format_interval(step.low, step.high)})"


def _likeness_words(step: BisectStep) -> str:
    return {
        Likeness.GOOD: "like good",
        Likeness.BAD: "like bad",
        Likeness.UNCLEAR: "unclear",
        Likeness.SKIPPED: "passed over",
    }[step.likeness]
