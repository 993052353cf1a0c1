"""The smallest root file system that a sandbox can live in: one static busybox and links to it.

It is made on the spot from the machine's own busybox, so that no image has to be fetched from anywhere.
"""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import tarfile
from functools import cache
from pathlib import Path

from perfbench.errors import RuntimeUnavailableError

CANDIDATES = (Path("/bin/busybox"), Path("/usr/bin/busybox"))
DIRECTORIES = (
    ("bin", 0o755),
    ("dev", 0o755),
    ("etc", 0o755),
    ("proc", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
)
FILES = (
    ("etc/passwd", b"root:x:0:0:root:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n"),
    ("etc/group", b"root:x:0:\nnogroup:x:65534:\n"),
)
STAMP = "etc/perfbench-stamp"
"""Holds the `stamp` of a tree: two trees with different stamps are different images."""

PT_INTERP = 3


def static_busybox() -> Path | None:
    """The machine's statically linked busybox, or None: a dynamic one would not run in a root of its own."""
    return next((path for path in CANDIDATES if _is_static_elf(path)), None)


def build(target: Path, *, stamp: str = "") -> None:
    """Make the tree in the directory `target`, which must be empty or absent.

    Raises RuntimeUnavailableError where there is no static busybox.
    """
    busybox = _busybox()
    for name, mode in DIRECTORIES:
        directory = target / name
        directory.mkdir(parents=True)
        directory.chmod(mode)
    for name, content in (*FILES, (STAMP, stamp.encode())):
        (target / name).write_bytes(content)
        (target / name).chmod(0o644)
    shutil.copyfile(busybox, target / "bin/busybox")
    (target / "bin/busybox").chmod(0o755)
    for applet in _applets(busybox):
        (target / "bin" / applet).symlink_to("busybox")


def tar(*, stamp: str = "") -> bytes:
    """The same tree as an uncompressed tar archive, owned by root; equal stamps give equal bytes.

    Raises RuntimeUnavailableError where there is no static busybox.
    """
    busybox = _busybox()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, mode in DIRECTORIES:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            archive.addfile(entry)
        for name, content in (*FILES, (STAMP, stamp.encode())):
            _add_file(archive, name, content, 0o644)
        _add_file(archive, "bin/busybox", busybox.read_bytes(), 0o755)
        for applet in _applets(busybox):
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, "busybox", 0o777
            archive.addfile(entry)
    return buffer.getvalue()


def _add_file(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _busybox() -> Path:
    busybox = static_busybox()
    if busybox is None:
        raise RuntimeUnavailableError(
            "no static busybox is installed to make a root file system from", "apt-get install busybox-static"
        )
    return busybox


@cache
def _applets(busybox: Path) -> tuple[str, ...]:
    listing = subprocess.run([busybox, "--list"], capture_output=True, text=True, timeout=10, check=True)
    return tuple(name for name in listing.stdout.split() if name != "busybox" and "/" not in name)


def _is_static_elf(path: Path) -> bool:
    """Whether `path` is a 64-bit or 32-bit ELF program that asks for no interpreter (no dynamic linker)."""
    try:
        with path.open("rb") as file:
            header = file.read(64)
            if len(header) < 52 or header[:4] != b"\x7fELF":
                return False
            wide = header[4] == 2
            order = "<" if header[5] == 1 else ">"
            offset = struct.unpack_from(order + ("Q" if wide else "I"), header, 32 if wide else 28)[0]
            size, count = struct.unpack_from(order + "HH", header, 54 if wide else 42)
            file.seek(offset)
            table = file.read(size * count)
    except (OSError, struct.error):
        return False
    types = (
        struct.unpack_from(order + "I", table, index)[0] for index in range(0, len(table) - 3, size or 1)
    )
    return bool(table) and PT_INTERP not in types
