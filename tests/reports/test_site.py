"""The site of a history: what it writes, and that names from outside stay text."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.model import BenchmarkId, Metric
from perfbench.model_history import Change, Direction, PlacedChange, SeriesKey, SeriesReport, Timeline
from perfbench.reports.asv_site.details import AsvDetails
from perfbench.reports.asv_site.writing import write_data
from perfbench.reports.site import alert_list, atom, wording
from perfbench.reports.site.commit_order import commit_order
from perfbench.reports.site.page_names import page_key, page_names
from perfbench.reports.site.script_data import rounded, script
from perfbench.reports.site.writing import STATIC, write_site

from . import site_sample
from .golden import assert_golden

ATOM = "{http://www.w3.org/2005/Atom}"
TEXTS = st.text(max_size=60)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the history in which everything occurs."""
    folder = tmp_path_factory.mktemp("site")
    report = site_sample.full_report()
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    write_site(report, order, folder)
    return folder


def data_of(path: Path) -> Any:
    """What a script hands to its page."""
    match = re.fullmatch(r"perfbench\.\w+\((.*)\);\n", path.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def indented(path: Path) -> str:
    """The data of a script, laid out to be read."""
    return json.dumps(data_of(path), indent=1, ensure_ascii=False) + "\n"


def test_the_data_of_the_first_page_reads_as_it_did(site: Path) -> None:
    assert_golden("site_overview.json", indented(site / "data" / "overview.js"))


def test_the_feed_reads_as_it_did(site: Path) -> None:
    assert_golden("site_alerts.atom", (site / "alerts.atom").read_text(encoding="utf-8"))


def test_the_list_of_alerts_reads_as_it_did(site: Path) -> None:
    assert_golden("site_alerts.json", (site / "alerts.json").read_text(encoding="utf-8"))


def test_the_data_of_a_page_reads_as_it_did(site: Path) -> None:
    (path,) = (site / "data" / "benchmark").glob("api.requests*.js")
    assert_golden("site_benchmark.json", indented(path))


def test_every_benchmark_has_its_page_data_and_nothing_else_lies_there(site: Path) -> None:
    report = site_sample.full_report()
    names = page_names(one.series.key for one in report.reports)
    assert {path.stem for path in (site / "data" / "benchmark").iterdir()} == set(names.values())
    assert {path.name for path in site.iterdir() if path.is_file()} == {
        *STATIC, "index.html", "benchmark.html", "alerts.atom", "alerts.json",
    }  # fmt: skip


def test_pages_allow_nothing_that_does_not_lie_beside_them(site: Path) -> None:
    for name in ("index.html", "benchmark.html"):
        page = (site / name).read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in page
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
        assert not re.search(r"<script>|\son\w+=|style=", page)


def test_the_projects_name_is_text_in_the_pages(tmp_path: Path) -> None:
    report = replace(site_sample.full_report(), project="<script>alert(1)</script>")
    write_site(report, commit_order((), (one.series for one in report.reports)), tmp_path)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_no_script_of_ours_makes_html_of_text(site: Path) -> None:
    for name in STATIC:
        if name.endswith(".js"):
            code = (site / name).read_text(encoding="utf-8").replace("`innerHTML` occurs nowhere", "")
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", code
            )


def test_scripts_stay_far_below_a_megabyte(site: Path) -> None:
    assert sum((site / name).stat().st_size for name in STATIC) < 150_000


def test_an_address_that_is_none_makes_no_links(tmp_path: Path) -> None:
    report = replace(site_sample.full_report(), commit_url="javascript:alert(1)//")
    write_site(report, commit_order((), (one.series for one in report.reports)), tmp_path)
    assert data_of(tmp_path / "data" / "commits.js")["url"] == ""


def test_a_history_without_series_is_a_site_as_well(tmp_path: Path) -> None:
    report = replace(site_sample.full_report(), reports=(), timelines={})
    write_site(report, commit_order((), ()), tmp_path)
    assert data_of(tmp_path / "data" / "overview.js")["rows"] == []
    assert ElementTree.fromstring((tmp_path / "alerts.atom").read_text()).findall(f"{ATOM}entry") == []  # noqa: S314


def test_progress_counts_pages_to_the_last(tmp_path: Path) -> None:
    report, told = site_sample.full_report(), list[tuple[int, int]]()
    order = commit_order((), (one.series for one in report.reports))
    write_site(report, order, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(number + 1, 7) for number in range(7)]


