"""pyperf's workers under a profiler, by the name of a hook."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from perfbench.profiling.manifest import read_manifest
from tests.commands.command_line import perfbench

BENCH = """
import pyperf

def work():
    return sum([number * number for number in range(3000)])

runner = pyperf.Runner()
runner.bench_func("work", work)
"""


@pytest.mark.skipif("perfbench_cprofile" not in entry_points(group="pyperf.hook").names,
                    reason="perfbench is not installed with its entry points: pip install .")  # fmt: skip
def test_a_pyperf_run_is_profiled_and_its_result_is_no_measurement(tmp_path: Path) -> None:
    pytest.importorskip("pyperf", reason="pyperf is not installed: pip install pyperf")
    (tmp_path / "bench.py").write_text(BENCH)
    command = [sys.executable, "bench.py", "--hook", "perfbench_cprofile", "-p", "2", "-n", "2", "-w", "1"]
    subprocess.run(
        [*command, "--loops", "20", "-o", "out.json"], cwd=tmp_path, check=True, capture_output=True
    )
    (page,) = tmp_path.glob("profiles/pyperf-bench/*-cprofile/flame-graph.html")
    manifest = read_manifest(page.parent)
    assert manifest.samples > 0
    assert (page.parent / ".gitignore").read_text() == "*\n"
    assert manifest.notes[0].endswith("profiles of pyperf's worker processes")
    text = (page.parent / "summary.txt").read_text()
    assert "work" in text
    assert "task_func" not in text
    done = perfbench("compare", "out.json", "out.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "ran under a profiler (perfbench_cprofile)" in done.stderr
