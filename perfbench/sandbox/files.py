"""The files of a sandbox, in one folder of the host that no path leads out of.

A path is walked one name at a time: each folder on the way is opened below the one before it, and never
through a link (`O_NOFOLLOW`). So it does not matter what others rename or link in the meantime: what has been
opened stays what it is, and what is a link when its turn comes is refused. **No link is followed, not even
one that points inside.** Links can be listed and deleted; writing to the name of one replaces the link itself.

`..` and absolute paths are refused, whatever they would lead to. Names that are not UTF-8 are kept as Python
keeps them (`surrogateescape`). A hard link cannot be told from the file, and what is mounted below the folder
is part of it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path, PurePath
from typing import Literal

from perfbench.errors import SandboxError

Kind = Literal["file", "folder", "link", "other"]

LARGEST_FILE = 64 * 1024**2
"""Bytes that are read or written at once, unless the folder is told otherwise."""
MOST_SEARCHED = 1024**3
"""Bytes that one search reads."""
MOST_ENTRIES = 100_000
"""Of one folder, and of all those that one search enters."""
DEEPEST = 64
"""Folders below one another that a path or a search goes through: each is held open meanwhile."""

_LONGEST_PATH = 4096  # characters, and Linux takes no more bytes at once
_LONGEST_NAME = 255  # of one file, on nearly every file system
_LONGEST_SHOWN = 500  # characters of a line that is found
_BLOCK = 1024 * 1024
_SNIFFED = 8192  # bytes in which a file that is no text shows a NUL
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = (
    os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
)  # a pipe without a writer must not hold it up
_PART = ".part-"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder holds under one name; the size in bytes, 0 for all but files."""

    name: str
    kind: Kind
    size: int


@dataclass(frozen=True, slots=True)
class Match:
    """A line in which a text was found: the file's path from the root, the line's number from 1, its text."""

    path: str
    line: int
    text: str