@given(TEXTS)
def test_no_text_ends_a_script(text: str) -> None:
    made = script("data", [text.encode("utf-8", "replace").decode()])
    assert b"<" not in made
    assert json.loads(made.removeprefix(b"perfbench.data(").removesuffix(b");\n")) == [
        text.encode("utf-8", "replace").decode()
    ]


@given(st.lists(st.floats(allow_infinity=True, allow_nan=True), max_size=20))
def test_values_keep_six_digits_and_what_is_no_number_is_none(values: list[float]) -> None:
    for value, found in zip(values, rounded(np.array(values, dtype=float)), strict=True):
        if not np.isfinite(value):
            assert found is None
        else:
            assert found == pytest.approx(value, rel=1e-5, abs=1e-300)


@given(TEXTS, TEXTS, TEXTS)
@settings(max_examples=30, deadline=None)
def test_any_name_makes_a_site(name: str, value: str, machine: str) -> None:
    key = SeriesKey(BenchmarkId(name, name, ((value, value),)), Metric(name, value), machine, value, name)
    series = site_sample.series(key, [1.0, 1.0, 2.0, 2.0])
    placed = site_sample.placed(series, 2, direction=Direction.CHANGE)
    alert = site_sample.alert(placed, value)
    page = page_names([key])[page_key(key)]
    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]*", page)
    feed = ElementTree.fromstring(atom.render(name, [alert], 0.0))  # noqa: S314
    assert len(feed.findall(f"{ATOM}entry")) == 1
    assert json.loads(alert_list.render(name, [alert], 0.0))["alerts"][0]["metric"]["name"] is not None


def test_pages_of_different_benchmarks_have_different_names_whatever_the_file_system() -> None:
    names = ["a.B", "a.b", "a/b", "a b", "../../etc/passwd", "", ".", "é"]
    keys = [SeriesKey(BenchmarkId("p", name), site_sample.TIME, "m", "e") for name in names]
    found = page_names(keys)
    assert len(set(found.values())) == len(names)
    assert not any("/" in name or name.startswith(".") for name in found.values())


def test_a_page_keeps_its_name_when_others_come_or_go() -> None:
    keys = [SeriesKey(BenchmarkId("p", name), site_sample.TIME, "m", "e") for name in ("a", "A")]
    assert page_names(keys)[page_key(keys[0])] == page_names(keys[:1])[page_key(keys[0])]


def test_feed_has_what_rfc_4287_asks_for(site: Path) -> None:
    feed = ElementTree.parse(site / "alerts.atom").getroot()  # noqa: S314
    for parent in (feed, *feed.findall(f"{ATOM}entry")):
        for tag in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{tag}")) == 1
        assert str(parent.findtext(f"{ATOM}id")).startswith("urn:uuid:")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(parent.findtext(f"{ATOM}updated")))
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "perfbench"
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids) == 4


def test_an_entry_keeps_its_id_when_the_numbers_move() -> None:
    report = site_sample.full_report()
    (alert, *_) = [alert for one in report.reports for alert in one.alerts]
    moved = replace(alert, accepted="yes", placed=replace(alert.placed, date=alert.placed.date + 1))
    first, second = (ElementTree.fromstring(atom.render("p", [each], 0.0)) for each in (alert, moved))  # noqa: S314
    assert first.findtext(f"{ATOM}entry/{ATOM}id") == second.findtext(f"{ATOM}entry/{ATOM}id")


def test_sureness_is_never_rounded_up_to_certainty() -> None:
    series = site_sample.series(site_sample.key("a.b"), [1.0, 2.0])
    change = site_sample.placed(series, 1, direction=Direction.REGRESSION).change
    shown = {0.9: "90 %", 0.956: "95.6 %", 0.99879: "99.87 %", 0.99999: "> 99.99 %", 1.0: "> 99.99 %"}
    assert {share: wording.sureness(replace(change, sureness=share)) for share in shown} == shown


def test_a_change_between_two_measured_commits_names_both() -> None:
    series = site_sample.series(site_sample.key("a.b"), [1.0, 2.0])
    exact = site_sample.placed(series, 1, direction=Direction.REGRESSION)
    assert wording.commits(exact) == site_sample.commit(1)[:8]
    wide = replace(exact, between=("x",))
    assert wording.commits(wide) == f"{site_sample.commit(0)[:8]}…{site_sample.commit(1)[:8]}"


