"""Large payloads whose peak is measured: a session, the output of a command, a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import _operations
from benchmarks._operations import Operation, Prepared
from benchmarks._running import output_of, usable
from benchmarks._stores import forget, opened

MIB = 1024**2
ENTRY = 1024


@contextmanager
def _session(size: int) -> Iterator[Operation]:
    """A session with so many bytes of history, written and read back."""
    name = _operations.own_or("session", "a session store", "memory")
    store = opened(name, "write", "read")
    large = _operations.session(size // ENTRY, ENTRY)

    def exchange() -> None:
        store.write(large)
        if len(store.read(large.id).history) != size // ENTRY:
            raise RuntimeError("the session has come back short")

    try:
        yield exchange
    finally:
        forget(store, [large.id])


@contextmanager
def _output(size: int) -> Iterator[Operation]:
    """A command that writes so many bytes, until all have come back."""
    name = _operations.own_or("container", "a runtime", "process")
    with usable(name).create() as sandbox:
        sandbox.start()

        def collect() -> None:
            if len(output_of(sandbox, ("head", "-c", str(size), "/dev/zero"))) != size:
                raise RuntimeError("the output has come back short")

        yield collect


@contextmanager
def _file(size: int) -> Iterator[Operation]:
    """A file of so many bytes, written and read back."""
    from perfbench.sandbox.files import Folder  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="perfbench-folder.") as root:
        folder = Folder(Path(root))
        data = bytes(size)

        def exchange() -> None:
            folder.write("large", data)
            if len(folder.read("large")) != size:
                raise RuntimeError("the file has come back short")

        yield exchange


PAYLOADS: Mapping[str, Prepared] = {
    "session_1MiB": partial(_session, MIB),
    "session_16MiB": partial(_session, 16 * MIB),
    "output_16MiB": partial(_output, 16 * MIB),
    "file_64MiB": partial(_file, 64 * MIB),
}
