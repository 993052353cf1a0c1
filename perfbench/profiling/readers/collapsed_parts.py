"""Files of collapsed stacks; a large one is read by several processes at once, each a part.

    python -m perfbench.profiling.readers.collapsed_parts FILE BEGIN END OUT

reads what stands between two bytes of a file, at which lines begin, and leaves it in OUT, a file of NumPy's. A part
that such a process could not read is read here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree
from perfbench.profiling.readers.collapsed import CollapsedReading, Part, profile_of
from perfbench.profiling.readers.profile import Profile, too_large, unknown
from perfbench.profiling.readers.text_file import GZIP, LONGEST_LINE, MOST_BYTES, line_batches

SMALLEST_PART = 96 * 2**20
"""Bytes. What is smaller is read sooner than another process has begun."""

MOST_PARTS = 4

_FACTS = [field.name for field in fields(Part) if field.name != "tree"]


HEAD_START = 64 * 2**20
"""Bytes that are read here while another process begins."""


def read_collapsed(path: Path) -> Profile:
    """The profile in a file. Raises UsageError where there are no stacks, fewer than other lines, or too many."""
    cuts = _cuts(path)
    if len(cuts) < 3:
        return profile_of([_part(path)], path)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="perfbench-stacks-")))
        others = [(begin, end, folder / f"{begin}.npz") for begin, end in pairwise(cuts[1:])]
        processes = [_begun(path, *other) for other in others]
        opened.callback(_end, processes)
        parts = [_part(path, cuts[0], cuts[1])]
        if parts[0].hopeless:
            raise unknown(path)
        for (begin, end, out), process in zip(others, processes, strict=True):
            parts.append(_part(path, begin, end) if process.wait() else _loaded(out))
    return profile_of(parts, path)


def _part(path: Path, begin: int = 0, end: int | None = None) -> Part:
    reading = CollapsedReading(path)
    reading.take_all(line_batches(path, begin, end), first=begin == 0)
    return reading.part()


def _cuts(path: Path) -> list[int]:
    """The bytes at which parts of a file begin and end; of one that is small or packed only its own."""
    size = path.stat().st_size
    count = min(size // SMALLEST_PART, processors(), MOST_PARTS)
    with path.open("rb") as file:
        if file.read(len(GZIP)) == GZIP or (count < 2 and size <= MOST_BYTES):
            return [0, size]
        if size > MOST_BYTES:
            raise too_large(path, f"is larger than {MOST_BYTES // 2**30} GiB")
        cuts = [0]
        first = min(HEAD_START, size // (2 * count))
        for part in range(1, count):
            file.seek(first + (size - first) * part // count)
            file.readline(LONGEST_LINE)
            cuts.append(file.tell())
    return sorted({*cuts, size})


def processors() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _begun(path: Path, begin: int, end: int, out: Path) -> subprocess.Popen[bytes]:
    words = [str(path), str(begin), str(end), str(out)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "perfbench.profiling.readers.collapsed_parts", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def _save(part: Part, out: Path) -> None:
    """Leave a part for the process that waits for it."""
    import numpy as np  # noqa: PLC0415

    tree = part.tree
    facts = {name: getattr(part, name) for name in _FACTS}
    facts["names"] = [(frame.function, frame.file, frame.line) for frame in tree.frames]
    np.savez(
        out,
        facts=np.frombuffer(json.dumps(facts).encode(), np.uint8),
        parent=tree.parent, frame=tree.frame, depth=tree.depth, weight=tree.weight,
    )  # fmt: skip


def _loaded(out: Path) -> Part:
    """The part that another process has read."""
    import numpy as np  # noqa: PLC0415

    with np.load(out, allow_pickle=False) as found:
        columns = dict(found)
    facts = json.loads(columns.pop("facts").tobytes())
    frames = tuple(Frame(*name) for name in facts.pop("names"))
    return Part(tree=CallTree(frames, **columns), **facts)


def main() -> int:
    """Read one part."""
    path, begin, end, out = sys.argv[1:]
    _save(_part(Path(path), int(begin), int(end)), Path(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
