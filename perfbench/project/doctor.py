"""What works on this machine, what does not, and what each gap costs. Looks only; changes nothing."""

from __future__ import annotations

import importlib.metadata
import itertools
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from perfbench.errors import ExitCode, UsageError
from perfbench.model import RuntimeStatus

_NOISY = 0.03
"""Neighbouring samples that differ by more than this make a paired measurement hard as well."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `detail` is its version or what is wrong, `cost` what the gap takes away."""

    area: str
    name: str
    good: bool
    detail: str
    remedy: str = ""
    cost: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Noise:
    """How steady a fixed loop ran.

    `neighbours` is the median relative difference of one sample to the next, `whole` the range in
    which the middle nine tenths of all samples lie, relative to their median.
    """

    neighbours: float
    whole: float
    samples: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, and the exit code they lead to: 2 where something required is not there."""

    findings: tuple[Finding, ...]
    noise: Noise

    @property
    def exit_code(self) -> ExitCode:
        """USAGE where something required is missing, else PASSED."""
        broken = any(f.required and not f.good for f in self.findings)
        return ExitCode.USAGE if broken else ExitCode.PASSED


def examine(
    runtimes: Sequence[RuntimeStatus],
    disturbances: Iterable[str],
    *,
    fixed_layout: bool,
    seconds: float = 1.5,
) -> Diagnosis:
    """Look at tools, runtimes and machine.

    `disturbances` are sentences about what is not quiet; `fixed_layout` says whether workers can be
    started without address randomization; `seconds` are spent on the noise.
    """
    noise = measure_noise(seconds)
    findings = (
        *_tools(),
        *map(_runtime, runtimes),
        *_machine(fixed_layout=fixed_layout),
        _steadiness(noise),
        _quiet("; ".join(disturbances)),
    )
    return Diagnosis(findings, noise)


def require(diagnosis: Diagnosis, names: Iterable[str]) -> Diagnosis:
    """The same diagnosis with the findings of these names required. Raises UsageError for an unknown name."""
    wanted = set(names)
    known = [f.name for f in diagnosis.findings]
    for name in sorted(wanted - set(known)):
        from difflib import get_close_matches  # noqa: PLC0415

        nearest = get_close_matches(name, known, n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are {', '.join(known)}"
        raise UsageError(f"doctor knows nothing called {name!r}", hint)
    findings = (replace(f, required=f.required or f.name in wanted) for f in diagnosis.findings)
    return replace(diagnosis, findings=tuple(findings))


def measure_noise(seconds: float) -> Noise:
    """Time a fixed loop of about 5 ms again and again for `seconds`."""
    loops, took = 1000, 0.0
    while took < 0.004:
        loops *= 2
        took = _timed(loops)
    samples: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples) < 3:
        samples.append(_timed(loops))
    steps = [abs(math.log(b / a)) for a, b in itertools.pairwise(samples)]
    tenths = statistics.quantiles(samples, n=20)
    whole = (tenths[-1] - tenths[0]) / statistics.median(samples)
    return Noise(statistics.median(steps), whole, len(samples), seconds)


def _timed(loops: int) -> float:
    start = time.perf_counter()
    total = 0
    for number in range(loops):
        total += number & 7
    return time.perf_counter() - start


# What each part is for, in the words of what its lack costs.
_PROGRAMS = (
    ("git", True, "no revision can be compared with another", "install git (apt-get install git)"),
    (
        "py-spy",
        False,
        "no flame graph of a benchmark (`py-spy record`)",
        "python -m pip install py-spy",
    ),
)
_LIBRARIES = (
    ("docker", "no docker:* runtimes", "python -m pip install docker"),
    (
        "asv",
        "no `asv run` of the same benchmarks; perfbench itself does not need it",
        "python -m pip install asv",
    ),
    (
        "pyperf",
        "the benchmark modules cannot be run as pyperf scripts",
        "python -m pip install pyperf",
    ),
    (
        "memray",
        "no memory profile of a benchmark (`memray run`)",
        "python -m pip install memray",
    ),
)


def _tools() -> list[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    found = [Finding("tool", "python", True, version, required=True)]
    for name, required, cost, remedy in _PROGRAMS:
        path = shutil.which(name)
        if path is None:
            found.append(Finding("tool", name, False, "not installed", remedy, cost, required))
        else:
            found.append(Finding("tool", name, True, _program_version(path), required=required))
    for name, cost, remedy in _LIBRARIES:
        try:
            found.append(Finding("tool", name, True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(Finding("tool", name, False, "not installed", remedy, cost))
    return found


def _program_version(path: str) -> str:
    """The number in what `--version` says."""
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"installed, but `--version` fails: {error}"
    number = re.search(r"\d+(\.\d+)+", done.stdout or done.stderr)
    return number[0] if number else "installed"


def _runtime(status: RuntimeStatus) -> Finding:
    if status.available:
        return Finding("runtime", status.name, True, status.version)
    cost = f"rows of {status.name} are skipped"
    return Finding("runtime", status.name, False, status.reason, status.remedy, cost)


def _machine(*, fixed_layout: bool) -> list[Finding]:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [
        _gap(
            Finding("machine", "two CPUs", count >= 2, f"{count} usable"),
            "give this machine or container a second CPU",
            "whatever else runs takes its turn on the CPU that measures",
        ),
        _gap(
            Finding("machine", "pinning", may_pin := _may_pin(), "allowed" if may_pin else "refused"),
            "allow sched_setaffinity(2), or leave the container that forbids it",
            "base and head may be sampled on different cores, which adds noise",
        ),
        _gap(
            Finding("machine", "fixed layout", fixed_layout, "allowed" if fixed_layout else "refused"),
            "install setarch (util-linux) and allow personality(2), or leave the container that forbids it",
            "processes of one version differ by about 2 % instead of 0.6 %, so more rounds are needed",
        ),
    ]


def _steadiness(noise: Noise) -> Finding:
    return _gap(
        Finding(
            "machine",
            "steadiness",
            noise.neighbours <= _NOISY,
            f"a sample differs from the next by {noise.neighbours:.2%}, all range over {noise.whole:.1%}",
        ),
        "stop what else runs, or use a machine with a fixed clock",
        "more rows end inconclusive",
    )


def _gap(finding: Finding, remedy: str, cost: str) -> Finding:
    """The finding with its remedy and cost, which are of interest only where it is not good."""
    return finding if finding.good else replace(finding, remedy=remedy, cost=cost)


def _quiet(disturbances: str) -> Finding:
    if not disturbances:
        return Finding("machine", "quiet", True, "nothing disturbs it")
    return Finding("machine", "quiet", False, disturbances, cost="more rows end inconclusive")


def _may_pin() -> bool:
    if not hasattr(os, "sched_setaffinity"):
        return False
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        os.sched_setaffinity(0, before)
    except OSError:
        return False
    return True
