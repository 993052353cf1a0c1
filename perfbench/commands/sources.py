"""Where each benchmark is defined, so that a report can point a reader there."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

LONGEST_SOURCE = 1 << 20
"""Bytes of a file that is worth reading for this."""

Lines = Mapping[str, int]
"""The line of each class and function of a module, by its dotted name within it."""


def sources(folder: Path, shown: PurePosixPath, names: Iterable[str]) -> dict[str, str]:
    """`file:line` for each benchmark name (`container.Lifecycle.time_start`) that is defined below `folder`.

    `shown` is what the folder is called in the answer. A benchmark that a class inherits has the line of
    the class; one that cannot be found is left out.
    """
    read: dict[Path, Lines] = {}
    found = {}
    for name in names:
        path, inside = _module(folder, name)
        if path is None:
            continue
        lines = read[path] if path in read else read.setdefault(path, _lines(path))
        line = lines.get(inside) or lines.get(inside.rpartition(".")[0])
        if line is not None:
            found[name] = f"{shown / path.relative_to(folder).as_posix()}:{line}"
    return found


def _module(folder: Path, name: str) -> tuple[Path | None, str]:
    """The file of the longest part of the name that is one, and what is left of the name."""
    parts = name.split(".")
    if not all(map(str.isidentifier, parts)):
        return None, name
    for length in range(len(parts) - 1, 0, -1):
        path = folder.joinpath(*parts[:length]).with_suffix(".py")
        if path.is_file():
            return path, ".".join(parts[length:])
    return None, name


def _lines(path: Path) -> Lines:
    try:
        if path.stat().st_size > LONGEST_SOURCE:
            return {}
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return dict(_defined(tree, ""))


def _defined(node: ast.Module | ast.ClassDef, prefix: str) -> Iterable[tuple[str, int]]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + child.name, child.lineno
        if isinstance(child, ast.ClassDef):
            yield from _defined(child, f"{prefix}{child.name}.")
