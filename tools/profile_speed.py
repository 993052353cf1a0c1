"""How long large profile files take to be read and drawn, and how much memory that takes.

    python tools/profile_speed.py                    # a million different stacks, and a memray capture of 200 MB
    python tools/profile_speed.py --stacks 100000 --megabytes 20
    python tools/profile_speed.py --bushy            # stacks that share as little as random walks do

It writes both files into a temporary folder, reads each in a process of its own, draws its flame graph and writes
the page, and removes everything. Stacks are drawn from a fixed seed. They share their roots as real ones do: 72,000
different stacks of pytest's, as py-spy saw them, made a tree of 125,000 nodes. The capture is of a program that memray
watches. Memory is the most that the process had resident (ru_maxrss); what runs beside it (memray, or the
reading of another part of the stacks) is told apart, as are the seconds that memray's two passes over the file take
without us. Seconds are of the clock: say
what else the machine did.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SEED = 20261
DEPTH, DEEPEST = 25, 60
FUNCTIONS = 4_000
TARGET_SECONDS, TARGET_MEMORY = 10.0, 500

WORDS = (
    "parse", "load", "encode", "decode", "handle", "dispatch", "render", "query", "fetch", "apply", "update", "resolve",
    "build", "visit", "emit", "check", "validate", "merge", "split", "compile", "execute", "bind", "open", "close",
    "flush", "commit", "lookup", "walk", "collect", "process",
)  # fmt: skip
PACKAGES = (
    "service", "json", "sqlalchemy/orm", "django/db/models", "app/api", "app/core", "urllib3/util", "asyncio",
)  # fmt: skip

ALLOCATOR = """
import sys

class Node:
    def __init__(self, name, children):
        self.name, self.children = name, children

def build(depth, width):
    if not depth:
        return Node("leaf", [bytes(520 + at) for at in range(3)])
    return Node("inner", [build(depth - 1, width) for _ in range(width)])

def churn(count):
    return sum(len(bytes(600 + at % 100)) for at in range(count))

kept = []
for turn in range(int(sys.argv[1])):
    kept.append(build(5, 4))
    del kept[:-4]
    churn(60_000)
