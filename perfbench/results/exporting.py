"""What all writers of foreign formats do alike: a new file or none, and never another one's place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from perfbench.errors import PerfbenchError, UsageError


def write_new(path: Path, text: str) -> None:
    """Write a text file that was not there before. Raises as `write_parts` does."""
    write_parts(path, (text,))


def write_parts(path: Path, parts: Iterable[str]) -> None:
    """Write a text file that was not there before, a part at a time.

    Raises UsageError where the file exists, PerfbenchError where it cannot be written; nothing half
    written stays.
    """
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                file.writelines(parts)
                file.flush()
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise UsageError(f"{path} exists already", "name another file, or remove that one") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise PerfbenchError(f"cannot write {path}: {reason}", "name another file") from error
