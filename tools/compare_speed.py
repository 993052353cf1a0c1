"""How long and how large reading and comparing is, beside the peer that wrote the files.

    python tools/compare_speed.py suites [--rounds N]    # perfbench compare against pyperf compare_to
    python tools/compare_speed.py tree [--rounds N]      # a folder of 400 asv files, read by both

`suites` makes two pyperf suites of 111 benchmarks × 40 processes × 3 values, `tree` 400 files of 40
benchmarks; both are drawn from a fixed seed, and perfbench finds no settings beside them, as pyperf has none.
The commands are started in turn, ABBA, so that a machine
that speeds up or slows down does so for both. A round's figure is the median of the ratios of neighbours;
the interval is that of the median of the rounds, at 99 %. Memory is the largest that a process ever was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perfbench.analysis.intervals import median_interval

PAIRS = 4
SEED = 20260
BENCHMARKS, PROCESSES, VALUES = 111, 40, 3
FILES, FILE_BENCHMARKS = 400, 40
DAY = 86_400_000

READ_BY_US = (
    "import sys; from pathlib import Path; from perfbench.results.asv_tree import survey\n"
    "print(sum(len(result.side()) for _, result in survey(Path(sys.argv[1])).results()))"
)
READ_BY_ASV = (
    "import sys; from asv.results import iter_results\n"
    "print(sum(len(result.get_all_result_keys()) for result in iter_results(sys.argv[1])))"
)


@dataclass(frozen=True, slots=True)
class Contest:
    """Two commands that do the same work."""

    ours: Sequence[str]
    theirs: Sequence[str]
    words: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: seconds from start to end, and the most memory it had, in bytes."""

    seconds: float
    memory: int


def main() -> int:
    """Make the files, start both commands in turn, and print what they cost."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="perfbench-compare-speed-") as folder:
        environment = _environment(Path(folder))
        contest = (_suites if options.what == "suites" else _tree)(Path(folder))
        for command in (contest.ours, contest.theirs):
            _start(command, environment, folder)  # writes byte code, fills the page cache
        rounds: list[float] = []
        costs: list[tuple[Cost, Cost]] = []
        for _ in range(options.rounds):
            pairs = [_pair(contest, environment, folder, turned=bool(index % 2)) for index in range(PAIRS)]
            rounds.append(statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs))
            costs.extend(pairs)
    for word, side in zip(contest.words, zip(*costs, strict=True), strict=True):
        seconds = statistics.median(cost.seconds for cost in side)
        memory = max(cost.memory for cost in side)
        print(f"{word}: {seconds * 1000:.0f} ms, {memory / 1024**2:.0f} MiB")
    ratio = median_interval(rounds, 0.99)
    print(
        f"ratio {ratio.estimate:.3f} ({ratio.low:.3f} … {ratio.high:.3f} at {ratio.confidence:.1%}, "
        f"{options.rounds} rounds of {PAIRS} pairs)"
    )
    return 0


def write_suite(path: Path, day: int) -> None:
    """The pyperf suite of one day: the same benchmarks, but each process has a speed of its own."""
    centers = random.Random(SEED)  # noqa: S311
    drawn = random.Random(SEED + day)  # noqa: S311
    with path.open("w", encoding="utf-8") as file:
        file.write('{"benchmarks":[')
        for number in range(BENCHMARKS):
            file.write("," if number else "")
            center = 10 ** centers.uniform(-6, -1)
            runs = [_run(center * drawn.gauss(1, 0.02), day, process, drawn) for process in range(PROCESSES)]
            metadata = {"name": f"benchmark_{number:03d}", "loops": 16, "description": "one of many"}
            json.dump({"metadata": metadata, "runs": runs}, file, separators=(",", ":"))
        shared = {"hostname": "box", "cpu_count": 8, "cpu_model_name": "Model 1", "unit": "second"}
        file.write(f'],"metadata":{json.dumps(shared)},"version":"1.0"}}')


def write_tree(folder: Path, seed: int) -> None:
    """A folder of asv's results: one machine, a commit a day."""
    drawn = random.Random(seed)  # noqa: S311
    machine = folder / "box"
    machine.mkdir(parents=True)
    (machine / "machine.json").write_text('{"machine": "box", "version": 1}')
    names = [f"suite.Case{number}.time_it" for number in range(FILE_BENCHMARKS)]
    described: dict[str, Any] = {
        name: {
            "name": name,
            "type": "time",
            "unit": "seconds",
            "params": [],
            "param_names": [],
            "version": "1",
        }
        for name in names
    }
    (folder / "benchmarks.json").write_text(json.dumps(described | {"version": 2}))
    for number in range(FILES):
        content = _asv_file(names, number, drawn)
        (machine / f"{content['commit_hash'][:8]}-py3.12.json").write_text(json.dumps(content))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("suites", "tree"))
    parser.add_argument("--rounds", type=int, default=10, help="at least 8, or 99 %% cannot be reached")
    options = parser.parse_args()
    if options.rounds < 8:
        parser.error("--rounds must be 8 or more, or an interval at 99 % does not exist")
    return options


