"""A history's folder: the plain files from which its index can be built at any time.

- `trees/<name>/` is a tree of asv's, with `benchmarks.json`, a folder for each machine, and `told.json`;
- `files/` holds what other tools wrote, as they wrote it, each with a `.told.json`;
- `references.jsonl` names files and folders that stay where they are, one a line;
- `keeper` is the folder's own name in an index that several folders share;
- `index.sqlite` and `lock` may be removed at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from perfbench.errors import PerfbenchError
from perfbench.results.asv_benchmarks import FILE as BENCHMARKS_FILE
from perfbench.results.asv_benchmarks import Suite, read_suite
from perfbench.results.history.told import Told
from perfbench.results.replacing import replace_bytes

if TYPE_CHECKING:
    from perfbench.results.result_file import ResultFile

TREES, FILES, REFERENCES, KEEPER, LOCK = "trees", "files", "references.jsonl", "keeper", "lock"
TOLD = "told.json"
TOLD_SUFFIX = ".told.json"

_UNSAFE = re.compile(r"[^A-Za-z0-9._+\-\[\] ]")
_LONGEST = 120
_MOST_GENERATIONS = 1000


class Reference(msgspec.Struct, frozen=True):
    """What stays where it is: a file or folder by its full path, and what was told about it."""

    path: str
    told: Told


@dataclass(frozen=True, slots=True)
class HistoryFolder:
    """One folder of plain files. Every method raises PerfbenchError where the folder cannot be used."""

    path: Path

    def make(self) -> None:
        """Make the folder where it is missing, and have git leave it alone where it lies in `.perfbench`."""
        with _explained(self.path):
            parent = self.path.parent
            if parent.name == ".perfbench" and not parent.exists():
                parent.mkdir(parents=True)
                (parent / ".gitignore").write_text("*\n", encoding="utf-8")
            self.path.mkdir(parents=True, exist_ok=True)

    def keeper(self) -> str:
        """The folder's own name, made up where it has none."""
        place = self.path / KEEPER
        with _explained(self.path):
            if not place.is_file():
                replace_bytes(place, secrets.token_hex(8).encode())
            return place.read_text(encoding="utf-8", errors="replace").strip()[:64]

    @contextlib.contextmanager
    def locked(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the folder for the block, after the import that holds it now; `waiting` is called before a wait.

        The kernel lets go when the process ends, however that ends.
        """
        with _explained(self.path):
            file = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting is not None:
                    waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def trees(self) -> list[Path]:
        """The kept trees of asv's, in order of their names."""
        return _folders(self.path / TREES)

    def tree(self, told: Told, suite: Suite) -> Path:
        """The tree for results of which that was told and which `suite` describes; `claim` makes it.

        Units may change while benchmarks keep their names: results that `suite` describes otherwise than a tree's
        own `benchmarks.json` go into another tree, so that the older ones keep their unit.
        """
        stem = _safe(told.project) or "results"
        if told != Told(project=told.project):
            stem = f"{stem}-{told.digest}"
        for number in range(1, _MOST_GENERATIONS):
            place = self.path / TREES / (stem if number == 1 else f"{stem}-{number}")
            if not place.exists() or (told_of(place) == told and not _contradict(read_suite(place), suite)):
                break
        return place

    def files(self) -> list[tuple[Path, Told]]:
        """The kept files and folders of other tools with what was told about them, in order of their names."""
        with _explained(self.path):
            found = sorted((self.path / FILES).glob(f"*{TOLD_SUFFIX}"))
        return [
            (place, told)
            for path in found
            if (told := _read_told(path)) is not None and (place := _without_suffix(path)).exists()
        ]

    def place_of(self, source: Path, digest: str) -> Path:
        """Where a file of another tool is kept."""
        return self.path / FILES / f"{digest.replace(':', '')[:24]}-{_safe(source.name)}"

    def keep_result(self, result: ResultFile, told: Told, name: str) -> Path:
        """Keep the side `head` of a result as a file of perfbench's own, called by its content and `name`."""
        from perfbench.results.result_file import HEAD  # noqa: PLC0415
        from perfbench.results.writer import ResultWriter  # noqa: PLC0415

        place = self.path / FILES / f".{name}.{os.getpid()}.new"
        with _explained(self.path):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
        sides = {label: side for label, side in result.header.sides.items() if label == HEAD}
        header = replace(result.header, sides=sides)
        with ResultWriter(place, header, mode=0o666) as writer:
            for row in result.side(HEAD):
                for run in row.runs:
                    writer.run(HEAD, row.benchmark, row.metric, run)
                if not row.runs and row.summary is not None:
                    writer.summary(HEAD, row.benchmark, row.metric, row.summary)
            writer.finish(seconds=0.0)
        with _explained(self.path):
            kept = self.place_of(Path(name), content_digest(place.read_bytes()) + told.digest)
            place.replace(kept)
        keep_told(kept, told)
        return kept

    def sweep(self) -> None:
        """Remove what an import left behind that was killed: copies without a name."""
        for pattern in (f"{TREES}/*/*/.*.new", f"{FILES}/.*.new"):
            for path in self.path.glob(pattern):
                with contextlib.suppress(OSError):
                    path.unlink()

    def references(self) -> list[Reference]:
        """What stays where it is; lines that cannot be read are passed over."""
        place = self.path / REFERENCES
        if not place.is_file():
            return []
        with _explained(self.path):
            lines = place.read_bytes().splitlines()
        found = []
        for line in lines:
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                found.append(msgspec.json.decode(line, type=Reference))
        return found

    def refer(self, new: list[Reference]) -> None:
        """Keep in mind that these stay where they are."""
        known = self.references()
        added = [each for each in new if each not in known]
        if added:
            lines = (msgspec.json.encode(each) + b"\n" for each in (*known, *added))
            replace_bytes(self.path / REFERENCES, b"".join(lines))


def claim(tree: Path, told: Told) -> None:
    """Make a tree where it is missing, and write down what was told about it."""
    if not (tree / TOLD).is_file():
        replace_bytes(tree / TOLD, msgspec.json.encode(told))


def told_of(tree: Path) -> Told:
    """What was told about a kept tree."""
    return _read_told(tree / TOLD) or Told()


def keep_told(place: Path, told: Told) -> None:
    """Write down what was told about a kept file."""
    replace_bytes(place.with_name(place.name + TOLD_SUFFIX), msgspec.json.encode(told))


def keep_suite(tree: Path, source: Path) -> None:
    """Take over a `benchmarks.json`; what the tree's own one says of other benchmarks stays."""
    own, new = tree / BENCHMARKS_FILE, source / BENCHMARKS_FILE
    if not new.is_file():
        return
    before, after = _object(own), _object(new)
    merged = {**before, **after}
    if after and merged != before:
        replace_bytes(own, msgspec.json.encode(merged))


def content_digest(data: bytes) -> str:
    """By which a file is known again."""
    return hashlib.sha256(data).hexdigest()[:32]


def machine_folder(machine: str) -> str:
    """What the folder of a machine is called in a tree."""
    return _safe(machine) or "unknown"


def _contradict(own: Suite, other: Suite) -> bool:
    return any(
        name in other.benchmarks and other.benchmarks[name].metric != described.metric
        for name, described in own.benchmarks.items()
    )


def _read_told(path: Path) -> Told | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Told)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _object(path: Path) -> dict[str, object]:
    """The JSON object in a file; empty where there is none."""
    from perfbench.errors import UsageError  # noqa: PLC0415
    from perfbench.results.document import load  # noqa: PLC0415

    try:
        value = load(path).json_value if path.is_file() else None
    except UsageError:
        value = None
    return value if isinstance(value, dict) else {}


def _without_suffix(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(TOLD_SUFFIX))


def _folders(path: Path) -> list[Path]:
    with _explained(path):
        return sorted(each for each in path.iterdir() if each.is_dir()) if path.is_dir() else []


def _safe(name: str) -> str:
    """A name that any file system can hold, the same for the same text; another one for another text."""
    safe = _UNSAFE.sub("_", name)[:_LONGEST].strip(". ")
    if safe == name:
        return safe
    return (
        f"{safe}~{hashlib.blake2b(name.encode(errors='replace'), digest_size=3).hexdigest()}" if name else ""
    )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise PerfbenchError(
            f"cannot use the history {path}: {reason}",
            "make it writable, or name another folder with --history",
        ) from error
