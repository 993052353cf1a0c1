"""What tests do to a page with a viewer, as a user would."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.reports.chromium import Chromium

DETAILS = "document.querySelector('#details').innerText.split(/\\s+/).join(' ')"
"""What is told of a box, in one line."""
FOUND = "document.querySelector('#found').textContent"
PATH = "[...document.querySelectorAll('#path:not([hidden]) button')].map((one) => one.textContent)"
SELECTED = "((node) => node === null ? null : perfbench.viewer.name(node))(perfbench.viewer.picture.selected)"
ZOOMED = "perfbench.viewer.name(perfbench.viewer.picture.zoomedNode)"
PICTURE = "document.querySelector('canvas').toDataURL()"
"""Differs when the picture does."""

COLOURS = """(() => {
  const canvas = document.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()"""


def node_of(name: str) -> str:
    """The heaviest node of a function on the side that is shown, as JavaScript."""
    return (
        "((name, { tree, picture: { side } }) => [...tree.frame.keys()]"
        ".filter((node) => perfbench.viewer.name(node) === name)"
        f".sort((a, b) => tree.total[side][b] - tree.total[side][a])[0])({json.dumps(name)}, perfbench.viewer)"
    )


def middle_of(browser: Chromium, name: str) -> tuple[float, float]:
    """Where on the screen the middle of a function's box is."""
    x, y = browser.value(
        f"((box, at) => [at.left + box.left + box.width / 2, at.top + box.top + box.height / 2])"
        f"(perfbench.viewer.picture.box({node_of(name)}), document.querySelector('canvas').getBoundingClientRect())"
    )
    return float(x), float(y)


def width_of(browser: Chromium, name: str) -> float:
    """How wide a function's box is drawn, as a share of the picture."""
    return float(
        browser.value(f"perfbench.viewer.picture.box({node_of(name)}).width / perfbench.viewer.picture.width")
    )


def click(browser: Chromium, name: str) -> None:
    """Click the box of a function, and wait until the zoom is over."""
    x, y = middle_of(browser, name)
    browser.mouse("mouseMoved", x, y)
    browser.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    browser.mouse("mouseReleased", x, y, button="left", clickCount=1)
    still(browser)


def push(browser: Chromium, text: str) -> None:
    """Click the button with this text."""
    browser.value(
        f"[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('{text}')).click()"
    )
    still(browser)


def still(browser: Chromium) -> None:
    """Wait until nothing moves."""
    browser.until("perfbench.viewer.picture.isStill")


def find(browser: Chromium, text: str) -> None:
    """Find a text, as if it had been typed."""
    browser.value(
        "((field, text) => { field.focus(); field.value = text; field.dispatchEvent(new Event('input')); })"
        f"(document.querySelector('#find'), {json.dumps(text)})"
    )


def keep_screenshot(browser: Chromium, name: str) -> None:
    """Write what is on the screen as `name` into the folder that PERFBENCH_SCREENSHOTS names, if it does."""
    if folder := os.environ.get("PERFBENCH_SCREENSHOTS"):
        browser.screenshot(Path(folder) / name, whole=False)
