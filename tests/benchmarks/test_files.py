"""Files in sandboxes and on the host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import files
from benchmarks._running import running
from benchmarks._workspace import workspace
from perfbench.sandbox.runtimes.runtime import ExecResult
from tests.benchmarks.rows import run
from tests.fake_runtime import FakeRuntime, FakeSandbox

Fake = Callable[[str], FakeRuntime]


@pytest.mark.parametrize("size", ["1KiB", "64KiB", "1MiB"])
@pytest.mark.parametrize("operation", ["read", "write", "write_fsync", "copy_in", "copy_out"])
def test_every_sample_finds_a_file_of_its_size(operation: str, size: str, fake: Fake, tmp_path: Path) -> None:
    run(f"files.InSandbox.time_{operation}(runc, {size})", tmp_path)
    (sandbox,) = fake("runc").alive
    assert len(sandbox.files["/tmp/data"]) == files.SIZES[size]


def test_a_file_copied_in_has_arrived_where_commands_see_it(fake: Fake, tmp_path: Path) -> None:
    run("files.InSandbox.time_copy_in(runc, 64KiB)", tmp_path)
    (sandbox,) = fake("runc").alive
    assert len(sandbox.files["/tmp/copied"]) == 64 * 1024


def test_a_copy_that_never_arrived_is_no_measurement(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeSandbox, "copy_in", lambda *_: None)
    with pytest.raises(RuntimeError, match="dd copied other than 65536 bytes"):
        run("files.InSandbox.time_copy_in(runc, 64KiB)", tmp_path)


def test_a_copy_that_came_out_short_is_no_measurement(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeSandbox, "copy_out", lambda *to: to[-1].write_bytes(b"short"))
    with pytest.raises(RuntimeError, match="5 bytes were copied, not 1024"):
        run("files.InSandbox.time_copy_out(runc, 1KiB)", tmp_path)


def test_blocks_that_were_not_written_are_no_measurement(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running("runc")
    monkeypatch.setattr(FakeSandbox, "exec", lambda *_: ExecResult(0, b"", b"16+0 in\n15+1 out\n"))
    with pytest.raises(RuntimeError, match="dd copied other than 1048576 bytes"):
        run("files.InSandbox.time_write(runc, 1MiB)", tmp_path)


def test_a_list_that_is_not_whole_is_no_measurement(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running("runc")
    monkeypatch.setattr(FakeSandbox, "exec", lambda *_: ExecResult(0, b"0000\n", b""))
    with pytest.raises(RuntimeError, match="1 names were listed, not 1000"):
        run("files.ListInSandbox.time_list(runc)", tmp_path)


@pytest.mark.parametrize("operation", ["read", "write", "write_fsync", "copy"])
def test_the_host_holds_a_file_of_its_size_too(operation: str, tmp_path: Path) -> None:
    run(f"files.OnHost.time_{operation}(64KiB)", tmp_path)
    assert (workspace() / "data").stat().st_size == 64 * 1024


def test_teardown_without_setup_is_harmless() -> None:
    benchmark = files.InSandbox()
    benchmark.teardown("podman", "1KiB")
    assert benchmark.verified == set()
