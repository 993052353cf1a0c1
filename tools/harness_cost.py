"""What perfbench's worker adds to a call, beside timeit, pyperf and asv.

    python tools/harness_cost.py [--rounds N] [--row NAME]

Each round starts fresh processes, held on one CPU and with the same layout of memory (setarch -R). The
worker and timeit are sampled in turn (ABBA), for a function that does nothing and for one of about 1 µs;
pyperf and asv measure the same functions by themselves in the same round. Then one row of this repository
is measured by all three ways in which it can be: the worker, asv, and pyperf by `python -m benchmarks.…`.
Figures are medians over rounds, with 95 % intervals from order statistics.

Exits 1 when the worker's figure for 1 µs lies above 1.02 × timeit's or pyperf's (by the whole interval), or
when asv and pyperf do not agree on the row within their intervals; 2 when one of them is not installed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORKER = ROOT / "perfbench" / "measure" / "worker.py"
TARGET = 1.02
SAMPLES = 12
SAMPLE_SECONDS = 0.005
ROW = "session.Id.time_new_id"

FUNCTIONS = """
version = "1"

def time_nothing():
    pass

def time_work():
    total = 0
    for step in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24):
        total += step
    return total
"""
NAMES = ("time_nothing", "time_work")
PAIRS = (("worker", "pyperf"), ("pyperf", "timeit"), ("asv", "timeit"))

TIMEIT = """
import gc, sys, time, timeit
sys.path.insert(0, sys.argv[1])
from suite import cost
timer = timeit.Timer(getattr(cost, sys.argv[2]))
gc.collect(); gc.freeze()
for line in sys.stdin:
    loops, start = int(line), time.process_time()
    wall = timer.timeit(loops)
    print(wall / loops, (time.process_time() - start) / loops, flush=True)
"""
PYPERF = """
import sys
import pyperf
sys.path.insert(0, {folder!r})
from suite import cost
pyperf.Runner().bench_func({name!r}, cost.{name})
"""
ASV = """
import json, sys
from asv_runner._aux import update_sys_path
from asv_runner.run import _run
folder, name, result = sys.argv[1:]
update_sys_path(folder)
_run((folder, name, json.dumps({"repeat": 12, "sample_time": 0.005, "rounds": 1, "warmup_time": 0.05}), "None", result))
"""

Sample = tuple[float, float]
"""Wall and CPU seconds a call."""


class Child:
    """A process that is asked over pipes, line by line."""

    def __init__(self, argv: Sequence[str], cpu: int) -> None:
        self._process = subprocess.Popen(
            [*held(cpu), *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, line: str) -> str:
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            raise RuntimeError("the child has no pipes")
        to.write(line + "\n")
        to.flush()
        return back.readline()


def held(cpu: int) -> list[str]:
    """The beginning of a command that keeps it on one CPU, without random addresses where that can be."""
    fixed = [] if shutil.which("setarch") is None else ["setarch", "-R"]
    return ["taskset", "-c", str(cpu), *fixed]


@dataclass(frozen=True, slots=True)
class Beside:
    """Worker and timeit in one round: wall seconds a call of each, and the ratios of neighbouring samples."""

    worker: float
    timeit: float
    wall_ratio: float
    cpu_ratio: float


def worker_and_timeit(folder: Path, name: str, cpu: int) -> Beside:
    """Sample the worker and timeit in turn, each in a fresh process on the same CPU."""
    libraries = os.pathsep.join(filter(None, sys.path))
    with ExitStack() as stack:
        worker = stack.enter_context(
            Child([sys.executable, str(WORKER), str(folder / "suite"), libraries, f"cost.{name}"], cpu)
        )
        plain = stack.enter_context(Child([sys.executable, "-c", TIMEIT, str(folder), name], cpu))
        loops = _opened(worker, f"cost.{name}")

        def by_worker() -> Sample:
            found = _ask(worker, do="sample", loops=loops, repeats=1)
            return float(found["value"]), float(found["cpu"])

        def by_timeit() -> Sample:
            wall, spent = plain.ask(str(loops)).split()
            return float(wall), float(spent)

        in_turn(by_worker, by_timeit, True)  # warm
        pairs = [in_turn(by_worker, by_timeit, number % 2 == 0) for number in range(SAMPLES)]
    return Beside(
        statistics.median(one[0] for one, _ in pairs),
        statistics.median(two[0] for _, two in pairs),
        statistics.median(one[0] / two[0] for one, two in pairs),
        statistics.median(one[1] / two[1] for one, two in pairs),
    )


def in_turn(one: Callable[[], Sample], two: Callable[[], Sample], one_first: bool) -> tuple[Sample, Sample]:
    """A sample of each; who goes first is said."""
    if one_first:
        first = one()
        return first, two()
    second = two()
    return one(), second


def _opened(worker: Child, name: str) -> int:
    _ask(worker, do="open", name=name, index=0, cache=None)
    loops = int(_ask(worker, do="calibrate", target=SAMPLE_SECONDS)["loops"])
    _ask(worker, do="settle")
    return loops


def _ask(worker: Child, **request: object) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(worker.ask(json.dumps(request)))
    if "failed" in answer or "skipped" in answer:
        raise RuntimeError(f"the worker says {answer}")
    return answer


def by_pyperf(script: Sequence[str], folder: Path, cpu: int) -> float:
    """Seconds a call by pyperf: one of its worker processes, with as many samples as the others take."""
    result = folder / "pyperf.json"
    result.unlink(missing_ok=True)
    options = ["-o", str(result), "-p", "1", "-w", "1", "-n", str(SAMPLES), "--min-time", str(SAMPLE_SECONDS)]
    _run([sys.executable, *script, *options], cpu)
    found = json.loads(result.read_text())
    runs = found["benchmarks"][0]["runs"]
    return statistics.median(float(value) for run in runs for value in run.get("values", ()))


def by_asv(benchmarks: Path, name: str, folder: Path, cpu: int) -> float:
    """Seconds a call by asv_runner, in a process of its own."""
    result = folder / "asv.json"
    _run([sys.executable, "-c", ASV, str(benchmarks), name, str(result)], cpu)
    return statistics.median(map(float, json.loads(result.read_text())["samples"]))


def by_worker(benchmarks: Path, name: str, cpu: int) -> float:
    """Seconds a call by the worker alone."""
    libraries = os.pathsep.join(filter(None, sys.path))
    with Child([sys.executable, str(WORKER), str(benchmarks), libraries, name], cpu) as worker:
        loops = _opened(worker, name)
        return statistics.median(
            float(_ask(worker, do="sample", loops=loops, repeats=1)["value"]) for _ in range(SAMPLES)
        )


def _run(argv: Sequence[str], cpu: int) -> None:
    done = subprocess.run([*held(cpu), *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[1]} ended with {done.returncode}: {done.stderr[-500:]}")


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the median from order statistics."""
    ordered, count = sorted(values), len(values)
    tail, rank = 0.0, 0
    while (tail := tail + math.comb(count, rank) / 2**count) <= 0.025:
        rank += 1
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[count - rank]