def _suites(folder: Path) -> Contest:
    files = [folder / "base.json", folder / "head.json"]
    for day, path in enumerate(files, start=1):
        write_suite(path, day)
    names = [str(path) for path in files]
    return Contest(
        [sys.executable, "-m", "perfbench", "compare", *names],
        [sys.executable, "-m", "pyperf", "compare_to", *names],
        ("perfbench compare", "pyperf compare_to"),
    )


def _tree(folder: Path) -> Contest:
    write_tree(folder / "results", SEED)
    name = str(folder / "results")
    return Contest(
        [sys.executable, "-c", READ_BY_US, name],
        [sys.executable, "-c", READ_BY_ASV, name],
        (f"perfbench, {FILES} files", f"asv, {FILES} files"),
    )


def _run(center: float, day: int, process: int, drawn: random.Random) -> dict[str, Any]:
    return {
        "metadata": {
            "date": f"2024-03-{day:02d} 15:{process:02d}:40.575860",
            "duration": center * 100,
            "load_avg_1min": 0.71,
            "mem_max_rss": 14_716_928,
            "runnable_threads": 1,
            "uptime": 187815.5 + process,
        },
        "warmups": [[16, center * 1.1]],
        "values": [center * drawn.gauss(1, 0.005) for _ in range(VALUES)],
    }


def _asv_file(names: Sequence[str], number: int, drawn: random.Random) -> dict[str, Any]:
    def row(index: int) -> list[Any]:
        median = 10 ** (-index % 6) * drawn.gauss(1, 0.02)
        low, high = median * 0.98, median * 1.02
        return [[median], [], "1", 1_700_000_000_000, 1.5, [low], [high], [low], [high], [7], [10]]

    columns = "result params version started_at duration stats_ci_99_a stats_ci_99_b stats_q_25 stats_q_75"
    return {
        "commit_hash": f"{drawn.getrandbits(160):040x}",
        "env_name": "py3.12",
        "date": 1_600_000_000_000 + number * DAY,
        "params": {"machine": "box", "python": "3.12"},
        "python": "3.12",
        "requirements": {},
        "env_vars": {},
        "result_columns": [*columns.split(), "stats_number", "stats_repeat", "samples", "profile"],
        "results": {name: row(index) for index, name in enumerate(names)},
        "durations": {},
        "version": 2,
    }


def _environment(folder: Path) -> dict[str, str]:
    """Both keep their byte code, as installed packages have theirs; perfbench is that of this checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    root = str(Path(__file__).resolve().parents[1])
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONPATH": root}


def _pair(
    contest: Contest, environment: Mapping[str, str], folder: str, *, turned: bool
) -> tuple[Cost, Cost]:
    first, second = (contest.theirs, contest.ours) if turned else (contest.ours, contest.theirs)
    a, b = _start(first, environment, folder), _start(second, environment, folder)
    return (b, a) if turned else (a, b)


def _start(command: Sequence[str], environment: Mapping[str, str], folder: str) -> Cost:
    """One process, waited for; a comparison that finds a regression is a success here."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"compare_speed: {' '.join(command[:4])} … ended with {process.returncode}")
    return Cost(seconds, used.ru_maxrss * 1024)


if __name__ == "__main__":
    sys.exit(main())
