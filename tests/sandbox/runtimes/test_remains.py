"""What sandboxes without an engine leave on disk is removed, whatever else is at it."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

from perfbench.sandbox.runtimes import remains


def test_what_is_made_while_it_is_removed_goes_too(tmp_path: Path) -> None:
    """As by another sweep, whose runtime makes its state directory anew to look into it."""
    directory = tmp_path / "sandbox"
    state = directory / "state"
    state.mkdir(parents=True)
    numbers = itertools.count()
    enough = time.monotonic() + 0.3

    def write() -> None:
        while time.monotonic() < enough and directory.exists():
            try:
                (state / str(next(numbers))).mkdir(parents=True)
            except OSError:
                continue

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    remains.remove_tree(directory)
    for writer in writers:
        writer.join()
    remains.remove_tree(directory)
    assert not directory.exists()
