"""Sessions as JSON files, one each: `<id>.json` in a folder.

A file is written aside and renamed, so a reader finds the old session or the new one, never half of one,
whoever writes at the same time and whenever a writer is killed. It is not flushed to the disk: what was
written in the seconds before a power cut may be lost, as with SQLite's write-ahead log.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

from perfbench.errors import StoreError
from perfbench.sandbox.sessions.encoded import EncodedStore
from perfbench.sandbox.sessions.folder import StoreFolder
from perfbench.sandbox.sessions.session import ID

SUFFIX = ".json"
UNFINISHED = "unfinished."
"""Beginning of the name of a file that is being written; no id has a dot in it."""
ABANDONED_AFTER = 3600.0
"""Seconds after which nobody writes a file any more: its writer was killed."""


class JsonFileStore(EncodedStore):
    """A folder of JSON files, `place` or a private one that goes with the store."""

    name = "json"

    def __init__(self, place: Path | None = None) -> None:
        self._folder = StoreFolder(place)
        self._path = self._folder.path
        _remove_abandoned(self._path)

    def _put(self, id: str, data: bytes) -> None:
        unfinished = ""
        try:
            file, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=self._path)
            try:
                _write_all(file, data)
            finally:
                os.close(file)
            Path(unfinished).replace(self._file(id))
        except BaseException as error:
            if unfinished:
                Path(unfinished).unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise self._failed(id, "written", error) from error
            raise

    def _get(self, id: str) -> bytes | None:
        try:
            return self._file(id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(id, "read", error) from error

    def _remove(self, id: str) -> None:
        try:
            self._file(id).unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(id, "removed", error) from error

    def _ids(self) -> list[str]:
        try:
            names = os.listdir(self._path)  # noqa: PTH208  (names alone: a Path for each would cost more)
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be listed: {error.strerror}", "open the store anew"
            ) from error
        ids = (name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
        return [id for id in ids if ID.fullmatch(id)]

    def _place(self, id: str) -> str:
        return str(self._file(id))

    def _release(self) -> None:
        self._folder.release()

    def _file(self, id: str) -> Path:
        return self._path / f"{id}{SUFFIX}"

    def _failed(self, id: str, what: str, error: OSError) -> StoreError:
        return StoreError(
            f"{self._file(id)} cannot be {what}: {error.strerror}",
            "see that its folder is there and has room",
        )


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(OSError):  # another store is at it too
            if time.time() - path.stat().st_mtime > ABANDONED_AFTER:
                path.unlink()
