"""Recorder, loaded by path in the process that is profiled: what Python code allocates and keeps, by its stack.

It traces with the standard library's tracemalloc (Python 3.8 or newer). Options: `out`, where the collapsed stacks go;
`depth`, how many frames of each stack are kept (25); `mode`, `growth` for what was allocated since `start` and is
still held at `stop`, `peak` for all that tracemalloc knows to be held at `stop`. Each line is a stack from its root,
`name (file:line);name (file:line) BYTES`. tracemalloc knows files and lines alone; the function's qualified name
comes from the file's syntax tree, and is `?` where the file cannot be read.
"""

from __future__ import annotations

import ast
import linecache
import tracemalloc
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Python 3.8 could not evaluate these
    Stack = tuple[tuple[str, int], ...]
    Held = dict[Stack, tuple[int, int]]
    """Stack → bytes and memory blocks."""

DEPTH = 25
LARGEST_SOURCE = 100_000
"""A file of more lines is generated: its tree would take seconds and gigabytes to build."""

UNKNOWN = "?"
MODULE = "<module>"


class Functions:
    """Names the function that encloses a line of a file."""

    def __init__(self) -> None:
        self._owners: dict[str, list[str] | None] = {}

    def name(self, file: str, line: int) -> str:
        """The qualified name, `<module>` for a line outside of functions and classes, `?` where it cannot be told."""
        if file not in self._owners:
            self._owners[file] = _owners_of(linecache.getlines(file))
        owners = self._owners[file]
        return owners[line - 1] if owners is not None and 0 < line <= len(owners) else UNKNOWN


class _Recording:
    def __init__(self, options: dict[str, Any]) -> None:
        self.out = str(options["out"])
        self.mode = str(options.get("mode", "growth"))
        if self.mode not in ("growth", "peak"):
            raise ValueError(f"there is no mode {self.mode!r}; choose growth or peak")
        self.notes: list[str] = []
        self.begun_here = not tracemalloc.is_tracing()
        self.before: Held = {}
        if self.begun_here:
            tracemalloc.start(int(options.get("depth", DEPTH)))
        else:
            self.notes.append(
                f"tracemalloc ran already and keeps {tracemalloc.get_traceback_limit()} frames of each stack"
            )
            if self.mode == "growth":
                self.before, _ = _held()

    def end(self) -> dict[str, Any]:
        try:
            # The peak first: the reading allocates as well.
            _, peak = tracemalloc.get_traced_memory()
            after, cut = _held()
        finally:
            if self.begun_here:
                tracemalloc.stop()
        if cut:
            self.notes.append(f"{cut} stacks fill the depth that was traced, and may lack their roots")
        grown = {
            stack: (size - self.before.get(stack, (0, 0))[0], blocks - self.before.get(stack, (0, 0))[1])
            for stack, (size, blocks) in after.items()
        }
        grown = {stack: moved for stack, moved in grown.items() if moved[0] > 0}
        _write(self.out, grown)
        return {
            "samples": sum(max(blocks, 0) for _, blocks in grown.values()),
            "bytes": sum(size for size, _ in grown.values()),
            "peak": peak,
            "notes": self.notes,
        }


_recording: _Recording | None = None


def start(options: dict[str, Any]) -> None:
    """Begin to trace, and note what is held. Raises RuntimeError where it runs, ValueError for a wrong option."""
    global _recording  # noqa: PLW0603
    if _recording is not None:
        raise RuntimeError("allocations are being recorded already")
    _recording = _Recording(options)


def stop() -> dict[str, Any]:
    """Write the stacks; `samples` are memory blocks, `bytes` what they hold, `peak` the most bytes that were held.

    tracemalloc is left as `start` found it. Raises RuntimeError where nothing is being recorded.
    """
    global _recording
    if _recording is None:
        raise RuntimeError("allocations are not being recorded")
    recording, _recording = _recording, None
    return recording.end()


def _held() -> tuple[Held, int]:
    """What is allocated now by stack, and how many of the stacks may be cut at their roots."""
    held: Held = {}
    cut, limit = 0, tracemalloc.get_traceback_limit()
    own = (tracemalloc.__file__, __file__)
    for group in tracemalloc.take_snapshot().statistics("traceback"):
        frames = [(frame.filename, frame.lineno) for frame in group.traceback]
        if not frames or frames[-1][0] in own:
            continue
        cut += len(frames) >= limit
        stack = tuple(frame for frame in frames if frame[0] not in own)
        size, blocks = held.get(stack, (0, 0))
        held[stack] = (size + group.size, blocks + group.count)
    return held, cut


def _write(path: str, grown: Held) -> None:
    functions = Functions()
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as out:  # noqa: PTH123
        for stack, (size, _) in sorted(grown.items()):
            frames = [f"{functions.name(file, line)} ({_inline(file)}:{line})" for file, line in stack]
            out.write(f"{';'.join(frames)} {size}\n")


def _inline(file: str) -> str:
    """The file's name without what separates frames and stacks."""
    return "".join("_" if letter == ";" or not letter.isprintable() else letter for letter in file)


def _owners_of(lines: list[str]) -> list[str] | None:
    """The qualified name of the innermost function or class of each line; None where the source is none."""
    if not lines or len(lines) > LARGEST_SOURCE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the source is warned for is not ours to say
            tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    owners = [MODULE] * len(lines)
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, prefix = pending.pop()
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                pending.append((child, prefix))
                continue
            name = prefix + child.name
            last = child.end_lineno or child.lineno
            owners[child.lineno - 1 : last] = [name] * (last - child.lineno + 1)
            pending.append((child, f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."))
    return owners