def functions(rounds: int, cpu: int) -> int:
    """Print what the worker, pyperf and asv say of the two functions over timeit; how many are too much."""
    too_much = 0
    with tempfile.TemporaryDirectory(prefix="perfbench-cost.") as place:
        folder = Path(place)
        (folder / "suite").mkdir()
        (folder / "suite" / "__init__.py").touch()
        (folder / "suite" / "cost.py").write_text(FUNCTIONS)
        for name in NAMES:
            script = folder / f"{name}.py"
            script.write_text(PYPERF.format(folder=place, name=name))
            taken: dict[str, list[float]] = {"worker": [], "timeit": [], "pyperf": [], "asv": []}
            beside = []
            for _ in range(rounds):
                beside.append(worker_and_timeit(folder, name, cpu))
                taken["worker"].append(beside[-1].worker)
                taken["timeit"].append(beside[-1].timeit)
                taken["pyperf"].append(by_pyperf([str(script)], folder, cpu))
                taken["asv"].append(by_asv(folder / "suite", f"cost.{name}", folder, cpu))
            print(f"{name}: timeit {statistics.median(taken['timeit']) * 1e9:.1f} ns a call")
            ratios = {
                "worker / timeit": [one.wall_ratio for one in beside],
                "worker / timeit, CPU": [one.cpu_ratio for one in beside],
            } | {
                f"{one} / {two}": [a / b for a, b in zip(taken[one], taken[two], strict=True)]
                for one, two in PAIRS
            }
            for label, values in ratios.items():
                low, high = interval(values)
                too_much += label.startswith("worker") and name == "time_work" and low > TARGET
                print(f"  {label:20}  {statistics.median(values):6.3f}  ({low:.3f} … {high:.3f})", flush=True)
    return too_much


def row(name: str, rounds: int, cpu: int) -> bool:
    """Print what each way says of one row of this repository; whether asv and pyperf disagree."""
    module = name.partition(".")[0]
    benchmarks = ROOT / "benchmarks"
    taken: dict[str, list[float]] = {"worker": [], "asv": [], "pyperf": []}
    with tempfile.TemporaryDirectory(prefix="perfbench-cost.") as place:
        folder = Path(place)
        for _ in range(rounds):
            taken["worker"].append(by_worker(benchmarks, name, cpu))
            taken["asv"].append(by_asv(benchmarks, name, folder, cpu))
            script = ("-m", f"benchmarks.{module}", "--bench", f"^{name}$")
            taken["pyperf"].append(by_pyperf(script, folder, cpu))
    print(f"{name}:")
    bounds = {way: interval(values) for way, values in taken.items()}
    for way, values in taken.items():
        low, high = bounds[way]
        print(f"  {way:6}  {statistics.median(values) * 1e6:9.3f} µs  ({low * 1e6:.3f} … {high * 1e6:.3f})")
    return bounds["asv"][1] < bounds["pyperf"][0] or bounds["pyperf"][1] < bounds["asv"][0]


def main() -> int:
    """Print both tables; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--row", default=ROW, help="a row without params (default: %(default)s)")
    options = parser.parse_args()
    for library in ("pyperf", "asv_runner"):
        if find_spec(library) is None:
            print(f"harness_cost: {library} is not installed; pip install {library}", file=sys.stderr)
            return 2
    cpu = min(os.sched_getaffinity(0))
    too_much = functions(options.rounds, cpu)
    disagree = row(options.row, options.rounds, cpu)
    print(
        f"{too_much} of the worker's figures above {TARGET}; asv and pyperf {'dis' if disagree else ''}agree"
    )
    return int(too_much > 0 or disagree)


if __name__ == "__main__":
    sys.exit(main())
