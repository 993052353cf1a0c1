"""How fast a history takes in results, answers and grows, and how much memory that takes.

    python tools/history_speed.py                                # 10,000 commits × 1,000 rows: ten million points
    python tools/history_speed.py --commits 400 --benchmarks 50  # less

It writes an asv tree as asv would (medians, intervals, quartiles) into a temporary folder, imports it with
`perfbench history import`, asks for one benchmark, imports one more run into 10,000 series of 1,000 points, and removes
everything. Values are drawn from a fixed seed; a few files' worth of them come again and again, since reading
them costs the same. Memory is the largest sum over the command and the processes that it started, their shared
pages divided among them. Seconds are of the clock: say what else the machine did.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perfbench.results.history.index import open_index

SEED = 20260
VARIANTS = 40
"""So many different bodies of files there are."""

HOUR = 3_600_000
FIRST_DATE = 1_500_000_000_000
COLUMNS = (
    "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25",
    "stats_q_75", "stats_number", "stats_repeat",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a tree is: commits, benchmarks, and combinations of params of each."""

    commits: int
    benchmarks: int
    params: int

    @property
    def points(self) -> int:
        """All in all."""
        return self.commits * self.benchmarks * self.params


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a command and all that it started.

    `seconds` from start to end, `busy` seconds of CPU in all processes, and the most memory at once, in bytes.
    """

    seconds: float
    busy: float
    memory: int
    output: str


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the temporary folder goes whatever happens."""
    options = _options(argv)
    shape = Shape(options.commits, options.benchmarks, options.params)
    with tempfile.TemporaryDirectory(prefix="perfbench-history-speed-", dir=options.folder) as folder:
        work = Path(folder)
        began = time.monotonic()
        size = write_tree(work / "results", shape)
        print(
            f"{shape.commits} files of {shape.benchmarks * shape.params} rows, {shape.points} points,"
            f" {size / 2**20:.0f} MiB, written in {time.monotonic() - began:.0f} s; load {os.getloadavg()[0]:.1f}"
        )
        for words in (["--in-place"], []):
            history = work / ("referred" if words else "copied")
            cost = run("import", str(work / "results"), *words, "--history", str(history), cwd=work)
            rate = shape.points / cost.seconds
            print(
                f"import{' '.join(['', *words])}: {cost.seconds:.1f} s ({cost.busy:.1f} of CPU), {rate:,.0f} points/s,"
                f" {cost.memory / 2**20:.0f} MiB in all processes"
            )
            print(f"  {cost.output.splitlines()[-1]}")
        print(f"index: {(work / 'copied' / 'index.sqlite').stat().st_size / shape.points:.1f} bytes a point")
        ask(work / "copied", shape)
        append(work, Shape(options.points, options.series, 1))
    return 0


def ask(history: Path, shape: Shape) -> None:
    """How long it takes to find and read the series of one benchmark, in an index that was not open before."""
    best: list[tuple[float, float]] = []
    for _ in range(3):
        began, busy = time.perf_counter(), time.process_time()
        with open_index(history) as index:
            keys = index.keys(f"*.time_{shape.benchmarks // 2}*")
            series = [index.series(key) for key in keys]
        best.append(((time.perf_counter() - began) * 1e3, (time.process_time() - busy) * 1e3))
        count = sum(map(len, series))
        if not count:
            raise SystemExit("the index knows nothing of the benchmark")
    print(f"query of a benchmark: {len(keys)} series, {count} points in {_milliseconds(min(best))}")
    key, best = keys[0], []
    for _ in range(3):
        began, busy = time.perf_counter(), time.process_time()
        with open_index(history) as index:
            last = index.series(key)
        best.append(((time.perf_counter() - began) * 1e3, (time.process_time() - busy) * 1e3))
    print(f"query of a row: {len(last)} points in {_milliseconds(min(best))}")


def _milliseconds(taken: tuple[float, float]) -> str:
    return f"{taken[0]:.0f} ms ({taken[1]:.0f} of CPU)"


def append(work: Path, shape: Shape) -> None:
    """How long one more run of every series takes, and the reading of all their ends for detection."""
    write_tree(work / "long", shape)
    history = work / "long-history"
    cost = run("import", str(work / "long"), "--history", str(history), cwd=work)
    print(f"{shape.benchmarks} series of {shape.commits} points: imported in {cost.seconds:.1f} s")
    write_file(work / "long", shape, shape.commits, _bodies(shape, 1)[0])
    cost = run("import", str(work / "long"), "--history", str(history), cwd=work)
    print(
        f"one more run of all: {cost.seconds:.2f} s ({cost.busy:.2f} of CPU) in a command of its own,"
        f" {cost.memory / 2**20:.0f} MiB"
    )
    began, busy = time.perf_counter(), time.process_time()
    with open_index(history) as index:
        ends = list(index.ends(200))
    taken = ((time.perf_counter() - began) * 1e3, (time.process_time() - busy) * 1e3)
    print(f"the last 200 points of {len(ends)} series: {_milliseconds(taken)}")


