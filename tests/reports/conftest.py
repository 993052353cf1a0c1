"""Reports look the same wherever their tests run."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_terminal_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
