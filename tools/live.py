"""Is the gate right while neighbours come and go? And asv, on the same code under the same noise?

    python tools/live.py cpu identical --times 10
    python tools/live.py cpu +2 --times 10 --noise memory -- --rounds 20
    python tools/live.py cpu +10 --times 10 --peer asv -- --factor 1.05
    eval "$(tools/engine start)"; python tools/live.py containers +5 --times 10

`cpu` makes a small foreign repository of eight pure functions, `containers` a clone of this one, of which
the row of a Docker container's start alone is measured, against a limit of 2 %. In head nothing is slower
(`identical`), or one function makes N % more steps, or the start of a container sleeps for N % of `--start`.
Wanted is exit 0 with no row named, or exit 1 with that row alone named as regressed. The first run only
builds the environments, without noise. What follows `--` goes to the gate. asv gets the factor in the middle, 1.05
for +10, and its own default 1.1 for `identical`, unless `--factor` is given. Exits 1 when a run was not as wanted,
2 when the first one came to nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import NoReturn, Protocol

from live_asv import Asv
from live_attempt import Attempt
from live_containers import START_ROW, make_clone
from live_gate import Gate, hold_still
from live_noise import KINDS, noise
from live_project import SLOWED, make_project


class Contender(Protocol):
    """A gate, with the repository that it is tried on."""

    def build(self) -> Attempt: ...
    def attempt(self) -> Attempt: ...


def main(arguments: Sequence[str]) -> int:
    """Run the gate as often as asked, a line for each."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    attempts: list[Attempt] = []
    with contextlib.suppress(KeyboardInterrupt), _workplace(options.keep) as folder:
        contender, slowed = _contender(options, folder)
        first = contender.build()
        if not first.judged:
            print(f"live: {first}", file=sys.stderr)
            return 2
        print(f"first run, environments built: {first.seconds:.0f} s", flush=True)
        with noise(options.noise, options.seed, folder):
            for number in range(1, options.times + 1):
                attempts.append(contender.attempt())
                mark = "as wanted" if attempts[-1].as_wanted(slowed) else "NOT as wanted"
                print(f"{number}: {attempts[-1]}; {mark}", flush=True)
                _keep(options, slowed, first, attempts)
        return _conclude(attempts, slowed)
    return 130


def _contender(options: argparse.Namespace, folder: Path) -> tuple[Contender, str | None]:
    """The gate to try, and the row that it has to name."""
    slowed = START_ROW if options.mode == "containers" else SLOWED
    named = slowed if options.percent else None
    project = folder / "project"
    if options.mode == "containers":
        make_clone(project, options.percent, options.start)
        only = ("--bench", re.escape(slowed), *options.arguments)
        return Gate(hold_still(folder / "tool"), project, "HEAD", re.escape(slowed), only), named
    make_project(project, options.percent)
    if options.peer == "asv":
        factor = ["--factor", f"{float(1 + options.percent / 200):g}"] if named else []
        return Asv(project, folder / "home", re.escape(slowed), [*factor, *options.arguments]), named
    return Gate(hold_still(folder / "tool"), project, "HEAD~1", re.escape(slowed), options.arguments), named


def _conclude(attempts: Sequence[Attempt], slowed: str | None) -> int:
    wanted = sum(attempt.as_wanted(slowed) for attempt in attempts)
    seconds = [attempt.seconds for attempt in attempts]
    print(
        f"{wanted} of {len(attempts)} as wanted; "
        f"{statistics.median(seconds):.0f} s in the median, {max(seconds):.0f} s at most"
    )
    return int(wanted < len(attempts))


def _keep(options: argparse.Namespace, slowed: str | None, first: Attempt, attempts: list[Attempt]) -> None:
    """Write what is known so far: an interrupted series keeps its attempts."""
    if options.json is None:
        return
    content = {
        "mode": options.mode,
        "percent": float(options.percent),
        "peer": options.peer,
        "noise": options.noise,
        "seed": options.seed,
        "arguments": options.arguments,
        "slowed": slowed,
        "first_run_seconds": first.seconds,
        "attempts": [{**asdict(attempt), "as_wanted": attempt.as_wanted(slowed)} for attempt in attempts],
    }
    options.json.write_text(json.dumps(content, indent=2) + "\n")


@contextlib.contextmanager
def _workplace(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="perfbench-live-") as folder:
        yield Path(folder).resolve()


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _percent(text: str) -> Fraction:
    if text == "identical":
        return Fraction(0)
    try:
        percent = Fraction(text.removeprefix("+"))
    except ValueError:
        percent = Fraction(0)
    if not text.startswith("+") or percent <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'identical' nor a slowdown as '+5'")
    return percent


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("mode", choices=("cpu", "containers"))
    parser.add_argument("percent", type=_percent, metavar="identical|+N", help="what differs in head")
    parser.add_argument("--times", type=int, default=10, help="checks (default: %(default)s)")
    parser.add_argument("--noise", choices=KINDS, default="cpu", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the noise (default: %(default)s)")
    parser.add_argument("--peer", choices=("asv",), help="try this instead of perfbench")
    parser.add_argument(
        "--start",
        type=float,
        default=140.0,
        metavar="MS",
        help="a container's start here (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all attempts there")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work in this new folder and leave it")
    at = list(arguments).index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:at])
    options.arguments = list(arguments[at + 1 :])
    if options.times < 1:
        parser.error("--times must be at least 1")
    if options.peer and options.mode != "cpu":
        parser.error("--peer needs cpu: asv knows no thresholds to compare by")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
