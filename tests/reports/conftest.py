"""Reports look the same wherever their tests run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reports.chromium import EXECUTABLE, MISSING, Chromium


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    """One browser for all pages."""
    if EXECUTABLE is None:
        pytest.skip(MISSING)
    with Chromium() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Chromium]:
    """The browser, wide and light; no page may complain, or ask for anything that does not lie beside it."""
    chromium.resize(1280, 900)
    chromium.prefer(dark=False)
    chromium.mouse("mouseMoved", 0, 0)
    chromium.console.clear()
    chromium.requests.clear()
    yield chromium
    assert chromium.console == []
    assert [url for url in chromium.requests if not url.startswith(("file:", "about:"))] == []


@pytest.fixture(autouse=True)
def _no_terminal_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
