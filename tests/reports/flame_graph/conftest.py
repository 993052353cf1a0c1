"""Opens the pages of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reports.chromium import Chromium

Open = Callable[[str], None]


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
