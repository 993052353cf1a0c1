"""Sessions in the memory of this process; they go with it."""

from __future__ import annotations

from perfbench.sandbox.sessions.encoded import EncodedStore


class MemoryStore(EncodedStore):
    """Encoded bytes in a dict, each of whose single steps is atomic under any number of threads."""

    name = "memory"

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def _put(self, id: str, data: bytes) -> None:
        self._kept[id] = data

    def _get(self, id: str) -> bytes | None:
        return self._kept.get(id)

    def _remove(self, id: str) -> None:
        self._kept.pop(id, None)

    def _ids(self) -> list[str]:
        return list(self._kept)

    def _release(self) -> None:
        self._kept.clear()
