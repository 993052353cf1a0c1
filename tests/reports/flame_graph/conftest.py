"""One browser for all pages of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.reports.chromium import EXECUTABLE, MISSING, Chromium

Open = Callable[[str], None]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    if EXECUTABLE is None:
        pytest.skip(MISSING)
    with Chromium() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Chromium]:
    """The browser, wide and light; no page may complain, or ask for anything but itself."""
    chromium.resize(1280, 900)
    chromium.prefer(dark=False)
    chromium.mouse("mouseMoved", 0, 0)
    chromium.console.clear()
    chromium.requests.clear()
    yield chromium
    assert chromium.console == []
    assert [url for url in chromium.requests if not url.startswith(("file:", "about:"))] == []


@pytest.fixture
def opened(browser: Chromium, tmp_path: Path) -> Open:
    """Opens a page, given as HTML, and waits until its script has made it."""

    def open_page(page: str) -> None:
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        browser.requests.clear()
        browser.open(f"file://{path}")
        browser.until("!document.querySelector('[aria-busy]')")
        assert [url for url in browser.requests if url != "about:blank"] == [f"file://{path}"]

    return open_page
