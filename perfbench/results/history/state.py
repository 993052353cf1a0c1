"""Whether an index can be read as it is."""

from __future__ import annotations

import contextlib
from pathlib import Path

from perfbench.errors import PerfbenchError
from perfbench.model import Problem
from perfbench.results.history.database import DamagedError, Database
from perfbench.results.history.tables import CREATE, LAYOUT

INTERRUPTED = "importing"
"""The entry of `history_meta` that is 1 while an import writes."""

NEEDLESS = ""
"""There is nothing to say, and nothing to build."""


def state_of(folder: Path, url: str | None) -> str:
    """What is wrong with the index, as the end of a sentence about it; empty where nothing is."""
    from perfbench.results.history.index import FILE, open_database  # noqa: PLC0415

    if not url and not _has_content(folder / FILE):
        return "was missing"
    try:
        with contextlib.closing(open_database(folder, url)) as database:
            return layout_state(database)
    except DamagedError as error:
        return f"was damaged ({error})"


def _has_content(path: Path) -> bool:
    """An empty file is an empty database to SQLite, and would be taken for a history without points."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def layout_state(database: Database) -> str:
    """The same of a database that can be opened. Raises DamagedError."""
    create(database)
    rows = database.rows("SELECT value FROM history_meta WHERE name = ?", ("layout",))
    return NEEDLESS if rows == [(LAYOUT,)] else "was of another layout"


def interruption(database: Database, folder: Path) -> list[Problem]:
    """Said where an import was killed, or is on its way: what it wrote so far is there, and is whole."""
    if not database.rows("SELECT 1 FROM history_meta WHERE name = ? AND value = ?", (INTERRUPTED, "1")):
        return []
    message = (
        "an import is on its way, or was interrupted: run it again, or perfbench history import --rebuild"
    )
    return [Problem(str(folder), None, message)]


def create(database: Database) -> None:
    """Make the tables where they are missing. Raises PerfbenchError where that is not allowed."""
    try:
        if database.rows("SELECT 1 FROM history_meta WHERE name = ?", ("layout",)):
            return
    except PerfbenchError:
        pass  # there are none yet
    with database.transaction():
        for statement in CREATE:
            database.rows(statement.replace("{blob}", database.blob))
        database.write(
            "INSERT INTO history_meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            [("layout", LAYOUT)],
        )


def forget(database: Database) -> None:
    """Drop the tables, whatever layout they have."""
    from perfbench.results.history.tables import NAMES  # noqa: PLC0415

    with database.transaction():
        for name in NAMES:
            database.rows(f"DROP TABLE IF EXISTS {name}")
