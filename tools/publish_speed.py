"""How long publishing takes beside `asv publish`, and how soon its pages are there.

    python tools/publish_speed.py tree [--rounds N] [--files N] [--archive FILE]   # a tree of 400 files, by both
    python tools/publish_speed.py pages [--benchmarks N] [--commits N]             # opened in headless Chromium

`tree` makes a git repository and as many result files of asv as it has commits: 48 benchmarks each, drawn from a
fixed seed, or those of an archive of a real tree, whose commits are then replaced. Both programs write their
whole site of it, started in turn; perfbench's holds its own pages beside asv's. On a machine that does much else,
CPU time is the steadier figure. `pages` publishes 1,000
benchmarks at 1,000 commits, and times how long Chromium takes from the request to what a reader sees.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perfbench.commands.publishing import publish
from perfbench.reports.asv_site.details import AsvDetails
from perfbench.reports.site.page_names import page_key, page_names
from tests.reports.asv_project import (
    START,
    Project,
    asv_publish,
    made_results,
    make_project,
    replaced_results,
)
from tests.reports.chromium import Chromium
from tests.reports.site_sample import large_report

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command: seconds from start to end, and the CPU seconds of all its processes."""

    seconds: float
    cpu: float


def main() -> int:
    """Measure what the command line asks for."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="perfbench-publish-speed-") as folder:
        if options.what == "tree":
            return _tree(Path(folder), options)
        return _pages(Path(folder), options)


def perfbench_publish(project: Project, target: Path) -> list[str]:
    """The command of ours, straight from the tree."""
    return [sys.executable, "-m", "perfbench", "history", "publish", "--results", str(project.results),
            "-o", str(target)]  # fmt: skip


def _tree(folder: Path, options: argparse.Namespace) -> int:
    """Publish one tree by both, in turn: ours first in one round, theirs in the next."""
    dates = [START + 3600 * number for number in range(options.files)]
    project, hashes = make_project(folder / "project", dates)
    if options.archive:
        replaced_results(project, options.archive, hashes)
    else:
        made_results(project, hashes, dates)
    commands = {
        "perfbench": perfbench_publish(project, folder / "ours"),
        "asv": asv_publish(project, folder / "theirs"),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(options.rounds):
        for name in reversed(commands) if number % 2 else commands:
            costs[name].append(_cost(commands[name], project.folder))
        told = (
            f"{name} {found[-1].seconds:.2f} s ({found[-1].cpu:.2f} s CPU)" for name, found in costs.items()
        )
        print(f"round {number + 1}: {', '.join(told)}", flush=True)
    ours, theirs = costs["perfbench"], costs["asv"]
    ratios = [one.seconds / other.seconds for one, other in zip(ours, theirs, strict=True)]
    quickest = min(one.seconds for one in ours) / min(one.seconds for one in theirs)
    cpu = statistics.median(one.cpu for one in ours) / statistics.median(one.cpu for one in theirs)
    print(f"{options.files} files: {statistics.median(ratios):.2f} × asv's wall time "
          f"({min(ratios):.2f} … {max(ratios):.2f} in {options.rounds} rounds), {quickest:.2f} × that of the quickest "
          f"of each, {cpu:.2f} × its CPU time; at most 0.5 is wanted")  # fmt: skip
    return 0 if statistics.median(ratios) <= 0.5 else 1


def _cost(command: Sequence[str], folder: Path) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Cost(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _pages(folder: Path, options: argparse.Namespace) -> int:
    """Publish a large history and open its pages."""
    report = large_report(options.benchmarks, options.commits)
    began = time.perf_counter()
    publish(report, folder / "site", AsvDetails())
    print(f"published {options.benchmarks} × {options.commits} in {time.perf_counter() - began:.1f} s")
    sizes = {path.name: path.stat().st_size for path in (folder / "site").glob("*.js")}
    data = {path.name: path.stat().st_size for path in (folder / "site" / "data").glob("*.js")}
    print(
        f"scripts {sum(sizes.values()) / 1e3:.0f} kB; data of the first page {sum(data.values()) / 1e3:.0f} kB"
    )
    key = report.reports[0].series.key
    page = f"benchmark.html?of={page_names([key])[page_key(key)]}"
    with Chromium() as browser:
        for name in ("index.html", page):
            times = []
            for _ in range(options.rounds):
                browser.open(f"file://{folder}/site/{name}")
                browser.until("!document.querySelector('[aria-busy]')")
                times.append(browser.value(_SHOWN) / 1000)
            print(f"{name.partition('?')[0]}: {statistics.median(times):.2f} s (at most {max(times):.2f} s)")
    return 0


_SHOWN = """new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
    resolve(performance.now()))))"""
"""Milliseconds from the request of a page until what its scripts have made is on the screen."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("tree", "pages"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument(
        "--archive", type=Path, help="a tree of asv's results as .tar.xz; --files is what it holds"
    )
    parser.add_argument("--benchmarks", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
