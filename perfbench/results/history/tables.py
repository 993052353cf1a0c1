"""The tables of an index, the same ones in SQLite and in PostgreSQL.

A *strand* is the part of a series that one version of its benchmark measured. Points lie in columns: a row of
`chunks` holds many points of one strand, a row of `loose` many strands' points of a few runs, which become
chunks later. Columns are little-endian arrays: `runs` and `strands` of int32, the others of float64; a column
`lows` or `highs` in which nothing is known is empty. A point whose run is gone counts no longer.
"""

from __future__ import annotations

LAYOUT = "1"
"""Goes up when an older perfbench could not read the tables; an index of another layout is built again."""

PREFIX = "history_"

CREATE = (
    "CREATE TABLE IF NOT EXISTS history_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS history_files (id BIGINT PRIMARY KEY, keeper TEXT NOT NULL, path TEXT NOT NULL,"
    " source TEXT NOT NULL, size BIGINT NOT NULL, modified BIGINT NOT NULL, digest TEXT NOT NULL,"
    " UNIQUE (keeper, path))",
    "CREATE INDEX IF NOT EXISTS history_files_digest ON history_files (digest)",
    "CREATE INDEX IF NOT EXISTS history_files_source ON history_files (source)",
    "CREATE TABLE IF NOT EXISTS history_places (id BIGINT PRIMARY KEY, project TEXT NOT NULL,"
    " machine TEXT NOT NULL, environment TEXT NOT NULL, branch TEXT NOT NULL, hardware TEXT NOT NULL,"
    " UNIQUE (project, machine, environment, branch))",
    "CREATE TABLE IF NOT EXISTS history_runs (id BIGINT PRIMARY KEY, file BIGINT NOT NULL, place BIGINT NOT NULL,"
    " hash TEXT NOT NULL, date DOUBLE PRECISION NOT NULL)",
    "CREATE INDEX IF NOT EXISTS history_runs_file ON history_runs (file)",
    "CREATE INDEX IF NOT EXISTS history_runs_place ON history_runs (place, hash)",
    "CREATE TABLE IF NOT EXISTS history_strands (id BIGINT PRIMARY KEY, place BIGINT NOT NULL, name TEXT NOT NULL,"
    " params TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL, better TEXT NOT NULL, version TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS history_strands_name ON history_strands (name)",
    "CREATE TABLE IF NOT EXISTS history_chunks (strand BIGINT NOT NULL, part BIGINT NOT NULL, runs {blob} NOT NULL,"
    " vals {blob} NOT NULL, lows {blob} NOT NULL, highs {blob} NOT NULL, PRIMARY KEY (strand, part))",
    "CREATE TABLE IF NOT EXISTS history_loose (id BIGINT PRIMARY KEY, strands {blob} NOT NULL, runs {blob} NOT NULL,"
    " vals {blob} NOT NULL, lows {blob} NOT NULL, highs {blob} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS history_problems (file BIGINT NOT NULL, path TEXT NOT NULL, line BIGINT,"
    " message TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS history_problems_file ON history_problems (file)",
)

NAMES = tuple(f"{PREFIX}{name}" for name in (
    "meta", "files", "places", "runs", "strands", "chunks", "loose", "problems",
))  # fmt: skip
