"""A differential flame graph in a real browser: both directions, and what each of them alone can show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perfbench.reports.flame_graph.differential import differential_page
from tests.reports.chromium import Chromium

from . import real, sample, viewing
from .conftest import Open

PAGE = differential_page(
    sample.differential_graph(), sample.manifest("base"), sample.manifest("head", "3f2c1ab8" * 5)
)
ROWS = (
    "[...document.querySelectorAll('#table tbody tr')].map((one) => one.innerText.split(/\\s*[\\t\\n]\\s*/))"
)
PRESSED = "[...document.querySelectorAll('#directions [aria-pressed=true]')].map((one) => one.textContent)"


def test_the_picture_is_of_the_change_and_can_be_kept(browser: Chromium, opened: Open) -> None:
    opened(real.differential())
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "encode"))
    assert browser.value(viewing.COLOURS) > 20
    viewing.keep_screenshot(browser, "differential-flame-graph.png")


def test_widths_are_those_of_head_until_base_is_asked_for(browser: Chromium, opened: Open) -> None:
    graph = sample.differential_graph()
    told = next(one for one in graph.moved if one.frame.function == "Service.told")
    opened(PAGE)
    assert browser.value(PRESSED) == ["As head"]
    assert viewing.width_of(browser, "Service.told") == pytest.approx(told.head / graph.head[0], rel=1e-3)
    assert viewing.width_of(browser, "_entry_key") > 0
    assert viewing.width_of(browser, "rmtree") == 0
    viewing.push(browser, "As base")
    assert browser.value(PRESSED) == ["As base"]
    assert viewing.width_of(browser, "Service.told") == pytest.approx(told.base / graph.base[0], rel=1e-3)
    assert viewing.width_of(browser, "_entry_key") == 0
    assert viewing.width_of(browser, "rmtree") > 0


def test_what_is_new_or_has_vanished_says_so_in_words_and_signs(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "_entry_key"))
    told = browser.value(viewing.DETAILS)
    assert told.startswith(
        "_entry_key perfbench/sandbox/sessions/session.py:131 new own code total 0 → 4.90 ms"
    )
    assert "difference +4.90 ms 51 % of the change" in told
    assert browser.value(f"perfbench.viewer.page.look.label({viewing.node_of('_entry_key')})") == [
        "+ _entry_key", "+4.90 ms",
    ]  # fmt: skip
    viewing.push(browser, "As base")
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "rmtree"))
    assert "vanished" in browser.value(viewing.DETAILS)
    assert browser.value(f"perfbench.viewer.page.look.label({viewing.node_of('rmtree')})")[0] == "− rmtree"


def test_a_change_has_its_share_of_the_whole_change(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "run"))
    told = browser.value(viewing.DETAILS)
    assert "total 27.5 ms → 23.7 ms −14 %" in told
    assert "difference −3.80 ms −39 % of the change" in told


def test_what_grew_is_red_and_what_shrank_is_blue_the_more_the_stronger(
    browser: Chromium, opened: Open
) -> None:
    opened(PAGE)

    def red_over_blue(name: str) -> int:
        red, _, blue = browser.value(
            f"perfbench.viewer.page.look.palette().full[perfbench.viewer.page.look.colour({viewing.node_of(name)})]"
            ".fill.match(/\\d+/g).map(Number)"
        )
        return int(red - blue)

    assert red_over_blue("Service.told") > red_over_blue("sha256") > red_over_blue("Route.matches")
    assert red_over_blue("run") < red_over_blue("Route.matches")
    assert abs(red_over_blue("Route.matches")) < 8


def test_a_box_of_one_side_makes_room_for_its_caller_on_the_other(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.click(browser, "_entry_key")
    assert browser.value(viewing.ZOOMED) == "_entry_key"
    viewing.push(browser, "As base")
    assert browser.value(viewing.ZOOMED) == "Session.appended"
    assert browser.value(viewing.SELECTED) == "Session.appended"
    browser.value("document.querySelector('canvas').focus()")
    browser.press("ArrowDown")
    assert browser.value(viewing.SELECTED) == "encode"


def test_a_search_says_how_far_all_that_it_found_has_moved(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.find(browser, "json/")
    assert browser.value(viewing.FOUND) == "5 functions, +6.50 ms, 67 % of the change; 15 % of head"
    viewing.push(browser, "As base")
    assert browser.value(viewing.FOUND) == "5 functions, +6.50 ms, 67 % of the change; 6.1 % of base"


def test_what_moved_most_is_a_table_that_can_be_sorted(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    assert browser.value(ROWS)[:2] == [
        ["c_make_encoder", "1.60 ms", "7.00 ms", "▲ +5.40 ms", "56 %", "▲ +4.10 ms"],
        ["openssl_sha256 new", "0", "4.20 ms", "▲ +4.20 ms", "43 %", "▲ +2.30 ms"],
    ]
    viewing.push(browser, "difference")
    assert [row[0].split()[0] for row in browser.value(ROWS)[:2]] == ["Service.told", "Session.appended"]
    viewing.push(browser, "base")
    assert browser.value(ROWS)[0][0].split()[0] == "Workflow.time_workflow"


def test_a_frame_of_the_table_is_shown_on_the_side_that_has_it(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.push(browser, "os.mkdir")
    assert browser.value(PRESSED) == ["As base"]
    assert browser.value(viewing.SELECTED) == "os.mkdir"
    viewing.push(browser, "_entry_key")
    assert browser.value(PRESSED) == ["As head"]
    assert browser.value(viewing.SELECTED) == "_entry_key"
    assert browser.value(viewing.FOUND).startswith("1 function, +4.90 ms, 51 % of the change")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_in_a_box_stands_out_from_it(browser: Chromium, opened: Open, *, dark: bool) -> None:
    browser.prefer(dark=dark)
    opened(PAGE)
    least = """(() => {
      const numbers = (colour) => colour.match(/\\d+/g).map(Number);
      const { full, faded } = perfbench.viewer.page.look.palette();
      const boxes = [...full, ...faded].flatMap(({ fill, ink, quiet }) =>
        [ink, quiet].map((text) => perfbench.contrast(numbers(text), numbers(fill))));
      const words = ['grew-ink', 'shrank-ink', 'dim', 'ink', 'accent'].map((name) =>
        perfbench.contrast(perfbench.colour(name), perfbench.colour('paper')));
      return Math.min(...boxes, ...words);
    })()"""
    assert browser.value(least) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_reaches_beyond_a_phones_screen(browser: Chromium, opened: Open, *, dark: bool) -> None:
    browser.resize(390, 844)
    browser.prefer(dark=dark)
    opened(PAGE)
    viewing.push(browser, "os.rmdir")
    assert browser.value("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("empty", ["base", "head"])
def test_a_side_that_holds_nothing_is_a_side_as_well(browser: Chromium, opened: Open, empty: str) -> None:
    graph = sample.differential_graph()
    nothing = [0.0] * len(graph.parent)
    shown = replace(graph, base=nothing) if empty == "base" else replace(graph, head=nothing)
    opened(differential_page(shown))
    for side in ("As base", "As head"):
        viewing.push(browser, side)
        browser.value("document.querySelector('canvas').focus()")
        for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter", "Escape"):
            browser.press(key)
    viewing.push(browser, "c_make_encoder")
    assert browser.value(PRESSED) == ["As head" if empty == "base" else "As base"]


def test_two_profiles_that_are_the_same_have_no_shares_of_a_change(browser: Chromium, opened: Open) -> None:
    graph = sample.differential_graph()
    opened(differential_page(replace(graph, head=graph.base)))
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "run"))
    assert "difference 0 – of the change" in browser.value(viewing.DETAILS)
