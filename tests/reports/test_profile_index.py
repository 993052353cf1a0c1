"""The list of profiles: every profile is found, the newest first, and no name of one leads anywhere else."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

from perfbench.reports.profile_index import NO_MANIFEST, IndexEntry, index_page

from .chromium import Chromium
from .flame_graph import sample

DAY = 86_400.0


def entry(benchmark: str, day: int, title: str = "py-spy, wall", *, differential: bool = False) -> IndexEntry:
    """A profile that was taken so many days after the first."""
    manifest = replace(sample.manifest(), benchmark=benchmark, started=1.76e9 + day * DAY)
    folder = f"{day}-{benchmark}"
    return IndexEntry(manifest, folder, f"{folder}/flame-graph.html", differential, title, manifest.started)


ENTRIES = [
    entry("api.Requests.time_exec", 1), entry("files.Write.time_fsync(runc)", 2), entry("api.Requests.time_exec", 3),
    entry("api.Requests.time_exec", 2, "base against head", differential=True),
    IndexEntry(None, "odd", "odd/flame-graph.html", False, "odd", 1.9e9),
]  # fmt: skip


def headings(page: str) -> list[str]:
    """The headings of groups, as they are read."""
    return [unescape(one.replace("<wbr>", "")) for one in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]


def test_the_benchmark_with_the_newest_profile_stands_first() -> None:
    page = index_page(ENTRIES)
    assert headings(page) == ["api.Requests.time_exec", "files.Write.time_fsync(runc)", NO_MANIFEST]
    assert re.findall(r'<span class="when">(.*?) \d\d:\d\d UTC', page)[:3] == [
        "2025-10-12",
        "2025-10-11",
        "2025-10-10",
    ]
    assert "5 profiles" in page


def test_every_profile_is_linked_with_what_it_rests_on() -> None:
    page = index_page(ENTRIES)
    for one in ENTRIES:
        assert f'href="./{one.page.replace("(", "%28").replace(")", "%29")}"' in page
    assert page.count('<span class="tag">differential</span>') == 1
    assert page.count("10,127 samples in 10 s, 412 calls · overhead +3.1 % (+1.2 … +5), 12 slices") == 4


def test_names_are_texts_and_paths_are_paths() -> None:
    evil = IndexEntry(
        sample.hostile_manifest(),
        "//evil.example/",
        "javascript:alert(1)",
        False,
        sample.HOSTILE,
        float("nan"),
    )
    page = index_page([evil])
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"<b>|<img|<script", bare)
    assert {link[:2] for link in re.findall(r'href="([^"]*)"', bare)} == {"#m", "./", "da"}


def test_a_profile_without_a_flame_graph_is_listed_all_the_same() -> None:
    page = index_page([replace(ENTRIES[0], page="", title="raw alone")])
    assert '<span class="name">raw alone</span>' in page
    assert page.count('href="./') == 1


def test_an_empty_folder_says_how_to_fill_it() -> None:
    page = index_page([])
    assert "0 profiles" in page
    assert "perfbench profile" in page


def test_a_thousand_profiles_are_filtered_and_fit_a_phone(browser: Chromium, tmp_path: Path) -> None:
    names = [f"module_{number % 40}.Suite.time_{number % 40}" for number in range(1000)]
    page = index_page([entry(name, number) for number, name in enumerate(names)])
    assert len(page) < 1_500_000
    path = tmp_path / "index.html"
    path.write_text(page, encoding="utf-8")
    browser.resize(390, 844)
    browser.open(f"file://{path}")
    assert browser.value("document.documentElement.scrollWidth") <= 390
    assert browser.value("document.querySelectorAll('.group').length") == 40
    shown = "[...document.querySelectorAll('.group:not([hidden]) li:not([hidden])')].length"
    browser.press("/")
    for letter in "TIME_7":
        browser.press(letter)
    assert browser.value("document.activeElement.value") == "TIME_7"
    assert browser.value(shown) == 25
    assert browser.value("document.querySelector('#count').textContent") == "25 of 1,000 profiles"
    browser.value("document.querySelector('#filter').focus()")
    browser.press("Escape")
    assert browser.value(shown) == 1000
    assert browser.console == []
    assert [url for url in browser.requests if url != "about:blank"] == [f"file://{path}"]
