"""File names as a profile should show them: below their roots, alike on both sides, with whose code it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from perfbench.model_profile import Frame

INSTALLED = re.compile(r"^.*/(?:site|dist)-packages/")
STANDARD = re.compile(r"^.*/lib(?:64)?/python3\.\d+t?/")
TIMED = "<timeit-src>"
"""The file of the loop that timeit makes."""
LIKE_SOURCES = ("", "src", "lib")
"""Where a checkout keeps what is installed from it."""


class FileNames:
    """Renames the frames of one side.

    `root` is its checkout, in which code of its own is found, `benchmark_dir` the folder of benchmarks that
    it ran.
    """

    def __init__(self, root: Path, benchmark_dir: Path) -> None:
        self._root = root
        self._roots = [f"{place}/" for place in (benchmark_dir.parent, root)]
        self._benchmarks = f"{benchmark_dir.name}/"
        self._is_own = lru_cache(maxsize=None)(self._found)

    def __call__(self, frame: Frame) -> Frame:
        """The frame with a short file name, marked where it is the project's own."""
        file = self.short(frame.file)
        return replace(frame, file=file, own=bool(file) and self._is_own(file))

    def short(self, file: str) -> str:
        """A path below site-packages, the standard library or the checkout; others stay as they are."""
        for pattern in (INSTALLED, STANDARD):
            if found := pattern.match(file):
                return file[found.end() :]
        for root in self._roots:
            if file.startswith(root):
                return file.removeprefix(root)
        return file

    def _found(self, file: str) -> bool:
        if file.startswith(self._benchmarks):
            return True
        if file.startswith(("/", "<")) or ".." in file.split("/"):
            return False
        return any((self._root / place / file).is_file() for place in LIKE_SOURCES)


class Harness:
    """Tells the frames of the worker that served a benchmark, and those through which it called the benchmark.

    `files` are the worker's own; asv_runner or pyperf, and timeit, stand between them and the benchmark.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self._files = {str(file) for file in files}

    def has(self, frame: Frame) -> bool:
        """Whether the frame is the harness's own, and no benchmark's."""
        return (
            frame.file in self._files
            or "/asv_runner/" in frame.file
            or "/pyperf/" in frame.file
            or frame.file == TIMED
            or (frame.file.endswith("/timeit.py") and _last(frame) == "timeit")
        )

    def enters(self, frame: Frame) -> bool:
        """Whether what it calls is the benchmark, and neither its set-up nor its teardown."""
        name = _last(frame)
        return (
            (frame.file == TIMED and name == "inner")
            or ("/asv_runner/" in frame.file and name in {"run", "do_run", "func"})
            or ("/pyperf/" in frame.file and name == "task_func")
        )


def _last(frame: Frame) -> str:
    """The function without its class: some profilers know qualified names, others do not."""
    return frame.function.rpartition(".")[2]
