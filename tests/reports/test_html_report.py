"""The report as a page: what moved and why in sight, harmless whatever it is told, and at home on a phone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from perfbench.model import ExplainingFrame, Explanation, Finding, Outcome, Report
from perfbench.reports import html_report

from . import sample
from .chromium import Chromium
from .golden import assert_golden

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e\"'&"


def hostile_report() -> Report:
    """A report in which every text comes from somebody who means harm."""
    row = sample.row(HOSTILE, HOSTILE)
    verdict = replace(
        sample.judged(Outcome.REGRESSED, sample.compared(row, 1.0, 1.5)), reason=HOSTILE, rule=HOSTILE
    )
    frame = ExplainingFrame(HOSTILE, HOSTILE, 7.0, HOSTILE)
    return replace(
        sample.full_report(),
        verdicts=(verdict, replace(verdict, outcome=Outcome.SKIPPED, comparison=None)),
        findings=(Finding("check", HOSTILE, HOSTILE),),
        warnings=(HOSTILE,),
        explanations=(Explanation(row, HOSTILE, (frame,), page=f"javascript:alert(1)//{HOSTILE}"),),
    )


@pytest.mark.parametrize("make", [sample.full_report, sample.head_only_report, sample.baseline_report])
def test_the_report_reads_as_it_did(make: Callable[[], Report]) -> None:
    shown = html_report.body(make(), Path("reports")).replace("><", ">\n<")
    assert_golden(f"{make.__name__.removesuffix('_report')}.html", shown + "\n")


def test_a_regression_names_its_frames_and_links_its_flame_graph_from_where_the_page_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = html_report.render(sample.full_report(), tmp_path / "out" / "deep")
    assert re.search(r"93 %</span><span><code>wait_ready</code>", page)
    (link,) = re.findall(r'href="([^"]*differential[^"]*)"', page)
    assert link.startswith("./../../profiles/container.Lifecycle")
    assert "does not explain it: under the profiler head takes no more than base." in page


def test_a_row_without_a_profile_has_no_reason_invented() -> None:
    page = html_report.render(replace(sample.full_report(), explanations=()))
    assert 'class="why"' not in page


def test_nothing_that_it_is_told_becomes_markup() -> None:
    page = html_report.render(hostile_report())
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert page.count("<script") == 0
    assert "script-src 'none'" in page
    assert not re.search(r"<script|<img|\x1b|\u202e", bare)
    assert not re.search(r"<[^>]*\s(src|srcset|style|on\w+)=", bare.replace("data:image", ""))
    assert all(link.startswith(("./", "#main", "data:image")) for link in re.findall(r'href="([^"]*)"', bare))


def test_changes_share_one_scale_and_none_leaves_the_picture() -> None:
    rows = [
        sample.judged(Outcome.REGRESSED, sample.compared(sample.row(f"bench.time_{n}"), 1.0, ratio))
        for n, ratio in enumerate((1.5, 0.5, 1e9, 1e-9))
    ]
    page = html_report.render(replace(sample.full_report(), verdicts=tuple(rows)))
    more, less, *far = middles(page)
    assert far == [152.0, 8.0]
    assert 80 < more < 152
    assert 8 < less < 80
    assert "from −94 % to +1500 %; what lies beyond is drawn to its end" in page


def middles(page: str) -> list[float]:
    """Where the changes of a page lie in their pictures."""
    return [float(place) for place in re.findall(r'<line x1="([^"]*)"', page)]


@pytest.mark.parametrize("bounds", [(0.0, math.inf), (math.nan, math.nan), (-1.0, 2.0)])
def test_a_row_whose_bounds_say_nothing_leaves_the_others_their_scale(bounds: tuple[float, float]) -> None:
    known = sample.compared(sample.row("bench.time_known"), 1.0, 1.08)
    vague = replace(known, benchmark=sample.row("bench.time_vague"), low=bounds[0], high=bounds[1])
    rows = tuple(sample.judged(Outcome.INCONCLUSIVE, one) for one in (known, vague))
    page = html_report.render(replace(sample.full_report(), verdicts=rows))
    assert middles(page)[0] > (110 if bounds[1] != 2.0 else 85)
    assert "nan" not in page
    assert "inf" not in page


def test_without_a_change_no_scale_is_told() -> None:
    assert "Changes with their intervals" in html_report.render(sample.full_report())
    assert "Changes with their intervals" not in html_report.render(sample.head_only_report())


@pytest.mark.parametrize("width", [1280, 700, 390])
def test_it_fits_its_window_and_asks_nobody_for_anything(
    browser: Chromium, tmp_path: Path, width: int
) -> None:
    for name, report in (("full", sample.full_report()), ("hostile", hostile_report())):
        path = tmp_path / f"{name}.html"
        path.write_text(html_report.render(report, tmp_path), encoding="utf-8")
        browser.resize(width, 900)
        browser.requests.clear()
        browser.open(f"file://{path}")
        browser.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert browser.value("getComputedStyle(document.querySelector('.worse .size')).color") != (
            browser.value("getComputedStyle(document.body).color")
        )
        assert browser.console == []
        assert [url for url in browser.requests if url != "about:blank"] == [f"file://{path}"]
