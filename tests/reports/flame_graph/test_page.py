"""Pages as files: nothing in them asks for anything, runs what it should not, or takes a text for more than a text."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model_profile import ROOT, FlameGraph, Frame, FunctionShare
from perfbench.reports.flame_graph.differential import differential_page
from perfbench.reports.flame_graph.page import flame_page
from perfbench.reports.html_document import FLAME_GRAPH, REPORTS, relative

from . import sample

PAGES = {
    "flame": flame_page(sample.flame_graph(), sample.manifest()),
    "differential": differential_page(
        sample.differential_graph(), sample.manifest("base"), sample.manifest("head", "3f2c1ab8" * 5)
    ),
    "hostile": flame_page(sample.hostile_graph(), sample.hostile_manifest()),
}
TEXTS = st.text(max_size=40)


def data_of(page: str) -> Any:
    """The data that a page holds."""
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(block)


def words_of(page: str) -> str:
    """The text of a page, without its script, style and data."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare.replace("<wbr>", ""))).split())


@pytest.mark.parametrize("name", PAGES)
def test_only_the_scripts_and_styles_with_the_stated_hashes_may_run(name: str) -> None:
    page = PAGES[name]
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" for part in (script, style)]
    assert policy == (
        f"default-src 'none'; script-src {hashes[0]}; style-src {hashes[1]}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert len(re.findall(r"<script|<style", page)) == 3


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_nothing_that_would_be_loaded(name: str) -> None:
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", PAGES[name], flags=re.DOTALL)
    assert not re.search(r"\s(src|srcset|style|on\w+)=", re.sub(r"data:image[^\"]*", "", bare))
    for link in re.findall(r'href="([^"]*)"', bare):
        assert link.startswith(("./", "#main", "data:image/svg+xml,"))


def test_no_script_of_ours_makes_html_of_text() -> None:
    folders = [resources.files(package).joinpath("static") for package in (REPORTS, FLAME_GRAPH)]
    scripts = [
        one.read_text(encoding="utf-8")
        for folder in folders
        for one in folder.iterdir()
        if one.name.endswith(".js")
    ]
    assert len(scripts) == 9
    for script in scripts:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script
        )


def test_hostile_texts_are_shown_as_they_are() -> None:
    page = PAGES["hostile"]
    assert len(re.findall(r"</script", page)) == 2
    assert "<b>'" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert page.encode("utf-8")
    assert sample.HOSTILE in words_of(page)
    assert 'href="./javascript%3Aalert%281%29"' in page
    assert 'href=".///evil.example/x"' in page


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "\\\\evil", "a b?c#d", "\ud800", "/etc"]
)
def test_a_path_is_an_address_below_the_page(path: str) -> None:
    assert re.fullmatch(r"\./[A-Za-z0-9%/._~-]*", relative(path))


@given(TEXTS, TEXTS, TEXTS)
@settings(max_examples=40, deadline=None)
def test_any_texts_make_a_page_with_its_three_elements(title: str, function: str, note: str) -> None:
    frame = Frame(function, title, 1)
    functions = [FunctionShare(frame, 1.0, 1.0)]
    graph = FlameGraph(title, "seconds", [frame], [ROOT, 0], [ROOT, 0], [1.0, 1.0], 0, [note], functions)
    page = flame_page(graph)
    assert len(re.findall(r"</(?:script|style)", page)) == 3
    assert data_of(page)["tree"]["own"] == [[0, 1]]


def test_the_heading_says_what_was_measured_and_how_surely() -> None:
    words = words_of(PAGES["flame"])
    assert "workflow.Workflow.time_workflow (http) 11.9 s" in words
    assert (
        "py-spy 0.4.1, wall · 10,127 samples in 10 s, 412 calls · overhead +3.1 % (+1.2 … +5), 12 slices"
        in words
    )
    assert "The harness's own work is left out." in words
    assert "37 boxes are too small to be drawn" in words
    assert "machine lab, AMD EPYC 7B13, 8 cores, 16 GiB" in words
    assert "Beside this page: raw · speedscope · summary" in words


def test_a_page_of_two_profiles_says_by_what_both_were_divided() -> None:
    words = words_of(PAGES["differential"])
    assert "59.4 ms → 69.1 ms, +16 %" in words
    assert "base main (9d0e77c4) → head 3f2c1ab8+changes" in words
    assert "Normalised: both sides per call, by 412 calls of base and 388 of head" in words
    assert "base: py-spy 0.4.1" in words
    assert "commit 9d0e77c4 (main) 3f2c1ab8+changes (working tree)" in words


def test_pages_need_no_manifest() -> None:
    assert "How it was taken" not in flame_page(sample.flame_graph())
    assert "How it was taken" in differential_page(sample.differential_graph(), head=sample.manifest("head"))


def test_every_note_is_said_once() -> None:
    note = "1 % of the samples could not be read."
    assert all(PAGES[name].count(note) == 1 for name in ("flame", "differential"))
    graph = replace(sample.flame_graph(), notes=sample.manifest().notes)
    assert flame_page(graph, sample.manifest()).count(note) == 1


def test_a_page_does_not_link_to_itself() -> None:
    manifest = replace(sample.manifest(), files={"flame_graph": "flame-graph.html"})
    assert "Beside this page" not in flame_page(sample.flame_graph(), manifest)


def test_the_data_holds_both_sides_and_exact_wholes() -> None:
    graph = sample.differential_graph()
    data = data_of(PAGES["differential"])
    assert data["whole"] == [graph.base[0], graph.head[0]]
    assert len(data["tree"]["own"]) == 2
    assert [sum(own) for own in data["tree"]["own"]] == pytest.approx(data["whole"], rel=1e-6)
    assert len(data["moved"]) == len(graph.moved)


def test_a_page_of_fifty_thousand_boxes_stays_small() -> None:
    page = flame_page(sample.large_graph(50_000, 20_000))
    assert len(page.encode("utf-8")) < 5_000_000
    assert len(data_of(page)["tree"]["frame"]) == 50_000
