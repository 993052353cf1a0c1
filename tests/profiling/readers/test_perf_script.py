"""What perf script writes, as perf 6.1 wrote it, and as perf here does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model_profile import Frame
from perfbench.profiling.readers import Profile, perf_script, read_profile
from tests.profiling.readers.stacks_in_words import stacks_of

SAMPLES = """\
# ========
# captured on    : Sun Nov 29 21:44:51 2026
# ========
#
python 29819 23859.882789:    1001001 cpu-clock:
\t            e2bf _dl_relocate_object+0x69f (/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2)
\t           1ab78 _dl_start_user+0x0 (/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2)

V8 Worker 29819/29820 [001] 23859.883778:    1001001 cycles:u:
\tffffffff8163964d __alloc_pages+0x1bd ([kernel.kallsyms])
\t    7f7bb185ea00 [unknown] ([unknown])
\t    7f7bb1000120 py::load:/srv/app/models.py (/tmp/perf-29819.map)
\t    7f7bb1000180 py::Model.<locals>.save:<frozen app> (/tmp/jitted-29819-4.so)
\t    7f7bb1000190 trampoline (/tmp/perf-29819.map)
\t          15b825 std::pair<int, f(int)>::at(int) const+0x65 (/srv/lib/libx.so (deleted))
\t          15b900 inlined_one (inlined)

"""


def read(path: Path, text: str | bytes) -> Profile:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_profile(path)


def test_each_sample_is_a_stack_below_its_command(tmp_path: Path) -> None:
    found = read(tmp_path / "script", SAMPLES)
    assert stacks_of(found.tree) == {
        (
            "python",
            "_dl_start_user (ld-linux-x86-64.so.2)",
            "_dl_relocate_object (ld-linux-x86-64.so.2)",
        ): 1.0,
        (
            "V8 Worker",
            "inlined_one (inlined)",
            "std::pair<int, f(int)>::at(int) const (libx.so)",
            "trampoline ([generated])",
            "Model.<locals>.save (<frozen app>)",
            "load (/srv/app/models.py)",
            "[unknown]",
            "__alloc_pages ([kernel.kallsyms])",
        ): 1.0,
    }
    assert (found.unit, found.samples, found.problems) == ("samples", 2, ())
    assert Frame("load", "/srv/app/models.py") in found.tree.frames


def test_a_sample_without_a_stack_is_its_frame(tmp_path: Path) -> None:
    lines = [
        f"{name:>16} 31 7.{at:06}:     250000 cycles:      e2bf spin+0x3 (/usr/bin/dd)"
        for at, name in enumerate(["dd", "bad cafe", "dd"])
    ]
    found = read(tmp_path / "script", "\n".join(lines) + "\n")
    assert stacks_of(found.tree) == {("dd", "spin (dd)"): 2.0, ("bad cafe", "spin (dd)"): 1.0}


def test_the_last_sample_counts_though_it_is_cut(tmp_path: Path) -> None:
    found = read(tmp_path / "script", SAMPLES[: SAMPLES.index("[unknown] ([")])
    assert (found.samples, found.tree.total()[0]) == (2, 2.0)


def test_what_stands_between_samples_is_told(tmp_path: Path) -> None:
    odd = "\t            e2bf lost+0x1 (/lib/a.so)\nnonsense\n"
    found = read(tmp_path / "script", SAMPLES + odd + SAMPLES)
    assert found.samples == 4
    assert [problem.line for problem in found.problems] == [18, 19]


def test_lines_of_source_between_frames_are_passed_over(tmp_path: Path) -> None:
    lined = SAMPLES.replace("ld-linux-x86-64.so.2)\n", "ld-linux-x86-64.so.2)\n  dl-reloc.c:302\n")
    assert stacks_of(read(tmp_path / "lined", lined).tree) == stacks_of(
        read(tmp_path / "plain", SAMPLES).tree
    )


def test_frames_are_forgotten_where_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(tmp_path / "whole", SAMPLES * 3)
    monkeypatch.setattr(perf_script, "MOST_REMEMBERED", 1)
    assert stacks_of(read(tmp_path / "script", SAMPLES * 3).tree) == stacks_of(whole.tree)


def test_samples_alone_are_enough_and_none_are_an_error(tmp_path: Path) -> None:
    only = "python 29819 23859.882789:    1001001 cpu-clock: \n"
    assert stacks_of(read(tmp_path / "script", only).tree) == {("python",): 1.0}
    with pytest.raises(UsageError):
        read(tmp_path / "script", "# captured on : today\n#\n")


@given(st.lists(st.sampled_from([*SAMPLES.splitlines(), " " * 900, "a " * 900, "a 1/1 " * 300]), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_lines_in_any_order_are_read_or_refused(tmp_path: Path, lines: list[str]) -> None:
    try:
        found = read(tmp_path / "script", SAMPLES + "\n".join(lines))
    except PerfbenchError:
        return
    assert found.tree.total()[0] == found.samples


def test_the_output_of_perf_here_is_read(tmp_path: Path) -> None:
    if shutil.which("perf") is None:
        pytest.skip("perf is not installed")
    data = str(tmp_path / "perf.data")
    work = "for _ in range(300_000): sum((1, 2, 3))"
    command = [
        "perf",
        "record",
        "-e",
        "cpu-clock",
        "-F",
        "499",
        "-g",
        "-o",
        data,
        "--",
        sys.executable,
        "-c",
        work,
    ]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("perf may not record here")
    script = subprocess.run(["perf", "script", "-i", data], capture_output=True, check=True)
    found = read(tmp_path / "script", script.stdout)
    assert found.samples > 5
    assert found.problems == ()
    assert not {"", "[generated]"} & {frame.function for frame in found.tree.frames}
    with pytest.raises(UsageError, match=r"is perf's own data; give what `perf script -i perf\.data` writes"):
        read_profile(tmp_path / "perf.data")
