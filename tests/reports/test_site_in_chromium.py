"""The site in a real browser: by mouse and keyboard, wide and narrow, light and dark, asking nobody for anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perfbench.model_history import SeriesReport
from perfbench.reports.site.commit_order import commit_order
from perfbench.reports.site.page_names import page_key, page_names
from perfbench.reports.site.writing import write_site

from . import site_sample
from .chromium import EXECUTABLE, MISSING, Chromium

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason=MISSING)

REPORT = site_sample.full_report()
NAMES = page_names(one.series.key for one in REPORT.reports)

IN_VIEW = "document.querySelector('[role=status]:not(.dim)').textContent"
INK = "document.querySelector('canvas').toDataURL()"
"""Differs when the chart does."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the history in which everything occurs."""
    folder = tmp_path_factory.mktemp("site")
    order = commit_order(REPORT.timelines.values(), (one.series for one in REPORT.reports))
    write_site(REPORT, order, folder)
    return folder


def page(site: Path, name: str, of: str = "", hash_: str = "") -> str:
    """The address of a page from the folder; `of` is the beginning of a benchmark's name."""
    if not of:
        return f"file://{site}/{name}"
    keys = [one.series.key for one in REPORT.reports if one.series.key.benchmark.name.startswith(of)]
    return f"file://{site}/{name}?of={NAMES[page_key(keys[0])]}{hash_}"


def opened(browser: Chromium, url: str) -> None:
    """Open a page and wait until its scripts have made it."""
    browser.open(url)
    browser.until("!document.querySelector('[aria-busy]')")


def test_the_first_page_opens_with_what_regressed_and_is_not_accepted(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "index.html"))
    assert browser.value("document.querySelector('h2').textContent") == "Regressed, and not accepted"
    shown = browser.value("[...document.querySelectorAll('.card .name')].map((one) => one.textContent)")
    assert shown == ["container.Lifecycle.time_start (runc)", f"{site_sample.HOSTILE} (a\\u202eb, <i>c</i>)"]
    assert browser.value("[...document.querySelectorAll('.others summary')].map((one) => one.textContent)") == [
        "Improved1", "Recovered1", "Accepted1",
    ]  # fmt: skip


def test_a_name_full_of_html_is_shown_as_it_is(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "index.html"))
    assert browser.value("document.querySelectorAll('main img, main script, main i').length") == 0
    opened(browser, page(site, "benchmark.html", "evil"))
    assert browser.value("document.querySelector('h1').textContent") == site_sample.HOSTILE
    assert browser.value("document.querySelectorAll('main script, main b, main i').length") == 0


def test_benchmarks_are_found_by_a_part_of_their_name_and_by_machine(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "index.html"))
    rows = "document.querySelectorAll('table.list tbody tr').length"
    assert browser.value(rows) == len(REPORT.reports)
    browser.value("document.querySelector('#filter').focus()")
    for letter in "runc":
        browser.press(letter)
    browser.until(f"{rows} === 2")
    browser.value(
        "(() => { const one = document.querySelectorAll('.filters select')[0]; one.value = '1';"
        " one.dispatchEvent(new Event('change')); })()"
    )
    assert browser.value(rows) == 1


def test_a_row_leads_to_its_page_on_its_machine(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "index.html"))
    browser.value("document.querySelector('.card a.name').click()")
    browser.until(
        "location.pathname.endsWith('benchmark.html') && document.querySelector('.legend tbody tr') !== null"
    )
    chosen = (
        "[...document.querySelectorAll('.switch input:checked')].map((one) => one.parentNode.textContent)"
    )
    assert browser.value(chosen) == ["lab", "runc", "crun", "runsc"]
    assert browser.value("document.querySelectorAll('.legend tbody tr').length") == 3
    assert "+39 %" in browser.value("document.querySelector('.data').textContent")


