"""A small CPython image, made of the machine's own interpreter, its libraries and its standard library."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

INTERPRETER = Path("/usr/bin/python3")
UNNEEDED = {
    "dist-packages", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter",
    "turtledemo", "unittest", "venv",
}  # fmt: skip
"""Modules that nobody needs in a sandbox; they are two thirds of the whole."""


def tar(base: bytes) -> bytes:
    """The tar archive `base` (a root file system) with CPython added to it.

    Raises OSError or CalledProcessError when the interpreter cannot be asked for its parts.
    """
    interpreter = INTERPRETER.resolve()
    asked = _output([str(interpreter), "-I", "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"])
    stdlib = Path(asked.strip())
    buffer = io.BytesIO(base)
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        archive.add(interpreter, filter=_owned_by_root)
        link = tarfile.TarInfo("usr/bin/python3")
        link.type, link.linkname, link.mode = tarfile.SYMTYPE, interpreter.name, 0o777
        archive.addfile(link)
        archive.add(stdlib, filter=_trimmed)
        for library in _shared_libraries([interpreter, *sorted(stdlib.glob("lib-dynload/*.so"))]):
            archive.add(library.resolve(), arcname=str(library), filter=_owned_by_root)
    return buffer.getvalue()


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _trimmed(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(entry.name).name
    return None if name in UNNEEDED or name.startswith("config-") else _owned_by_root(entry)


def _shared_libraries(programs: Sequence[Path]) -> list[Path]:
    """Where the dynamic linker finds the libraries of these programs, itself included."""
    words = _output(["ldd", *map(str, programs)]).split()
    return sorted({Path(word) for word in words if word.startswith("/") and not word.endswith(":")})


def _output(argv: Sequence[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
