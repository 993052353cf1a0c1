"""The modules as pyperf scripts, run for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fake_runtime
from tests.benchmarks.rows import ROOT, rows

pyperf = pytest.importorskip("pyperf", reason="pyperf is not installed: pip install pyperf")


def script(
    module: str, *options: str, fake: bool = False, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PERFBENCH_")}
    environment |= variables
    if fake:
        environment["PERFBENCH_SUT_RUNTIMES"] = fake_runtime.FACTORY
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", "--debug-single-value", *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def names_in(path: Path) -> set[str]:
    return set(pyperf.BenchmarkSuite.load(str(path)).get_benchmark_names())


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "container",
            {"container.Lifecycle.time_cycle(process)", "container.Warm.time_first_start(process)"},
        ),
        ("command", {"command.Exec.time_exec(process)", "command.Output.time_output(process, 64KiB)"}),
        ("files", {"files.InSandbox.time_copy_in(process, 1MiB)", "files.OnHost.time_read(1KiB)"}),
    ],
)
def test_rows_of_a_real_runtime_are_written_as_pyperf_reads_them(
    module: str, names: set[str], tmp_path: Path
) -> None:
    wanted = "|".join(map(re.escape, names))
    done = script(module, "--bench", wanted, "-o", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    assert names_in(tmp_path / "out.json") == names
    stats = [sys.executable, "-m", "pyperf", "stats", str(tmp_path / "out.json")]
    shown = subprocess.run(stats, capture_output=True, text=True, check=True).stdout
    assert all(name in shown for name in names)


def test_a_row_keeps_its_ordinal_when_the_ones_before_it_are_absent(tmp_path: Path) -> None:
    which = r"Lifecycle.*\((podman|docker:runc)\)"
    done = script("container", "--bench", which, "-o", str(tmp_path / "o"), fake=True)
    assert done.returncode == 0, done.stderr
    assert names_in(tmp_path / "o") == {
        name for name in rows() if name.startswith("container.Lifecycle.") and name.endswith("(docker:runc)")
    }


def test_an_absent_runtime_is_skipped_with_its_reason(tmp_path: Path) -> None:
    which = r"Lifecycle.time_start\((process|podman)\)"
    done = script("container", "--bench", which, "-o", str(tmp_path / "out.json"), fake=True)
    assert done.returncode == 0, done.stderr
    skipped = (
        "container.Lifecycle.time_start(podman): skipped: podman is not installed; apt-get install podman"
    )
    assert done.stderr.splitlines() == [skipped]


def test_a_row_that_fails_costs_only_itself(tmp_path: Path) -> None:
    broken = json.dumps({"command": {"commands": {"broken": ["false"]}}, "root": str(tmp_path)})
    options = ("--bench", "broken|help", "-o", str(tmp_path / "out.json"))
    done = script("command", *options, PERFBENCH_SUT=broken)
    assert done.returncode == 1
    assert names_in(tmp_path / "out.json") == {"command.Cli.time_help"}
    assert "command.Own.time_run(broken): failed: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_value_that_pyperf_takes_none_of_is_skipped_with_that_reason() -> None:
    # The fake answers sooner than the host.
    done = script("command", "--bench", r"overhead\(runc", fake=True)
    assert done.returncode == 3
    assert re.search(
        r"track_overhead\(runc\): skipped: it is -\S+, and pyperf takes no value of 0", done.stderr
    )


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        ("no such row", 2, "fits none of the"),
        ("(", 2, "is not a regular expression"),
        (r"\(podman\)", 3, "every row was skipped: nothing was measured"),
    ],
)
def test_what_measures_nothing_says_so(wanted: str, code: int, message: str) -> None:
    done = script("container", "--bench", wanted, fake=True)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