"""
TURN_BYTES = 570_000
"""About what one turn of the program adds to its capture."""


@dataclass(frozen=True, slots=True)
class Function:
    """A name, its file, and its first line."""

    name: str
    file: str
    line: int

    def at(self, line: int) -> str:
        """As a frame of py-spy's, so many lines below the first."""
        return f"{self.name} ({self.file}:{self.line + line})"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the temporary folder goes whatever happens."""
    options = _options(argv)
    if options.read is not None:
        return read(options.read)
    with tempfile.TemporaryDirectory(prefix="perfbench-profile-speed-", dir=options.folder) as folder:
        raw, capture = Path(folder) / "stacks.txt", Path(folder) / "memray.bin"
        if options.stacks:
            write_stacks(raw, options.stacks, bushy=options.bushy)
            measure(raw)
        if options.megabytes:
            write_capture(capture, options.megabytes)
            measure(capture)
            measure_memray(capture)
    return 0


def measure(path: Path) -> None:
    """Read and draw a file in a process of its own."""
    print(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}", flush=True)
    subprocess.run([sys.executable, __file__, "--read", str(path)], check=True)


def measure_memray(path: Path) -> None:
    """What memray's own reader needs for the peak, without stacks: below that nobody comes who reads by it."""
    code = (
        "import sys, memray\n"
        "with memray.FileReader(sys.argv[1]) as reader:\n"
        "    sum(1 for _ in reader.get_high_watermark_allocation_records())"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    print(f"  memray's reader alone, on the file as it is: {time.monotonic() - began:.1f} s")


def read(path: Path) -> int:
    """Read and draw a file here, and say what that took."""
    began = time.monotonic()
    from perfbench.profiling.drawing import flame_graph  # noqa: PLC0415
    from perfbench.profiling.readers import read_profile  # noqa: PLC0415
    from perfbench.reports.flame_graph import flame_page  # noqa: PLC0415

    profile = read_profile(path)
    was_read = time.monotonic()
    graph = flame_graph(profile.tree, title=path.name, unit=profile.unit)
    drawn = time.monotonic()
    page = flame_page(graph, None)
    path.with_suffix(".html").write_text(page, encoding="utf-8")
    ended = time.monotonic()
    used = resource.getrusage(resource.RUSAGE_SELF)
    memory = used.ru_maxrss / 1024
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    verdict = "" if ended - began <= TARGET_SECONDS and memory <= TARGET_MEMORY else "  (beyond its target)"
    print(
        f"  {ended - began:.1f} s ({used.ru_utime + used.ru_stime:.1f} of CPU): {was_read - began:.1f} reading,"
        f" {drawn - was_read:.1f} drawing, {ended - drawn:.1f} for a page of {len(page) / 1e6:.1f} MB;"
        f" {memory:.0f} MiB{f', {others:.0f} MiB in another process' if others else ''}{verdict}\n"
        f"  {profile.samples:,} samples, {len(profile.tree.parent):,} nodes, {len(profile.tree.frames):,} frames"
    )
    return 0


def write_stacks(path: Path, count: int, *, bushy: bool) -> None:
    """As many different stacks, in the order in which a hash table gives them."""
    drawn = random.Random(SEED)  # noqa: S311  (no secret)
    seen: set[int] = set()
    depth = 0
    stacks = walks(drawn) if bushy else grown(drawn)
    with path.open("w", encoding="utf-8") as file:
        for stack in stacks:
            line = ";".join(stack)
            if (key := hash(line)) not in seen:
                seen.add(key)
                depth += len(stack)
                file.write(f"{line} {int(drawn.paretovariate(1.0))}\n")
            if len(seen) == count:
                break
    print(f"{count:,} different stacks, {depth / count:.1f} frames each")


def grown(drawn: random.Random) -> Iterator[list[str]]:
    """Stacks that each leave an earlier one near its leaf."""
    functions = functions_of(drawn)
    known = [[function.at(0)] for function in functions[:5]]
    while True:
        old = drawn.choice(known)
        # Young stacks grow until they are as deep as others; then they branch.
        keep = len(old) - min(int(drawn.expovariate(0.55)), len(old) - 1)
        want = drawn.gauss(DEPTH - 4, 5) if len(known) < 2_000 else keep + 1 + drawn.expovariate(1.0)
        more = max(1, min(int(want), DEEPEST) - keep)
        new = [_frame(drawn, functions) for _ in range(more)]
        stack = old[:keep] + new
        if len(known) < 50_000:
            known.append(stack)
        yield stack


def walks(drawn: random.Random) -> Iterator[list[str]]:
    """Stacks that only chance brings together: ten nodes for each of them."""
    functions = functions_of(drawn)
    callees = [[drawn.randrange(FUNCTIONS) for _ in range(drawn.randrange(1, 9))] for _ in functions]
    while True:
        at, stack = 0, []
        for _ in range(max(3, min(DEEPEST, int(drawn.gauss(DEPTH, 6))))):
            choice = min(int(drawn.paretovariate(1.3)), len(callees[at])) - 1
            stack.append(functions[at].at(choice))
            at = callees[at][choice]
        yield stack


def functions_of(drawn: random.Random) -> list[Function]:
    """Functions with names as programs have."""
    found = []
    for number in range(FUNCTIONS):
        name = f"{drawn.choice(WORDS)}_{drawn.choice(WORDS)}_{number % 97}"
        if drawn.random() < 0.5:
            name = f"{drawn.choice(WORDS).title()}{drawn.choice(('Field', 'Session', 'Mapper'))}.{name}"
        file = f"{drawn.choice(PACKAGES)}/{drawn.choice(WORDS)}_{drawn.choice(WORDS)}.py"
        found.append(Function(name, file, drawn.randrange(10, 900)))
    return found


def _frame(drawn: random.Random, functions: list[Function]) -> str:
    """A line of a function; some functions and some lines are much likelier."""
    number = int(FUNCTIONS * drawn.random() ** 5)
    return functions[number].at(min(40, int(drawn.expovariate(0.5))))


def write_capture(path: Path, megabytes: int) -> None:
    """Have memray watch a program with many small allocations."""
    turns = str(megabytes * 1_000_000 // TURN_BYTES + 1)
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "memray", "run", "--quiet", "--force", "--no-compress", "--output", str(path),
         "-c", ALLOCATOR, turns],
        check=True,
    )  # fmt: skip
    print(f"memray watched the program for {time.monotonic() - began:.0f} s")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stacks", type=int, default=1_000_000, help="0 leaves them out")
    parser.add_argument("--megabytes", type=int, default=200, help="of the memray capture; 0 leaves it out")
    parser.add_argument("--bushy", action="store_true", help="stacks that share little of their roots")
    parser.add_argument("--folder", help="where the temporary folder is made")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
