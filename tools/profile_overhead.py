"""What the profilers cost on this repository's own benchmarks, side by side in one run of each.

    python tools/profile_overhead.py [--tools py-spy,memray] [--seconds 6]

Profiles each benchmark with each profiler, in turn with a worker that nobody watches, and prints the ratios that the
manifests hold, with their medians over the benchmarks. Exits with 1 where a median lies beyond its bound (py-spy
1.05, memray 2).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from perfbench.commands.profile_folder import folder_name
from perfbench.profiling.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[1]

BENCHMARKS = (
    "session.Id.time_new_id",
    "session.Json.time_encode",
    "session.Json.time_decode",
    "session.Read.time_read(sqlite)",
    "session.Write.time_write(memory)",
    "settings.Load.time_load(toml)",
    "script.Execute.time_simple(lua)",
    "command.Exec.time_exec(process)",
)
BOUNDS = {"py-spy": 1.05, "memray": 2.0}
"""The others are printed without one."""
TOOLS = ("py-spy", "memray", "tracemalloc", "cprofile", "concurrency")


def main() -> int:
    """Print a table of benchmarks by profilers."""
    options = _options()
    print(f"{'':36}" + "".join(f"{tool:>22}" for tool in options.tools))
    found: dict[str, list[float]] = {tool: [] for tool in options.tools}
    for benchmark in BENCHMARKS:
        cells = []
        for tool in options.tools:
            ratio, low, high = overhead(benchmark, tool, options.seconds)
            found[tool].append(ratio)
            cells.append(f"{ratio:.2f} ({low:.2f} … {high:.2f})")
        print(f"{benchmark:36}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    medians = {tool: statistics.median(ratios) for tool, ratios in found.items()}
    print(f"{'median':36}" + "".join(f"{median:>22.3f}" for median in medians.values()))
    beyond = [tool for tool, bound in BOUNDS.items() if medians.get(tool, 0.0) > bound]
    print(f"beyond its bound: {', '.join(beyond)}" if beyond else "all within their bounds")
    return 1 if beyond else 0


def overhead(benchmark: str, tool: str, seconds: float) -> tuple[float, float, float]:
    """The ratio with and without the profiler, and its interval at 95 %."""
    command = [sys.executable, "-m", "perfbench", "profile", benchmark, "--tool", tool, "--quiet"]
    subprocess.run([*command, "--seconds", f"{seconds} s"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    folders = (ROOT / "profiles" / folder_name(benchmark)).glob(f"*-{tool}")
    manifest = read_manifest(max(folders, key=lambda path: path.stat().st_mtime))
    if manifest.overhead is None:
        raise RuntimeError(f"{benchmark} was not measured beside a plain worker")
    return manifest.overhead.ratio, manifest.overhead.low, manifest.overhead.high


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", type=lambda text: text.split(","), default=list(TOOLS))
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each profiler watches")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
