"""Files of a sandbox through the runner's own code: read, written, listed, searched in a folder of 1,000 files.

Every part of a path is opened by itself, so that nothing leads out; that is what these rows pay for. Reads
come from the page cache, and no write is forced to the disk.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

from functools import cache

from benchmarks._workspace import workspace
from perfbench.sandbox.files import Folder

SIZES = {"1KiB": 1024, "1MiB": 1024**2}
FILES = 1000
FOUND = 10
"""Files that hold what is searched for."""
NEEDLE = "needle"
WRITTEN = "deep/er/written"


class File:
    """One file, two folders below the root."""

    version = "1"
    params = (tuple(SIZES),)
    param_names = ("size",)
    timeout = 60.0

    def __init__(self) -> None:
        self.verified: set[str] = set()
        self.wrote = False

    def setup(self, size: str) -> None:
        self.folder = _folder()
        self.data = bytes(SIZES[size])

    def teardown(self, size: str) -> None:
        """Read back what the row has written, once in a process: it must be of the right length."""
        if self.wrote and size not in self.verified:
            self.verified.add(size)
            _check(len(self.folder.read(WRITTEN)), size)
        self.wrote = False

    def time_read(self, size: str) -> None:
        _check(len(self.folder.read(f"deep/er/{size}")), size)

    def time_write(self, size: str) -> None:
        """Over the file of the last call, by a new one that takes its name."""
        self.folder.write(WRITTEN, self.data)
        self.wrote = True


class Many:
    """A folder of 1,000 files of 1 KiB."""

    version = "1"
    timeout = 60.0

    def setup(self) -> None:
        self.folder = _folder()

    def time_list(self) -> None:
        """The names, kinds and sizes of all of them."""
        entries = len(self.folder.list("many"))
        if entries != FILES:
            raise RuntimeError(f"{entries} files were listed, not {FILES}")

    def time_search(self) -> None:
        """A text that ten of them hold."""
        found = len(self.folder.search(NEEDLE, "many"))
        if found != FOUND:
            raise RuntimeError(f"{found} lines were found, not {FOUND}")


@cache
def _folder() -> Folder:
    """The folder of this process, filled."""
    root = workspace() / "folder"
    root.mkdir()
    folder = Folder(root)
    line = b"nothing to be seen in this line of text\n"
    for number in range(FILES):
        text = line * (1024 // len(line))
        if number % (FILES // FOUND) == 0:
            text += NEEDLE.encode() + b"\n"
        folder.write(f"many/{number:04}", text.ljust(1024))
    for name, size in SIZES.items():
        folder.write(f"deep/er/{name}", bytes(size))
    return folder


def _check(length: int, size: str) -> None:
    if length != SIZES[size]:
        raise RuntimeError(f"{length} bytes were read, not {SIZES[size]}")


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("folder")
