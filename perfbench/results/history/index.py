"""The index over a history's plain files: series by key, read in milliseconds. It can be built again at any time.

The number itself is always in a file as well (`history.keeping`), never in the index alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model import Problem
from perfbench.model_history import Series, SeriesEnd, SeriesKey
from perfbench.results.history.database import DamagedError, Database

if TYPE_CHECKING:
    from perfbench.results.history.importing import Means

FILE = "index.sqlite"

VARIABLE = "PERFBENCH_HISTORY_URL"
"""Names the PostgreSQL server of a team's index; a URL with a password belongs in no file and on no command line."""


class HistoryIndex(Protocol):
    """What can be asked of an index."""

    def keys(
        self, pattern: str = "*", machine: str | None = None, environment: str | None = None
    ) -> list[SeriesKey]:
        """The series whose full id, or name without params, fits a shell-style `pattern`, in order of their names.

        `machine` and `environment` are shell-style patterns as well.
        """

    def series(self, key: SeriesKey) -> Series:
        """The points of one series, by date of commit; none where there is no such series."""

    def all_series(self, keys: Iterable[SeriesKey] | None = None) -> Iterator[Series]:
        """Every series that has points, by name, or those named; a few in memory at a time."""

    def ends(self, count: int, keys: Iterable[SeriesKey] | None = None) -> Iterator[SeriesEnd]:
        """The last `count` points of every series that has any, or of those named.

        Of a series whose benchmark's version changed, only the newest version's count.
        """

    def problems(self) -> list[Problem]:
        """What imports could not use, or had to guess."""

    def count(self) -> tuple[int, int]:
        """How many files and how many measured runs there are."""

    def close(self) -> None:
        """Let go of the database."""


def open_database(folder: Path, url: str | None) -> Database:
    """The database of an index, without looking into it.

    Raises PerfbenchError where it cannot be reached, DamagedError where it is none.
    """
    if url:
        from perfbench.results.history.postgres_database import PostgresDatabase  # noqa: PLC0415

        return PostgresDatabase(url)
    from perfbench.results.history.sqlite_database import SqliteDatabase  # noqa: PLC0415

    return SqliteDatabase(folder / FILE)


@contextlib.contextmanager
def open_index(folder: Path, url: str | None = None, means: Means | None = None) -> Iterator[HistoryIndex]:
    """The index of a history folder, or the shared one at `url`. It is closed at the block's end.

    An index that is damaged, or of another layout, is built again from the folder's files first, with a
    problem that says so; `means` are those with which it was imported. Raises UsageError where there is no
    history yet, PerfbenchError where the database cannot be used.
    """
    from perfbench.results.history.importing import mend  # noqa: PLC0415
    from perfbench.results.history.state import interruption, state_of  # noqa: PLC0415
    from perfbench.results.history.stored_index import StoredIndex  # noqa: PLC0415

    if not url and not folder.is_dir():
        raise UsageError(
            f"there is no history in {folder}", "bring results in: perfbench history import PATH"
        )
    notes = mend(folder, url, means) if state_of(folder, url) else []
    try:
        with contextlib.closing(open_database(folder, url)) as database:
            yield StoredIndex(database, [*notes, *interruption(database, folder)])
    except DamagedError as error:
        raise PerfbenchError(
            f"the index of {folder} is damaged: {error}", "build it again: perfbench history import --rebuild"
        ) from error