class Folder:
    """Reads, writes, lists, searches and deletes below one folder of the host. May be used by many threads.

    `largest` is the size in bytes above which no file is read or written. Every method raises SandboxError
    for a path that leads out, and for what the system refuses.
    """

    def __init__(self, root: str | Path, *, largest: int = LARGEST_FILE) -> None:
        try:
            self.root = Path(root).resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise SandboxError(
                f"there is no folder {str(root)!r} ({error})", "make it, or name another"
            ) from None
        if not self.root.is_dir():
            raise SandboxError(f"{self.root} is no folder", "name one")
        self.largest = largest

    def read(self, path: str | PurePath) -> bytes:
        """The content of a file."""
        names = _names(path, needed=True)
        with (
            self._refusing(path),
            self._open_folder(names[:-1]) as folder,
            _open_file(folder, names[-1]) as file,
        ):
            return _content(file, self.largest, str(path))

    def write(self, path: str | PurePath, data: bytes) -> None:
        """Make `data` the content of a file, in one step: nobody ever sees half of it.

        The folders that it lies in are made where they are not there. It is not forced to the disk. A process
        that is killed over it leaves a file `.part-…`.
        """
        names = _names(path, needed=True)
        if len(data) > self.largest:
            raise SandboxError(f"{len(data)} bytes are more than the {self.largest} that are written")
        with self._refusing(path), self._open_folder(names[:-1], make=True) as folder:
            part = _PART + secrets.token_hex(8)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(part, flags, 0o644, dir_fd=folder)
            try:
                with os.fdopen(file, "wb", buffering=0) as stream:
                    left = memoryview(data)
                    while left:
                        left = left[stream.write(left) :]
                os.rename(part, names[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(part, dir_fd=folder)
                raise

    def search(
        self, pattern: str, path: str | PurePath = ".", *, names: str = "*", limit: int = 1000
    ) -> list[Match]:
        """The first `limit` lines that hold the text `pattern`, in the order of the alphabet.

        The text is taken as it stands, no wildcards; `names` is a shell-style pattern that the names of files
        must fit. Links, files larger than `largest` and files with NUL bytes are passed over. Raises
        SandboxError beside what every method does when it comes to read more than MOST_SEARCHED bytes.
        """
        if not pattern or "\n" in pattern:
            raise SandboxError("a search needs a text of one line", "name what to look for")
        if not 1 <= limit <= MOST_ENTRIES:
            raise SandboxError(f"the limit of a search is {limit}", f"choose 1 to {MOST_ENTRIES}")
        if len(names) > _LONGEST_NAME:
            raise SandboxError(f"a pattern of {len(names)} characters", f"{_LONGEST_NAME} are taken")
        start = _names(path)
        with self._refusing(path), self._open_folder(start) as folder:
            search = _Search(pattern, names, limit, self.largest)
            search.enter(folder, "/".join(start), 1)
        return search.found

    def delete(self, path: str | PurePath) -> None:
        """Remove a file, a link (not what it points to) or a folder with all that it holds."""
        names = _names(path, needed=True)
        with self._refusing(path), self._open_folder(names[:-1]) as folder:
            found = os.stat(names[-1], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                shutil.rmtree(names[-1], dir_fd=folder)  # goes through no link either
            else:
                os.unlink(names[-1], dir_fd=folder)

    @contextlib.contextmanager
    def _open_folder(self, names: list[str], *, make: bool = False) -> Iterator[int]:
        """The folder at the end of these names, open; with `make` it is made where it is not there."""
        folder = os.open(self.root, _FOLDER)
        try:
            for name in names:
                inner = _open_inner(folder, name, make=make)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _refusing(self, path: str | PurePath) -> Iterator[None]:
        """Turns what the system refuses into a SandboxError that names the path."""
        try:
            yield
        except (OSError, UnicodeError, RecursionError) as error:
            raise SandboxError(f"{str(path)[:200]!r}: {_reason(error)}") from None

    # The last method, since `list` is its name from here on.
    def list(self, path: str | PurePath = ".") -> list[Entry]:
        """What a folder holds, by name."""
        with self._refusing(path), self._open_folder(_names(path)) as folder:
            return _entries(folder, str(path))


def _names(path: str | PurePath, *, needed: bool = False) -> list[str]:
    """The names along a path. Raises SandboxError for one that is not within the root whatever is there."""
    text = str(path)
    if len(text) > _LONGEST_PATH:
        raise SandboxError(f"a path of {len(text)} characters", f"{_LONGEST_PATH} are taken")
    if "\0" in text:
        raise SandboxError(f"the path {text[:60]!r} holds a NUL character", "remove it")
    if text.startswith("/"):
        raise SandboxError(f"the path {text!r} is absolute", "name it from the root of the sandbox")
    names = [name for name in text.split("/") if name not in ("", ".")]
    if ".." in names:
        raise SandboxError(f"the path {text!r} leads out with '..'", "name it from the root of the sandbox")
    if len(names) > DEEPEST:
        raise SandboxError(
            f"the path {text[:60]!r}… goes through {len(names)} folders", f"{DEEPEST} are taken"
        )
    if needed and not names:
        raise SandboxError(f"the path {text!r} is the folder itself", "name a file in it")
    return names


class _Search:
    """One search: what it has found, and what it may still read."""

    def __init__(self, text: str, names: str, limit: int, largest: int) -> None:
        self.found: list[Match] = []
        self._text = os.fsencode(text)
        self._fits = re.compile(translate(names)).match
        self._limit = limit
        self._largest = largest
        self._bytes = MOST_SEARCHED
        self._entries = MOST_ENTRIES

    def enter(self, folder: int, path: str, depth: int) -> None:
        """Search an open folder and those below it."""
        for entry in _entries(folder, path or "."):
            self._entries -= 1
            if self._entries < 0:
                raise SandboxError(f"a search of more than {MOST_ENTRIES} files", "search a folder of it")
            inner = f"{path}/{entry.name}" if path else entry.name
            if entry.kind == "folder":
                self._enter_folder(folder, entry.name, inner, depth)
            elif entry.kind == "file" and entry.size <= self._largest and self._fits(entry.name):
                self._look_into(folder, entry.name, inner)
            if len(self.found) >= self._limit:
                return

    def _enter_folder(self, folder: int, name: str, path: str, depth: int) -> None:
        if depth >= DEEPEST:
            raise SandboxError(f"a search goes through more than {DEEPEST} folders", "search a folder of it")
        try:
            below = _open_inner(folder, name, make=False)
        except OSError:  # it has just been removed or replaced, or may not be read
            return
        try:
            self.enter(below, path, depth + 1)
        finally:
            os.close(below)

    def _look_into(self, folder: int, name: str, path: str) -> None:
        try:
            with _open_file(folder, name) as file:
                data = _content(file, self._largest, path)
        except (OSError, SandboxError):  # it has just been removed, replaced or grown, or may not be read
            return
        self._bytes -= len(data)
        if self._bytes < 0:
            raise SandboxError(f"a search of more than {MOST_SEARCHED} bytes", "search a folder of it")
        if self._text not in data or b"\0" in data[:_SNIFFED]:
            return
        for number, line in enumerate(data.split(b"\n"), start=1):
            if self._text in line:
                shown = line.rstrip(b"\r")[: 4 * _LONGEST_SHOWN].decode("utf-8", "replace")[:_LONGEST_SHOWN]
                self.found.append(Match(path, number, shown))
                if len(self.found) >= self._limit:
                    return


def _open_inner(folder: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):  # another thread has just made it
        os.mkdir(name, 0o755, dir_fd=folder)
    return os.open(name, _FOLDER, dir_fd=folder)


@contextlib.contextmanager
def _open_file(folder: int, name: str) -> Iterator[int]:
    """A regular file, open for reading. Raises SandboxError for anything else that has the name."""
    file = os.open(name, _FILE, dir_fd=folder)
    try:
        mode = os.fstat(file).st_mode
        if not stat.S_ISREG(mode):
            raise SandboxError(
                f"{name!r} is {'a folder' if stat.S_ISDIR(mode) else 'no file'}", "name a file"
            )
        yield file
    finally:
        os.close(file)


def _content(file: int, largest: int, path: str) -> bytes:
    """All of a file, which may grow while it is read. Raises SandboxError when it is too large."""
    size = os.fstat(file).st_size
    if size > largest:
        raise SandboxError(f"{path!r} has {size} bytes, more than the {largest} that are read")
    data = os.read(file, size + 1)
    if len(data) == size:
        return data
    blocks, left = [data], largest + 1 - len(data)
    while left > 0 and (block := os.read(file, min(left, _BLOCK))):
        blocks.append(block)
        left -= len(block)
    if left <= 0:
        raise SandboxError(f"{path!r} has more than the {largest} bytes that are read")
    return b"".join(blocks)


def _entries(folder: int, path: str) -> list[Entry]:
    found: list[Entry] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if len(found) >= MOST_ENTRIES:
                raise SandboxError(
                    f"{path!r} holds more than {MOST_ENTRIES} entries", "keep fewer in a folder"
                )
            with contextlib.suppress(FileNotFoundError):  # it has just been removed
                found.append(_entry(entry))
    return sorted(found, key=lambda entry: entry.name)


def _entry(entry: os.DirEntry[str]) -> Entry:
    if entry.is_symlink():
        return Entry(entry.name, "link", 0)
    if entry.is_dir(follow_symlinks=False):
        return Entry(entry.name, "folder", 0)
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        return Entry(entry.name, "file", status.st_size)
    return Entry(entry.name, "other", 0)


def _reason(error: OSError | UnicodeError | RecursionError) -> str:
    if isinstance(error, UnicodeError):
        return "it holds characters that cannot be written"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if error.errno == errno.ELOOP:
        return "it is a link, and links are not followed"
    if error.errno == errno.ENOTDIR:
        return "a part of it is no folder, or a link, which is not followed"
    return error.strerror or str(error)
