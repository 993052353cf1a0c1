"""A flame graph in a real browser: by mouse, by keyboard and by finger, asking nobody for anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perfbench.model_profile import ROOT, FlameGraph, Frame
from perfbench.reports.flame_graph.page import flame_page
from tests.reports.chromium import Chromium

from . import real, sample, viewing
from .conftest import Open

PAGE = flame_page(sample.flame_graph(), sample.manifest())
ROWS = "[...document.querySelectorAll('#table tbody tr')].map((one) => one.querySelector('.frame-name').textContent)"


def test_the_picture_is_of_the_profile_and_can_be_kept(browser: Chromium, opened: Open) -> None:
    opened(real.flame())
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "Parser.parse_block_mapping_key"))
    assert browser.value(viewing.COLOURS) > 20
    viewing.keep_screenshot(browser, "flame-graph.png")


def test_pointing_at_a_box_tells_what_it_takes(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    assert browser.value(viewing.DETAILS) == "Point at a box, or tap it, to read what it takes."
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "fork_exec"))
    told = browser.value(viewing.DETAILS)
    assert told.startswith("fork_exec interpreter and native code total 2.38 s 20 %")
    assert told.endswith("own, with what is not drawn 1.18 s 9.9 %")
    assert browser.value(viewing.DETAILS.replace("#details", "#tip")) == told
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "Router.app"))
    assert "starlette/routing.py:745" in browser.value(viewing.DETAILS)
    browser.mouse("mouseMoved", 5, 5)
    assert browser.value("document.querySelector('#tip').hidden")


def test_a_click_zooms_and_the_path_leads_back(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    before = viewing.width_of(browser, "SqliteStore._put")
    viewing.click(browser, "Service.told")
    assert browser.value(viewing.ZOOMED) == "Service.told"
    assert viewing.width_of(browser, "Service.told") == pytest.approx(1)
    assert viewing.width_of(browser, "SqliteStore._put") > 3 * before
    assert "of what is shown" in browser.value(viewing.DETAILS)
    path = browser.value(viewing.PATH)
    assert (path[0], path[-1]) == ("all", "Service.told")
    viewing.push(browser, "… 2 more")
    assert browser.value(viewing.PATH)[1:3] == ["Workflow.time_workflow", "Guard.__call__"]
    viewing.push(browser, "Guard.__call__")
    assert browser.value(viewing.ZOOMED) == "Guard.__call__"
    viewing.push(browser, "Reset")
    assert browser.value(viewing.ZOOMED) == "all"
    assert browser.value(viewing.PATH) == []


def test_the_boxes_are_walked_by_keyboard(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    browser.value("document.querySelector('canvas').focus()")
    walked = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        browser.press(key)
        walked.append(browser.value(viewing.SELECTED))
    assert walked == [
        "all", "Workflow.time_workflow", "Guard.__call__", "_over_http", "Guard.__call__", "Workflow.time_workflow",
        "Guard.__call__",
    ]  # fmt: skip
    assert browser.value(viewing.DETAILS).startswith("Guard.__call__")
    browser.press("Enter")
    viewing.still(browser)
    assert browser.value(viewing.ZOOMED) == "Guard.__call__"
    browser.press("ArrowRight")
    assert browser.value(viewing.SELECTED) == "Guard.__call__", "what is out of sight is not walked to"
    browser.press("Backspace")
    viewing.still(browser)
    assert browser.value(viewing.ZOOMED) == "Workflow.time_workflow"
    browser.press("Escape")
    viewing.still(browser)
    assert browser.value(viewing.ZOOMED) == "all"
    assert browser.value(viewing.SELECTED) is None


def test_a_search_says_what_it_found_and_shows_it(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    plain = browser.value(viewing.PICTURE)
    for key in "/json":
        browser.press(key)
    assert browser.value("document.activeElement.id") == "find"
    assert browser.value("document.activeElement.value") == "json"
    assert browser.value(viewing.FOUND) == "5 functions, 6.1 % (720 ms)"
    assert browser.value(viewing.PICTURE) != plain
    browser.press("Enter")
    assert browser.value(viewing.SELECTED) == "dumps"
    browser.press("Enter")
    assert browser.value(viewing.SELECTED) == "JSONEncoder.encode"
    browser.press("Escape")
    assert browser.value(viewing.FOUND) == ""
    assert browser.value("document.querySelector('#find').value") == ""


def test_recursion_is_found_once(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.find(browser, "_walk")
    assert browser.value(viewing.FOUND) == "1 function, 2.2 % (260 ms)"


def test_a_search_can_be_a_regular_expression(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.push(browser, ".*")
    viewing.find(browser, "^os\\.(mk|rm)dir$")
    assert browser.value(viewing.FOUND).startswith("2 functions, ")
    viewing.find(browser, "os.(")
    assert browser.value(viewing.FOUND) == "no regular expression"
    assert browser.value("document.querySelector('#find').getAttribute('aria-invalid')") == "true"
    viewing.push(browser, ".*")
    assert browser.value(viewing.FOUND) == "nothing found"
    viewing.push(browser, "Reset")
    assert browser.value(viewing.FOUND) == ""


def test_what_was_found_is_walked_through_and_zoomed_to(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.find(browser, "_load_unlocked")
    browser.value("document.querySelector('canvas').focus()")
    browser.press("n")
    assert browser.value(viewing.SELECTED) == "_load_unlocked"
    assert browser.value(viewing.ZOOMED) == "_find_and_load", "it was too narrow to be seen"
    assert viewing.width_of(browser, "_load_unlocked") > 0.3


def test_upside_down_the_root_is_the_lowest(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    _, high = viewing.middle_of(browser, "all")
    viewing.push(browser, "Upside down")
    _, low = viewing.middle_of(browser, "all")
    assert low > high + 200
    browser.mouse("mouseMoved", *viewing.middle_of(browser, "fork_exec"))
    assert browser.value(viewing.DETAILS).startswith("fork_exec")
    browser.value("document.querySelector('canvas').focus()")
    browser.press("ArrowUp")
    browser.press("ArrowUp")
    assert browser.value(viewing.SELECTED) == "Workflow.time_workflow", "the arrows go where they point"
    viewing.click(browser, "Service.told")
    assert browser.value(viewing.ZOOMED) == "Service.told"
    viewing.push(browser, "Upside down")
    assert viewing.width_of(browser, "Service.told") == pytest.approx(1)


def test_functions_are_a_table_that_can_be_sorted(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    assert browser.value(ROWS)[:2] == ["fork_exec", "__vfork"]
    assert browser.value("document.querySelector('#table tbody tr').innerText").split() == [
        "fork_exec", "1.18", "s", "9.9", "%", "2.38", "s", "20", "%",
    ]  # fmt: skip
    viewing.push(browser, "inclusive")
    assert browser.value(ROWS)[:2] == ["Workflow.time_workflow", "Guard.__call__"]
    assert browser.value("document.querySelector('#table [aria-sort]').innerText").startswith("inclusive")
    viewing.push(browser, "inclusive")
    assert (
        browser.value("document.querySelector('#table [aria-sort]').getAttribute('aria-sort')") == "ascending"
    )
    viewing.push(browser, "function")
    names = browser.value(ROWS)
    assert names == sorted(names)
    assert len(names) == 25
    viewing.push(browser, "Show more")
    assert len(browser.value(ROWS)) == len(sample.flame_graph().functions)
    assert browser.value("document.activeElement.className") == "frame-name", (
        "the focus is on the first new row"
    )


def test_a_function_of_the_table_is_shown_in_the_picture(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    viewing.push(browser, "Connection.execute")
    assert browser.value(viewing.SELECTED) == "Connection.execute"
    assert browser.value(viewing.FOUND) == "1 function, 11 % (1.32 s)"
    assert browser.value("document.activeElement.tagName") == "CANVAS"


def test_the_legend_says_what_each_kind_of_code_takes(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    assert browser.value("[...document.querySelectorAll('#legend li')].map((one) => one.textContent)") == [
        "own code≈ 12 %", "libraries≈ 6.6 %", "standard library≈ 16 %", "interpreter and native code≈ 65 %",
    ]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_in_a_box_stands_out_from_it(browser: Chromium, opened: Open, *, dark: bool) -> None:
    browser.prefer(dark=dark)
    opened(PAGE)
    least = """(() => {
      const numbers = (colour) => colour.match(/\\d+/g).map(Number);
      const { full, faded } = perfbench.viewer.page.look.palette();
      return Math.min(...[...full, ...faded].flatMap(({ fill, ink, quiet }) =>
        [ink, quiet].map((text) => perfbench.contrast(numbers(text), numbers(fill)))));
    })()"""
    assert browser.value(least) >= 4.5


def test_it_is_dark_for_those_who_like_it_dark(browser: Chromium, opened: Open) -> None:
    opened(PAGE)
    light = browser.value(viewing.PICTURE)
    browser.prefer(dark=True)
    browser.until(f"{viewing.PICTURE} !== '{light}'")
    assert browser.value("perfbench.luminance(perfbench.colour('paper'))") < 0.05


@pytest.mark.parametrize("page", ["usual", "hostile"])
def test_nothing_reaches_beyond_a_phones_screen(browser: Chromium, opened: Open, page: str) -> None:
    browser.resize(390, 844)
    opened(PAGE if page == "usual" else flame_page(sample.hostile_graph(), sample.hostile_manifest()))
    browser.value("document.querySelector('.frame-name').click()")
    viewing.still(browser)
    assert browser.value("document.documentElement.scrollWidth") <= 390
    assert browser.value(viewing.COLOURS) > 5


def test_a_first_tap_tells_and_a_second_one_zooms(browser: Chromium, opened: Open) -> None:
    browser.resize(390, 844)
    opened(PAGE)
    x, y = viewing.middle_of(browser, "Service.exec")
    tap = (
        "document.querySelector('canvas').dispatchEvent(new PointerEvent('click', "
        f"{{ pointerType: 'touch', bubbles: true, clientX: {x}, clientY: {y} }}))"
    )
    browser.value(tap)
    assert (browser.value(viewing.SELECTED), browser.value(viewing.ZOOMED)) == ("Service.exec", "all")
    browser.value(tap)
    viewing.still(browser)
    assert browser.value(viewing.ZOOMED) == "Service.exec"


def test_names_full_of_html_are_texts(browser: Chromium, opened: Open) -> None:
    opened(flame_page(sample.hostile_graph(), sample.hostile_manifest()))
    assert browser.value("document.querySelectorAll('main b, main i, main script').length") == 0
    assert browser.value("document.title").startswith("</script><script>")
    assert browser.value(ROWS) == [sample.HOSTILE]
    browser.mouse("mouseMoved", *viewing.middle_of(browser, sample.HOSTILE))
    assert browser.value(viewing.DETAILS).startswith(sample.HOSTILE)


def test_a_deep_stack_is_scrolled_to_where_the_keyboard_goes(browser: Chromium, opened: Open) -> None:
    frames, chain = [Frame(f"call_{number}") for number in range(1000)], [ROOT, *range(1000)]
    weights = [float(2000 - depth) for depth in range(1001)]
    opened(flame_page(FlameGraph("deep", "samples", frames, chain, chain, weights)))
    browser.value("document.querySelector('canvas').focus()")
    for _ in range(45):
        browser.press("ArrowDown")
    name = browser.value(viewing.SELECTED)
    assert name == "call_43"
    assert 0 < browser.value("perfbench.viewer.picture.box(perfbench.viewer.picture.selected).top") < 700
    assert browser.value("document.querySelector('canvas').height") < 1000
    browser.press("Enter")
    viewing.still(browser)
    assert len(browser.value(viewing.PATH)) == 7


@pytest.mark.parametrize("weights", [[0.0], [0.0, 0.0], [1.0, 1e-300], [1e300, 1e299]], ids=str)
def test_profiles_of_next_to_nothing_are_pages_as_well(
    browser: Chromium, opened: Open, weights: list[float]
) -> None:
    parent = [ROOT, *range(len(weights) - 1)]
    graph = FlameGraph("odd", "bytes", [Frame("call")], parent, [ROOT, 0][: len(weights)], weights)
    opened(flame_page(graph))
    browser.value("document.querySelector('canvas').focus()")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter", "ArrowUp", "Escape", "Home"):
        browser.press(key)
    assert browser.value(viewing.ZOOMED) == "all"


def test_boxes_lie_within_their_callers_and_beside_one_another(browser: Chromium, opened: Open) -> None:
    opened(flame_page(replace(sample.large_graph(3000, 500), left_out=5)))
    wrong = """(() => {
      const { tree } = perfbench.viewer, [start] = tree.start, [total] = tree.total, slack = 1e-9 * total[0];
      let wrong = 0;
      for (let node = 1; node < tree.size; node += 1) {
        const above = tree.parent[node], end = start[above] + total[above];
        if (start[node] < start[above] - slack || start[node] + total[node] > end + slack) wrong += 1;
      }
      for (const row of tree.rows[0]) row.forEach((node, place) => {
        if (place && start[row[place - 1]] + total[row[place - 1]] > start[node] + slack) wrong += 1;
        if (tree.at(0, tree.depth[node], start[node] + total[node] / 2) !== node) wrong += 1;
      });
      return wrong;
    })()"""
    assert browser.value(wrong) == 0
    assert browser.value("perfbench.viewer.tree.rows[0].flat().length") > 1000