def test_commits_keep_the_order_of_their_branch_when_clocks_go_backwards() -> None:
    main = Timeline("main", ("a", "b", "c", "d"), (10.0, 5.0, 7.0, 20.0))
    side = Timeline("side", ("a", "b", "e"), (10.0, 5.0, 12.0))
    order = commit_order((main, side), ())
    assert [commit for commit in order.hashes if commit != "e"] == ["a", "b", "c", "d"]
    assert order.numbers["b"] < order.numbers["e"] < order.numbers["d"]


@given(
    st.lists(st.floats(0, 1e9), min_size=1, max_size=30),
    st.integers(0, 29),
    st.lists(st.floats(0, 1e9), max_size=9),
)
def test_one_order_serves_two_branches_of_one_beginning(
    dates: list[float], fork: int, more: list[float]
) -> None:
    trunk = [f"c{number}" for number in range(len(dates))]
    branch = [*trunk[: fork + 1], *(f"d{number}" for number in range(len(more)))]
    timelines = (
        Timeline("main", tuple(trunk), tuple(dates)),
        Timeline("side", tuple(branch), (*dates[: fork + 1], *more)),
    )
    numbers = commit_order(timelines, ()).numbers
    for commits in (trunk, branch):
        places = [numbers[commit] for commit in commits]
        assert places == sorted(places)


def test_commits_on_no_branch_stand_by_their_date() -> None:
    series = site_sample.series(site_sample.key("a.b"), [1.0, 1.0, 1.0])
    order = commit_order((), [replace(series, commits=("z", "y", "x"))])
    assert order.hashes == ("z", "y", "x")


def test_problems_of_series_are_listed_with_those_of_the_import(site: Path) -> None:
    listed = data_of(site / "data" / "overview.js")["problems"]
    assert ["files.Write.time_fsync", "has one point only"] in listed
    assert len(listed) == 3


def test_series_without_points_is_listed(site: Path) -> None:
    rows = [
        row for row in data_of(site / "data" / "overview.js")["rows"] if row[1] == "files.Write.time_open"
    ]
    assert len(rows) == 1
    assert rows[0][8:11] == [0, "", ""]


def test_two_metrics_of_one_name_have_two_pages(tmp_path: Path) -> None:
    first = SeriesReport(site_sample.series(site_sample.key("a.b"), [1.0, 2.0]))
    second = SeriesReport(site_sample.series(site_sample.key("a.b", site_sample.PEAK), [1.0, 2.0]))
    report = replace(site_sample.full_report(), reports=(first, second))
    write_site(report, commit_order((), (first.series, second.series)), tmp_path)
    assert len(list((tmp_path / "data" / "benchmark").iterdir())) == 2


ODD = st.sampled_from([0.0, -1.0, 1e-308, 5e-324, 1e308, -1e308, 1.0, 1.0, 3.5e-9])


@given(st.lists(st.tuples(ODD, ODD, st.sampled_from(["", "1", "2"])), max_size=12), st.integers(1, 11))
@settings(max_examples=25, deadline=None)
def test_any_points_make_both_sites(points: list[tuple[float, float, str]], at: int) -> None:
    series = site_sample.series(site_sample.key("a.b", engine="x"), [value for value, _, _ in points])
    bounds = np.array([bound for _, bound, _ in points], dtype=float)
    series = replace(
        series, low=bounds, high=np.full(len(points), np.nan), versions=[v for _, _, v in points]
    )
    one = SeriesReport(series)
    if at < len(points):
        none = float("nan")
        change = Change(at, at, at, 0.0, 1.0, none, none, none, 1.0, 0.99, Direction.REGRESSION)
        placed = PlacedChange(series.key, change, series.commits[at - 1], series.commits[at], 0.0)
        one = SeriesReport(series, (placed,), (site_sample.alert(placed),))
    report = replace(site_sample.full_report(), reports=(one,))
    order = commit_order(report.timelines.values(), [series])
    with tempfile.TemporaryDirectory() as folder:
        write_site(report, order, Path(folder))
        write_data(report, order, Path(folder), AsvDetails())
        assert (Path(folder) / "index.html").is_file()
        written = [json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).rglob("*.json")]
        assert any("graph_param_list" in one for one in written), "asv's index is there"