def test_the_chart_is_zoomed_and_read_by_keyboard(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "benchmark.html", "container", "#machine=lab"))
    browser.value("document.querySelector('canvas').focus()")
    whole = browser.value(INK)
    browser.press("+")
    browser.press("+")
    assert browser.value(IN_VIEW).startswith("Shown from ")
    assert browser.value(INK) != whole
    browser.press("0")
    assert browser.value(IN_VIEW) == "All commits are shown"
    assert browser.value(INK) == whole
    browser.press("p")
    told = browser.value(IN_VIEW)
    assert told.startswith(f"{site_sample.commit(40)[:8]}, 2023-12-24, v2.0: runc ")
    assert "regression of +39 %" in told
    browser.press("ArrowLeft")
    assert browser.value(IN_VIEW).startswith(site_sample.commit(39)[:8])
    browser.press("Home")
    assert browser.value(IN_VIEW).startswith(site_sample.commit(0)[:8])


def test_the_chart_is_zoomed_by_dragging_and_by_the_wheel(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "benchmark.html", "container", "#machine=lab"))
    whole = browser.value(INK)
    box = browser.value(
        "(({ left, top, width, height }) => [left, top, width, height])"
        "(document.querySelector('canvas').getBoundingClientRect())"
    )
    left, middle = box[0] + box[2] * 0.4, box[1] + box[3] / 2
    browser.mouse("mousePressed", left, middle, button="left", buttons=1, clickCount=1)
    browser.mouse("mouseMoved", left + 200, middle, button="left", buttons=1)
    browser.mouse("mouseReleased", left + 200, middle, button="left", clickCount=1)
    assert browser.value(IN_VIEW).startswith("Shown from ")
    near = browser.value(INK)
    browser.mouse("mouseWheel", left, middle, deltaX=0, deltaY=240)
    browser.until(f"{INK} !== '{near}'")
    browser.value(
        "[...document.querySelectorAll('.toolbar button')].find((one) => one.textContent === 'All').click()"
    )
    browser.mouse("mouseMoved", 5, 5)
    browser.value("document.querySelector('canvas').blur()")
    browser.press("x")
    browser.value("document.querySelector('canvas').dispatchEvent(new PointerEvent('pointerleave'))")
    assert browser.value(INK) == whole


def test_every_switch_of_the_chart_draws_it_anew(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "benchmark.html", "container", "#machine=lab"))
    usual = browser.value(INK)
    for name in ("Log scale", "From zero", "Intervals"):
        press = f"[...document.querySelectorAll('.toolbar button')].find((one) => one.textContent === '{name}').click()"
        browser.value(press)
        assert browser.value(INK) != usual, name
        browser.value(press)
        assert browser.value(INK) == usual, name
    browser.value("document.querySelectorAll('.switch input')[0].click()")
    assert "Nothing fits this choice" in browser.value("document.querySelector('main').textContent")
    browser.value("document.querySelectorAll('.switch input')[1].click()")
    assert "machine=attic" in browser.value("location.hash")


def test_the_data_is_there_as_a_table(browser: Chromium, site: Path) -> None:
    opened(browser, page(site, "benchmark.html", "container", "#machine=lab"))
    browser.value("document.querySelector('details.table summary').click()")
    browser.until("document.querySelectorAll('details.table tbody tr').length === 60")
    assert browser.value("document.querySelector('details.table caption').textContent").endswith(
        "in ms, with its 99 % interval"
    )


@pytest.mark.parametrize("of", ["files.Write.time_fsync", "files.Write.time_open", "api", "memory"])
def test_pages_of_none_of_one_and_of_few_points_are_pages_as_well(
    browser: Chromium, site: Path, of: str
) -> None:
    opened(browser, page(site, "benchmark.html", of))
    assert browser.value("document.querySelector('h1').textContent").startswith(of)


