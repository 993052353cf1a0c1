"""A folder on the host for the files that benchmarks copy. It goes with its process.

Its name says whose it is, so that the next process removes what a killed one left.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from perfbench.sandbox.runtimes.ownership import Owner

PREFIX = "perfbench-files."
BLOCK = 1024 * 1024


@cache
def workspace() -> Path:
    """This process's own folder."""
    parent = Path(tempfile.gettempdir())
    for folder in parent.glob(f"{PREFIX}*"):
        owner = Owner.parse(folder.name.removeprefix(PREFIX).replace("+", "/"))
        if owner is not None and not owner.alive():
            shutil.rmtree(folder, ignore_errors=True)
    folder = parent / (PREFIX + str(Owner.current()).replace("/", "+"))
    folder.mkdir(mode=0o700)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def file_of(size: int) -> Path:
    """A file of `size` bytes. Its blocks are really written: a hole would be read faster than any disk."""
    path = workspace() / f"{size}-bytes"
    with path.open("wb") as file:
        for start in range(0, size, BLOCK):
            file.write(bytes(min(BLOCK, size - start)))
    return path