def write_tree(folder: Path, shape: Shape) -> int:
    """An asv tree of one machine; returns its bytes."""
    machine = folder / "box"
    machine.mkdir(parents=True)
    (machine / "machine.json").write_text(json.dumps({"machine": "box", "version": 1}))
    described = {
        _name(number): {"type": "time", "unit": "seconds", "param_names": ["n"] if shape.params > 1 else []}
        for number in range(shape.benchmarks)
    }
    (folder / "benchmarks.json").write_text(json.dumps({**described, "version": 2}))
    bodies = _bodies(shape, min(VARIANTS, shape.commits))
    return sum(
        write_file(folder, shape, number, bodies[number % len(bodies)]) for number in range(shape.commits)
    )


def write_file(folder: Path, shape: Shape, number: int, body: str) -> int:  # noqa: ARG001
    """The file of commit `number`; returns its bytes."""
    commit = f"{number:08x}" + "0" * 32
    head = {
        "commit_hash": commit,
        "env_name": "virtualenv-py3.11",
        "date": FIRST_DATE + number * HOUR,
        "params": {
            "machine": "box",
            "cpu": "one",
            "num_cpu": "2",
            "ram": "1",
            "arch": "x86_64",
            "os": "Linux",
        },
        "python": "3.11",
        "requirements": {},
        "result_columns": COLUMNS,
    }
    text = f'{json.dumps(head)[:-1]}, "results": {body}, "version": 2}}'
    (folder / "box" / f"{commit[:8]}-virtualenv-py3.11.json").write_text(text)
    return len(text)


def run(*arguments: str, cwd: Path) -> Cost:
    """`perfbench history` with these arguments. Raises SystemExit where it fails."""
    import psutil  # noqa: PLC0415

    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    environment.pop("PERFBENCH_HISTORY_URL", None)
    began, before = time.monotonic(), _cpu()
    most = 0
    with subprocess.Popen(
        [sys.executable, "-m", "perfbench", "history", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=environment,
    ) as process:  # fmt: skip
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                most = max(most, sum(map(_memory, [watched, *watched.children(recursive=True)])))
            time.sleep(0.05)
        seconds = time.monotonic() - began
        output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"perfbench history {arguments[0]} ended with {process.returncode}: {output}")
    return Cost(seconds, _cpu() - before, most, output)


def _cpu() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(process: object) -> int:
    import psutil  # noqa: PLC0415

    assert isinstance(process, psutil.Process)  # noqa: S101
    try:
        return (
            int(process.memory_full_info().pss) if sys.platform == "linux" else int(process.memory_info().rss)
        )
    except psutil.Error:
        return 0


def _bodies(shape: Shape, count: int) -> list[str]:
    """What files say of all benchmarks, as JSON."""
    drawn = random.Random(SEED)  # noqa: S311  (no secret)
    return [
        json.dumps({_name(number): _row(drawn, number, shape.params) for number in range(shape.benchmarks)})
        for _ in range(count)
    ]


def _row(drawn: random.Random, number: int, params: int) -> list[object]:
    values = [10 ** drawn.uniform(-7, 0) for _ in range(params)]
    return [
        values,
        [[str(one) for one in range(params)]] if params > 1 else [],
        f"{number:064x}",
        FIRST_DATE,
        round(drawn.uniform(1, 10), 3),
        *([float(f"{value * factor:.5g}") for value in values] for factor in (0.98, 1.03, 0.99, 1.01)),
        [drawn.randrange(1, 1000) for _ in values],
        [10 for _ in values],
    ]


def _name(number: int) -> str:
    return f"module{number % 10}.time_{number}"


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--commits", type=int, default=10_000, help="files of the large tree")
    parser.add_argument("--benchmarks", type=int, default=100)
    parser.add_argument("--params", type=int, default=10, help="combinations of params of each benchmark")
    parser.add_argument("--series", type=int, default=10_000, help="series that one run is appended to")
    parser.add_argument("--points", type=int, default=1_000, help="points of each of them")
    parser.add_argument("--folder", help="where the temporary folder is made")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