@pytest.mark.parametrize("of", ["../../secret", "nothing", "<script>"])
def test_an_address_of_no_benchmark_says_so(browser: Chromium, site: Path, of: str) -> None:
    browser.open(f"file://{site}/benchmark.html?of={of}")
    browser.until("document.querySelector('h1')?.textContent === 'No such benchmark'")
    browser.console[:] = [line for line in browser.console if "ERR_FILE_NOT_FOUND" not in line]
    assert all(
        "/data/" in url or url.count("benchmark.html") or "static" not in url for url in browser.requests
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_reaches_beyond_a_phones_screen(browser: Chromium, site: Path, *, dark: bool) -> None:
    browser.resize(390, 844)
    browser.prefer(dark=dark)
    for url in (
        page(site, "index.html"),
        page(site, "benchmark.html", "container"),
        page(site, "benchmark.html", "evil"),
    ):
        opened(browser, url)
        browser.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.value("document.documentElement.scrollWidth") <= 390, url


def test_it_is_dark_for_those_who_like_it_dark(browser: Chromium, site: Path) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    brightness = f"{colour}.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
    opened(browser, page(site, "index.html"))
    assert browser.value(brightness) > 700
    browser.prefer(dark=True)
    assert browser.value(brightness) < 100


def test_texts_stand_out_from_their_ground_by_day_and_by_night(browser: Chromium, site: Path) -> None:
    contrast = """(() => {
      const style = getComputedStyle(document.documentElement);
      const light = (name) => {
        const [r, g, b] = style.getPropertyValue('--' + name).trim().match(/[0-9a-f]{2}/gi)
          .map((part) => parseInt(part, 16) / 255)
          .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratios = [];
      for (const ground of ['ground', 'paper'])
        for (const text of ['ink', 'dim', 'regression', 'improvement', 'change', 'accent']) {
          const pair = [light(ground), light(text)].sort((a, b) => b - a);
          ratios.push((pair[0] + 0.05) / (pair[1] + 0.05));
        }
      return Math.min(...ratios);
    })()"""
    opened(browser, page(site, "index.html"))
    assert browser.value(contrast) >= 4.5
    browser.prefer(dark=True)
    assert browser.value(contrast) >= 4.5


def test_a_long_list_is_drawn_in_parts(browser: Chromium, tmp_path: Path) -> None:
    report = site_sample.large_report(250, 12)
    write_site(
        report, commit_order(report.timelines.values(), (one.series for one in report.reports)), tmp_path
    )
    opened(browser, f"file://{tmp_path}/index.html")
    rows = "document.querySelectorAll('table.list tbody tr').length"
    assert browser.value(rows) == 100
    browser.value("[...document.querySelectorAll('section:has(#all) button.more')].pop().click()")
    assert browser.value(rows) == 200
    assert browser.value("document.activeElement.closest('tr') !== null"), "the focus is on the first new row"


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 6,
        [-3.0, 2.0, 0.0, 5.0],
        [1e308, -1e308, 1.0],
        [5e-324, 1e-300, 2.0],
        [1e-9, 1e3, 1e9],
    ],
    ids=["zeros", "negative", "huge", "tiny", "wide"],
)
def test_any_numbers_can_be_drawn_in_every_way(
    browser: Chromium, tmp_path: Path, values: list[float]
) -> None:
    series = site_sample.series(site_sample.key("odd.time_it"), values)
    report = replace(REPORT, reports=(SeriesReport(series),))
    write_site(report, commit_order(report.timelines.values(), [series]), tmp_path)
    (name,) = (path.stem for path in (tmp_path / "data" / "benchmark").iterdir())
    opened(browser, f"file://{tmp_path}/benchmark.html?of={name}")
    browser.value("document.querySelector('canvas').focus()")
    for _ in range(2):
        browser.value("document.querySelectorAll('.toolbar button').forEach((one) => one.click())")
        for key in ("+", "ArrowRight", "ArrowLeft", "-", "n", "End"):
            browser.press(key)
    assert browser.value("document.querySelectorAll('.cursor.on').length") == 1
