"""What is odd about an index as a whole: units and versions that changed, machines that were renamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from perfbench.model import BenchmarkId, Problem
from perfbench.results.history.database import Database

REVIEWED = -1
"""Stands for a file's number with problems of the whole."""

_NAMED = 3


def review(database: Database) -> list[Problem]:
    """All of it is stored in place of what the last review found; what that did not find is returned."""
    known = {
        Problem(*row)
        for row in database.rows(
            "SELECT path, line, message FROM history_problems WHERE file = ?", (REVIEWED,)
        )
    }
    found = [*_units(database), *_versions(database), *_machines(database), *_dates(database)]
    with database.transaction():
        database.write("DELETE FROM history_problems WHERE file = ?", [(REVIEWED,)])
        database.write(
            "INSERT INTO history_problems VALUES (?, ?, ?, ?)",
            [(REVIEWED, each.path, each.line, each.message) for each in found],
        )
    return [problem for problem in found if problem not in known]


def _units(database: Database) -> Iterator[Problem]:
    """Rows whose unit changed in mid-series: each unit is a series of its own."""
    rows = database.rows(
        "SELECT p.project, s.name, s.params, min(s.unit), max(s.unit) FROM history_strands s"
        " JOIN history_places p ON p.id = s.place GROUP BY s.place, p.project, s.name, s.params, s.metric"
        " HAVING min(s.unit) <> max(s.unit) ORDER BY p.project, s.name, s.params"
    )
    for project, name, params, first, second in dict.fromkeys(rows):
        yield Problem(
            project or "history",
            None,
            f"{_row(name, params)} has the units {first!r} and {second!r}: a series of each",
        )


def _versions(database: Database) -> Iterator[Problem]:
    """Benchmarks whose code changed: said once for each project."""
    rows = database.rows(
        "SELECT p.project, s.name FROM history_strands s JOIN history_places p ON p.id = s.place"
        " WHERE s.version <> '' GROUP BY p.project, s.name HAVING count(DISTINCT s.version) > 1"
        " ORDER BY p.project, s.name"
    )
    by_project: dict[str, list[str]] = {}
    for project, name in rows:
        by_project.setdefault(project, []).append(name)
    for project, names in by_project.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        one = len(names) == 1
        yield Problem(
            project or "history",
            None,
            f"the code of {', '.join(names[:_NAMED])}{more} changed: points of different versions of"
            f" {'it' if one else 'them'} are not compared",
        )


def _machines(database: Database) -> Iterator[Problem]:
    """Machines with the same hardware of which one begins where the other ends: most likely a new name."""
    rows = database.rows(
        "SELECT p.project, p.hardware, p.machine, min(r.date), max(r.date) FROM history_places p"
        " JOIN history_runs r ON r.place = p.id WHERE p.hardware <> ''"
        " GROUP BY p.project, p.hardware, p.machine ORDER BY p.project, p.hardware, min(r.date), p.machine"
    )
    for before, after in pairwise(rows):
        same = before[:2] == after[:2]
        if same and before[4] <= after[3]:
            yield Problem(
                after[0] or "history",
                None,
                f"{after[2]!r} has the hardware of {before[2]!r} and begins where it ends: if it is the same"
                f" machine, import it with --machine {before[2]}",
            )


def _dates(database: Database) -> Iterator[Problem]:
    """Commits that two files date differently: each file's own date counts for its points."""
    rows = database.rows(
        "SELECT p.project, r.hash FROM history_runs r JOIN history_places p ON p.id = r.place"
        " GROUP BY p.project, r.hash HAVING max(r.date) - min(r.date) > 1 ORDER BY p.project, r.hash"
    )
    if rows:
        project, commit = rows[0]
        count = f"{len(rows)} commits have" if len(rows) > 1 else "a commit has"
        yield Problem(
            project or "history", None, f"{count} different dates in different files (first {commit[:8]})"
        )


def _row(name: str, params: str) -> str:
    from perfbench.results.history.stored_index import params_of  # noqa: PLC0415

    return str(BenchmarkId("", name, params_of(params)))
