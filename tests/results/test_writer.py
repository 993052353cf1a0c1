"""Writing perfbench's own result file: nothing that was flushed is lost."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import BenchmarkId, Outcome
from perfbench.results import native
from perfbench.results.document import load
from perfbench.results.writer import ResultWriter

from .samples import CALL, START, TIME, header, run


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with ResultWriter(tmp_path / "run.jsonl", header("head")):
        pass
    assert stat.S_IMODE((tmp_path / "run.jsonl").stat().st_mode) == 0o600


def test_an_existing_file_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        ResultWriter(path, header("head"))
    assert path.read_text() == "mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="exists already"):
        ResultWriter(tmp_path / "link", header("head"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no/run\.jsonl: No such file"):
        ResultWriter(tmp_path / "no" / "run.jsonl", header("head"))


def test_what_was_flushed_is_on_the_disk_while_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        writer.run("head", CALL, TIME, run(1.0, number=0))
        writer.flush()
        writer.run("head", CALL, TIME, run(2.0, number=1))
        result = native.read(load(path))
    assert [each.values for each in result.side()[0].runs] == [(1.0,)]
    assert not result.complete


def test_an_exception_leaves_a_file_that_says_it_is_not_complete(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with contextlib.suppress(KeyboardInterrupt), ResultWriter(path, header("head")) as writer:
        writer.run("head", CALL, TIME, run(1.0))
        raise KeyboardInterrupt
    result = native.read(load(path))
    assert (result.complete, result.problems, len(result.side())) == (False, (), 1)


def test_finishing_twice_writes_one_end(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        writer.finish(exit_code=1)
        writer.finish(exit_code=0)
    result = native.read(load(path))
    assert (result.exit_code, result.problems) == (1, ())


def test_text_that_no_file_can_hold_is_made_harmless(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        writer.outcome(CALL, Outcome.FAILED, "cannot open \udcff.txt", ["head"])
        writer.run("head", BenchmarkId("s", "n", (("file", "\udcff"),)), TIME, run(1.0))
    result = native.read(load(path))
    assert result.outcomes[0].reason == "cannot open \ufffd.txt"
    assert result.problems == ()


_RUN_UNTIL_KILLED = """
import os, signal, sys
from pathlib import Path
from perfbench.results.writer import ResultWriter
from tests.results.samples import CALL, TIME, header, run
writer = ResultWriter(Path(sys.argv[1]), header("head"))
for number in range(3):
    writer.run("head", CALL, TIME, run(1.0, number=number))
    writer.flush()
writer.run("head", CALL, TIME, run(1.0, number=3))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_keeps_all_its_finished_rounds(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", _RUN_UNTIL_KILLED, str(path)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    result = native.read(load(path))
    assert len(result.side()[0].runs) == 3
    assert result.problems == ()


@pytest.mark.skipif(sys.platform != "linux", reason="limits file sizes as Linux does")
def test_a_disk_that_fills_up_loses_nothing_and_the_round_is_written_once_there_is_room(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.jsonl"
    with ResultWriter(path, header("head")) as writer:
        writer.run("head", CALL, TIME, run(1.0, number=0))
        writer.flush()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
            writer.run("head", START, TIME, run(2.0, number=0))
            with pytest.raises(PerfbenchError, match=r"rounds before this one are safe.*free some space"):
                writer.flush()
            full = native.read(load(path))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        writer.flush()
    assert (full.problems, len(full.side())) == ((), 1)
    result = native.read(load(path))
    assert (result.problems, len(result.side())) == ((), 2)


_FILL = """
import sys
from pathlib import Path
from perfbench.errors import PerfbenchError
from perfbench.results.writer import ResultWriter
from tests.results.samples import CALL, TIME, header, run
try:
    with ResultWriter(Path(sys.argv[1]), header("head")) as writer:
        for number in range(1000):
            writer.run("head", CALL, TIME, run(*[0.123456789] * 100, number=number))
            writer.flush()
except PerfbenchError as error:
    print(number, error)
    print(Path(sys.argv[1]).read_text(), end="")
"""


def test_a_real_full_disk_is_one_sentence_and_keeps_what_was_written(tmp_path: Path) -> None:
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("needs root on Linux to mount a small disk")
    mount = f'mount -t tmpfs -o size=64k none {tmp_path} && exec "$0" -c "$1" {tmp_path}/run.jsonl'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, sys.executable, _FILL],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    said, _, kept = done.stdout.partition("\n")
    assert "No space left on device" in said, done.stderr
    assert "Traceback" not in done.stderr
    (tmp_path / "kept").write_text(kept)
    result = native.read(load(tmp_path / "kept"))
    assert result.problems == ()
    assert len(result.side()[0].runs) == int(said.split()[0])


def test_a_disk_without_room_for_the_header_leaves_no_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        with pytest.raises(PerfbenchError, match="free some space"):
            ResultWriter(tmp_path / "run.jsonl", header("head"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
