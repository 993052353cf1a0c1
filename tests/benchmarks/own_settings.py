"""Settings of somebody else's, made by factories that `[sut.settings]` can name."""

from __future__ import annotations

import json
from pathlib import Path

calls: list[tuple[object, ...]] = []
"""What has been asked of any of them, in order."""


class Whole:
    """Has every method, and says what it wants to be asked for."""

    key = "colour"
    value = "blue"
    path_key = "home"
    file = "own.json"

    def __init__(self) -> None:
        self.held = {"colour": "red"}

    def get(self, key: str) -> str:
        calls.append(("get", key))
        return self.held[key]

    def set(self, key: str, value: str) -> None:
        calls.append(("set", key, value))

    def load(self, path: Path) -> None:
        calls.append(("load", path))
        self.held = json.loads(path.read_text())

    def resolve_path(self, key: str) -> None:
        calls.append(("resolve_path", key))

    def validate(self) -> None:
        calls.append(("validate",))


class Sparse:
    """Can only be asked, and loads whatever it is given."""

    def get(self, key: str) -> int:
        return {"limits.memory": 1}[key]

    def load(self, path: Path) -> None:
        calls.append(("load", path.name))


def broken() -> object:
    """Fails to make anything."""
    raise LookupError("there are none today")
