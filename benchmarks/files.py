"""Files in a sandbox and on the host: read, write, write through to the disk, list, copy in, copy out.

Both places run the same `dd`, so that a row in a sandbox has its twin on the host. There is always one
file `data` of the wanted size: every write overwrites it, so every sample finds the same state.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks._running import TARGETS, checked, on_host, running
from benchmarks._workspace import file_of, workspace
from perfbench.sandbox.runtimes.runtime import ExecResult, Sandbox

SIZES = {"1KiB": 1024, "64KiB": 64 * 1024, "1MiB": 1024**2, "100MiB": 100 * 1024**2}
BLOCK = 64 * 1024
ENTRIES = 1000
TMP = "/tmp"  # noqa: S108  (of the sandbox, where its commands run: its /tmp/data is their `data`)

Run = Callable[[Sequence[str]], ExecResult]


class InSandbox:
    """One file in a running sandbox."""

    version = "1"
    params = (TARGETS, tuple(SIZES))
    param_names = ("runtime", "size")
    timeout = 300.0
    perfbench_pin = False

    sandbox: Sandbox
    left = ""
    """The file that the last call has written, until it has been looked at."""

    def __init__(self) -> None:
        self.verified: set[tuple[str, str]] = set()

    def setup(self, runtime: str, size: str) -> None:
        self.sandbox = running(runtime)
        _hold(self.sandbox, SIZES[size])

    def teardown(self, runtime: str, size: str) -> None:
        """Read back what the row has written, once in a process: it must be of the right length."""
        if self.left and (runtime, size) not in self.verified:
            self.verified.add((runtime, size))
            _read(self.sandbox.exec, SIZES[size], self.left)
        self.left = ""

    def time_read(self, runtime: str, size: str) -> None:
        _read(self.sandbox.exec, SIZES[size])

    def time_write(self, runtime: str, size: str) -> None:
        _write(self.sandbox.exec, SIZES[size])
        self.left = "data"

    def time_write_fsync(self, runtime: str, size: str) -> None:
        _write(self.sandbox.exec, SIZES[size], "conv=fsync")
        self.left = "data"

    def time_copy_in(self, runtime: str, size: str) -> None:
        self.sandbox.copy_in(file_of(SIZES[size]), f"{TMP}/copied")
        self.left = "copied"

    def time_copy_out(self, runtime: str, size: str) -> None:
        target = workspace() / "copied"
        self.sandbox.copy_out(f"{TMP}/data", target)
        _check_size(target, SIZES[size])


class OnHost:
    """One file on the host, by the same commands."""

    version = "1"
    params = tuple(SIZES)
    param_names = ("size",)
    timeout = 300.0
    perfbench_pin = False

    def setup(self, size: str) -> None:
        self.run = partial(on_host, folder=workspace())
        data = workspace() / "data"
        if not data.exists() or data.stat().st_size != SIZES[size]:
            _write(self.run, SIZES[size])

    def time_read(self, size: str) -> None:
        _read(self.run, SIZES[size])

    def time_write(self, size: str) -> None:
        _write(self.run, SIZES[size])

    def time_write_fsync(self, size: str) -> None:
        _write(self.run, SIZES[size], "conv=fsync")

    def time_copy(self, size: str) -> None:
        """What a copy in or out would be without a sandbox: one file of the host copied to another."""
        target = workspace() / "copied"
        shutil.copyfile(file_of(SIZES[size]), target)
        _check_size(target, SIZES[size])


class ListInSandbox:
    """The names in a folder of 1,000 files in a running sandbox."""

    version = "1"
    params = (TARGETS,)
    param_names = ("runtime",)
    timeout = 120.0
    perfbench_pin = False

    def setup(self, runtime: str) -> None:
        sandbox = running(runtime)
        self.run = sandbox.exec
        _fill_folder(self.run, sandbox.id)

    def time_list(self, runtime: str) -> None:
        _list(self.run)


class ListOnHost:
    """The names in a folder of 1,000 files on the host, by the same command."""

    version = "1"
    timeout = 120.0
    perfbench_pin = False

    def setup(self) -> None:
        self.run = partial(on_host, folder=workspace())
        _fill_folder(self.run, "the host")

    def time_list(self) -> None:
        _list(self.run)


_sizes: dict[str, int] = {}
_folders: set[str] = set()


def _hold(sandbox: Sandbox, size: int) -> None:
    """Make sure that the sandbox holds the file `data` of that size."""
    if _sizes.get(sandbox.id) != size:
        _write(sandbox.exec, size)
        _sizes[sandbox.id] = size


def _fill_folder(run: Run, place: str) -> None:
    """Make the folder `list`, once in each place."""
    if place not in _folders:
        for argv in (["mkdir", "list"], ["touch", *(f"list/{number:04}" for number in range(ENTRIES))]):
            checked(run(argv), argv)
        _folders.add(place)


def _read(run: Run, size: int, name: str = "data") -> None:
    _copy_blocks(run, size, f"if={name}", "of=/dev/null")


def _write(run: Run, size: int, *how: str) -> None:
    _copy_blocks(run, size, "if=/dev/zero", "of=data", f"count={_blocks(size)}", *how)


def _copy_blocks(run: Run, size: int, *operands: str) -> None:
    """Run `dd`, and hold it to its own account of whole blocks read and written."""
    argv = ["dd", *operands, f"bs={min(size, BLOCK)}"]
    account = checked(run(argv), argv).stderr.split(b"\n")
    whole = f"{_blocks(size)}+0".encode()
    if [line.partition(b" ")[0] for line in account[:2]] != [whole, whole]:
        raise RuntimeError(f"dd copied other than {size} bytes: {account[:2]}")


def _blocks(size: int) -> int:
    return max(1, size // BLOCK)


def _list(run: Run) -> None:
    argv = ["ls", "list"]
    names = checked(run(argv), argv).stdout.count(b"\n")
    if names != ENTRIES:
        raise RuntimeError(f"{names} names were listed, not {ENTRIES}")


def _check_size(path: Path, size: int) -> None:
    if path.stat().st_size != size:
        raise RuntimeError(f"{path.stat().st_size} bytes were copied, not {size}")


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("files")
