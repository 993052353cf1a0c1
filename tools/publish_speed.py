"""How long publishing takes beside `asv publish`, and how soon its pages are there.

    python tools/publish_speed.py tree [--rounds N] [--files N] [--archive FILE]   # a tree of 400 files, by both
    python tools/publish_speed.py pages [--benchmarks N] [--commits N]             # opened in headless Chromium

`tree` makes a git repository and as many result files of asv as it has commits: 48 benchmarks each, drawn from a
fixed seed, or those of an archive of a real tree, whose commits are then replaced. Both programs write their
whole site of it, started in turn, ABBA. perfbench's holds its own pages beside asv's. `pages` publishes 1,000
benchmarks at 1,000 commits, and times how long Chromium takes from the request to what a reader sees.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
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
    """Publish one tree by both, in turn."""
    dates = [START + 3600 * number for number in range(options.files)]
    project, hashes = make_project(folder / "project", dates)
    if options.archive:
        replaced_results(project, options.archive, hashes)
    else:
        made_results(project, hashes, dates)
    ours, theirs = perfbench_publish(project, folder / "ours"), asv_publish(project, folder / "theirs")
    ratios, seconds = [], {"perfbench": list[float](), "asv": list[float]()}
    for number in range(options.rounds):
        found = {}
        for name in ("perfbench", "asv") if number % 2 else ("asv", "perfbench"):
            found[name] = _seconds(ours if name == "perfbench" else theirs, project.folder)
            seconds[name].append(found[name])
        ratios.append(found["perfbench"] / found["asv"])
        print(
            f"round {number + 1}: perfbench {found['perfbench']:.2f} s, asv {found['asv']:.2f} s", flush=True
        )
    print(f"{options.files} files: perfbench {statistics.median(seconds['perfbench']):.2f} s, "
          f"asv {statistics.median(seconds['asv']):.2f} s, ratio {statistics.median(ratios):.3f} "
          f"({min(ratios):.3f} … {max(ratios):.3f} in {options.rounds} rounds); at most 0.5 is wanted")  # fmt: skip
    return 0 if statistics.median(ratios) <= 0.5 else 1


def _seconds(command: Sequence[str], folder: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return time.perf_counter() - began


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
