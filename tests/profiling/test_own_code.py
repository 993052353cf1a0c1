"""Short file names, and whose code a frame is."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.model_profile import Frame
from perfbench.profiling.own_code import FileNames, Harness


@pytest.fixture
def names(tmp_path: Path) -> FileNames:
    (tmp_path / "tree/src/pkg").mkdir(parents=True)
    (tmp_path / "tree/src/pkg/store.py").touch()
    (tmp_path / "tree/tool.py").touch()
    return FileNames(tmp_path / "tree", tmp_path / "suite/benchmarks")


@pytest.mark.parametrize(
    ("file", "short", "own"),
    [
        ("{}/env/lib/python3.11/site-packages/pkg/store.py", "pkg/store.py", True),
        ("{}/env/lib/python3.11/site-packages/rich/text.py", "rich/text.py", False),
        ("/usr/lib/python3/dist-packages/rich/text.py", "rich/text.py", False),
        ("/usr/lib/python3.12/json/encoder.py", "json/encoder.py", False),
        ("/opt/lib64/python3.13t/json/encoder.py", "json/encoder.py", False),
        ("{}/tree/tool.py", "tool.py", True),
        ("{}/tree/src/pkg/store.py", "src/pkg/store.py", True),
        ("{}/suite/benchmarks/session.py", "benchmarks/session.py", True),
        ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>", False),
        ("/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", False),
        ("{}/env/lib/python3.11/site-packages/../../tool.py", "../../tool.py", False),
        ("", "", False),
    ],
)
def test_a_file_is_named_below_its_root(
    names: FileNames, tmp_path: Path, file: str, short: str, own: bool
) -> None:
    renamed = names(Frame("f", file.format(tmp_path), 3))
    assert (renamed.file, renamed.own, renamed.line) == (short, own, 3)


def test_the_benchmark_lies_below_the_harness() -> None:
    worker = Path("/tool/measure/worker.py")
    harness = Harness([worker])
    of_harness = [
        Frame("take", str(worker)),
        Frame("timeit", "/usr/lib/python3.11/timeit.py"),
        Frame("Timer.timeit", "/usr/lib/python3.11/timeit.py"),
        Frame("inner", "<timeit-src>"),
        Frame("run", "/lib/site-packages/asv_runner/benchmarks/track.py"),
        Frame(
            "TimeBenchmark._param_bound_func.<locals>.func",
            "/lib/site-packages/asv_runner/benchmarks/time.py",
        ),
        Frame("Runner.bench_func.<locals>.task_func", "/lib/site-packages/pyperf/_runner.py"),
    ]
    assert all(harness.has(frame) for frame in of_harness)
    assert [harness.enters(frame) for frame in of_harness] == [False, False, False, True, True, True, True]
    assert not harness.has(Frame("take", "/project/worker.py"))
