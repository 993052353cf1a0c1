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
from itertools import pairwise
from pathlib import Path
from typing import Any

from perfbench.profiling.readers.collapsed import CollapsedReading
from perfbench.profiling.readers.profile import Profile, too_large
from perfbench.profiling.readers.text_file import GZIP, LONGEST_LINE, MOST_BYTES, line_batches

SMALLEST_PART = 96 * 2**20
"""Bytes. What is smaller is read sooner than another process has begun."""

MOST_PARTS = 4


def read_collapsed(path: Path) -> Profile:
    """The profile in a file. Raises UsageError where there are no stacks, fewer than other lines, or too many."""
    reading = CollapsedReading(path)
    cuts = _cuts(path)
    if len(cuts) < 3:
        reading.take_all(line_batches(path))
        return reading.profile()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="perfbench-stacks-")))
        parts = [(begin, end, folder / f"{begin}.npz") for begin, end in pairwise(cuts[1:])]
        others = [_begun(path, *part) for part in parts]
        opened.callback(_end, others)
        reading.take_all(line_batches(path, cuts[0], cuts[1]))
        for (begin, end, out), process in zip(parts, others, strict=True):
            if process.wait() == 0:
                _add(reading, out)
            else:
                reading.take_all(line_batches(path, begin, end))
    return reading.profile()


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
        for part in range(1, count):
            file.seek(size * part // count)
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
    )  # fmt: skip


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def _add(reading: CollapsedReading, out: Path) -> None:
    """Take what another process has read of the next part."""
    import numpy as np  # noqa: PLC0415

    with np.load(out, allow_pickle=False) as found:
        columns = dict(found)
    facts = json.loads(columns.pop("facts").tobytes())
    reading.stacks.add_columns(columns)
    problems = [(line and line + reading.lines, message) for line, message in facts["problems"]]
    reading.problems.add(problems, facts["problem_count"])
    reading.counted += facts["counted"]
    reading.lost += facts["lost"]
    reading.lines += facts["lines"]


def main() -> int:
    """Read one part."""
    import numpy as np  # noqa: PLC0415

    path, begin, end, out = sys.argv[1:]
    reading = CollapsedReading(Path(path))
    reading.take_all(line_batches(Path(path), int(begin), int(end)))
    facts = {
        "lines": reading.lines,
        "lost": reading.lost,
        "counted": reading.counted,
        "problems": reading.problems.first(),
        "problem_count": reading.problems.count,
    }
    columns: dict[str, Any] = dict(reading.stacks.columns())
    np.savez(out, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), **columns)
    return 0


if __name__ == "__main__":
    sys.exit(main())
