"""asv's own site: what is written is what `asv publish` writes, and asv's page shows it without a network."""

from __future__ import annotations

import json
import math
import subprocess
import threading
from collections import defaultdict
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perfbench.commands.asv_details import asv_details
from perfbench.commands.preview import PreviewServer
from perfbench.errors import MissingComponentError
from perfbench.model import BenchmarkId, Metric
from perfbench.model_history import (
    Alert,
    AlertRule,
    Direction,
    HistoryReport,
    Series,
    SeriesKey,
    SeriesReport,
    Timeline,
)
from perfbench.reports.asv_site import static_files
from perfbench.reports.asv_site.details import AsvBenchmark, AsvDetails
from perfbench.reports.asv_site.layout import benchmark_names, graph_path
from perfbench.reports.asv_site.writing import write_asv_site, write_data
from perfbench.reports.site.commit_order import commit_order
from perfbench.results.asv_tree import survey

from . import site_sample
from .asv_project import START, Project, asv_publish, made_results, make_project
from .chromium import EXECUTABLE, MISSING, Chromium

COUNT = 12
DATES = [START + 3600 * number for number in range(COUNT)]
SECONDS = Metric("time", "seconds")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository of 12 commits, one tagged, with the results of two machines."""
    made, hashes = make_project(tmp_path_factory.mktemp("asv") / "project", DATES)
    subprocess.run(["git", "tag", "v1", hashes[4]], cwd=made.folder, check=True)
    made_results(made, hashes, DATES, machines=2)
    return made


@pytest.fixture(scope="module")
def theirs(project: Project) -> Path:
    """The site of `asv publish`."""
    if find_spec("asv") is None:
        pytest.skip("asv is not installed: pip install 'perfbench-gate[asv]'")
    target = project.folder / "theirs"
    subprocess.run(asv_publish(project, target), cwd=project.folder, check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def ours(project: Project) -> Path:
    """The data that we write of the same tree."""
    target = project.folder / "ours"
    target.mkdir()
    report = read(project)
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    write_data(report, order, target, asv_details([project.results], complete=True))
    return target


def read(project: Project) -> HistoryReport:
    """The tree as series on `main`, with one change where the middle of a series lies."""
    points: dict[SeriesKey, list[tuple[str, float, float]]] = defaultdict(list)
    for run, result in survey(project.results).results():
        for one in result.side():
            key = SeriesKey(one.benchmark, one.metric, run.machine, run.environment, "main")
            summary = one.summary
            assert summary is not None
            assert summary.median is not None
            points[key].append((run.commit, run.date, summary.median))
    reports = []
    for key, found in points.items():
        values = np.array([value for _, _, value in found])
        version = f"v{key.benchmark.name.rpartition('_')[2]}"
        series = Series(
            key,
            tuple(commit for commit, _, _ in found),
            np.array([date for _, date, _ in found]),
            values,
            values,
            values,
            (version,) * len(values),
        )
        reports.append(SeriesReport(series))
    shown = subprocess.run(
        ["git", "rev-list", "--reverse", "main"],
        cwd=project.folder,
        check=True,
        capture_output=True,
        text=True,
    )
    commits = tuple(shown.stdout.split())
    main = Timeline("main", commits, tuple(map(float, DATES)), {commits[4]: "v1"})
    return HistoryReport("made", tuple(reports), {"main": main}, (), float(DATES[-1]), "#")


def graphs(folder: Path) -> dict[str, Any]:
    """Every file below `graphs/`, by its path."""
    return {
        str(path.relative_to(folder)): json.loads(path.read_text(encoding="utf-8"))
        for path in (folder / "graphs").rglob("*.json")
    }


def numbers_of(value: Any) -> list[float]:
    """All numbers in a file, in order; NaN for null."""
    if isinstance(value, list):
        return [number for item in value for number in numbers_of(item)]
    return [math.nan if value is None else float(value)]


def without_gaps(points: list[Any]) -> list[Any]:
    """Revisions at which nothing was measured: asv keeps those at which a benchmark failed."""
    return [point for point in points if not all(math.isnan(number) for number in numbers_of(point[1]))]


def test_the_graphs_are_those_that_asv_writes(ours: Path, theirs: Path) -> None:
    wanted, found = graphs(theirs), graphs(ours)
    assert set(found) == set(wanted)
    plain = {path for path in wanted if not path.endswith("/summary.json") and "/summary/" not in path}
    assert len(plain) == 2 * 48
    for path in plain:
        assert found[path] == without_gaps(wanted[path]), path


def test_the_small_graphs_of_the_grid_are_those_that_asv_draws(ours: Path, theirs: Path) -> None:
    wanted = {path: points for path, points in graphs(theirs).items() if "/summary/" in path}
    found = graphs(ours)
    assert len(wanted) == 48
    for path, points in wanted.items():
        assert numbers_of(found[path]) == pytest.approx(numbers_of(without_gaps(points)), rel=1e-9), path


def test_the_index_tells_what_asv_tells(ours: Path, theirs: Path) -> None:
    wanted, found = (json.loads((folder / "index.json").read_text()) for folder in (theirs, ours))
    for name in (
        "project",
        "revision_to_hash",
        "revision_to_date",
        "params",
        "tags",
        "hash_length",
    ):
        assert found[name] == wanted[name], name
    for facts in wanted["machines"].values():
        del facts["version"]  # that of the file
    assert found["machines"] == wanted["machines"]
    assert len(found["graph_param_list"]) == len(wanted["graph_param_list"]) == 2
    assert all(setting in found["graph_param_list"] for setting in wanted["graph_param_list"])
    assert set(found["benchmarks"]) == set(wanted["benchmarks"])
    for name, entry in wanted["benchmarks"].items():
        assert {key: found["benchmarks"][name][key] for key in entry} == entry
    assert [page[0] for page in found["pages"]] == [page[0] for page in wanted["pages"]]


def test_the_lists_hold_the_same_rows(ours: Path, theirs: Path) -> None:
    wanted, found = graphs(theirs), graphs(ours)
    lists = [path for path in wanted if path.endswith("/summary.json")]
    assert len(lists) == 2
    for path in lists:
        assert [(row["name"], row["idx"], row["pretty_name"]) for row in found[path]] == [
            (row["name"], row["idx"], row["pretty_name"]) for row in wanted[path]
        ]
        assert [set(row) for row in found[path]] == [set(row) for row in wanted[path]]


def test_regressions_are_ours_in_asvs_form(tmp_path: Path) -> None:
    report = site_sample.full_report()
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    write_data(report, order, tmp_path, AsvDetails())
    found = json.loads((tmp_path / "regressions.json").read_text())["regressions"]
    (row,) = [each for each in found if each[0].startswith("container.")]
    name, path, setting, place, latest, best, steps = row
    assert name == "container.Lifecycle.time_start(runc)"
    assert (tmp_path / path).is_file()
    assert setting == {"machine": "lab"}
    assert place == 0
    assert latest > best
    assert steps == [[None, 40, best, latest]]
    assert len(found) == 2, "what has recovered or was accepted is not open"


def test_points_of_an_older_version_of_a_benchmark_are_left_out(tmp_path: Path) -> None:
    series = site_sample.series(site_sample.key("bench.time_it"), [1.0, 1.1, 2.0, 2.1])
    report = replace(
        site_sample.full_report(), reports=(SeriesReport(replace(series, versions=("1", "1", "2", "2"))),)
    )
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    write_data(report, order, tmp_path, AsvDetails())
    (points,) = [
        value
        for path, value in graphs(tmp_path).items()
        if path.endswith("/bench.time_it.json") and "summary/" not in path
    ]
    assert points == [[2, 2.0], [3, 2.1]]


def test_what_benchmarks_json_no_longer_names_is_left_out_of_asvs_site_alone(tmp_path: Path) -> None:
    report = site_sample.full_report()
    entry = {"name": "command.Exec.time_echo", "params": [], "param_names": [], "unit": "seconds"}
    details = AsvDetails({"command.Exec.time_echo": AsvBenchmark(entry, {(): 0})}, complete=True)
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    write_data(report, order, tmp_path, details)
    assert list(json.loads((tmp_path / "index.json").read_text())["benchmarks"]) == ["command.Exec.time_echo"]


def test_names_that_asv_could_not_show_are_changed_and_stay_different() -> None:
    names = ["a/b", "a?b", "A_B", "<script>", "summary", "x" * 500, "", "two"]
    keys = [SeriesKey(BenchmarkId("p", name), SECONDS, "m", "e") for name in names]
    keys += [SeriesKey(BenchmarkId("p", "two"), Metric("mem", "bytes"), "m", "e")]
    found = list(benchmark_names(keys).values())
    assert len({name.lower() for name in found}) == len(keys)
    assert not any(character in name for name in found for character in "<>&\"'/?#%()")
    assert max(map(len, found)) < 255
    assert "summary" not in found


def test_a_graph_lies_where_asvs_script_looks_for_it() -> None:
    setting = {"machine": "a:b", "os": None, "branch": "", "python": "3.12"}
    assert (
        graph_path(setting, "bench.time_it") == "graphs/branch/machine-a_b/os-null/python-3.12/bench.time_it"
    )


def test_asvs_page_names_nothing_that_lies_elsewhere() -> None:
    page = (
        '<head>\n<script type="x">\n function js_load_failure() { }\n</script>\n'
        '<script src="https://cdn.example/npm/a.min.js" integrity="sha256-x" onerror="js_load_failure()"></script>\n'
        '<link rel="stylesheet" href="https://cdn.example/b.min.css" crossorigin="anonymous">\n'
        '<script language="javascript" src="asv.js"></script></head>'
    )
    made = static_files.offline(page)
    assert "http" not in made.replace("http-equiv", "")
    assert '<script src="vendor/a.min.js"></script>' in made
    assert '<link rel="stylesheet" href="vendor/b.min.css">' in made
    assert "js_load_failure" not in made
    assert "script-src 'self'" in made


def test_scripts_that_did_not_come_with_the_installation_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_files, "VENDOR", "nowhere")
    if find_spec("asv") is None:
        pytest.skip("asv is not installed: pip install 'perfbench-gate[asv]'")
    with pytest.raises(MissingComponentError, match=r"jquery-3.*install perfbench where npm"):
        static_files.write_static(tmp_path / "asv")
    assert not (tmp_path / "asv").exists()


@pytest.mark.skipif(EXECUTABLE is None, reason=MISSING)
def test_asvs_pages_work_in_a_browser_and_ask_nobody_else(tmp_path: Path) -> None:
    report = site_sample.full_report()
    hostile = [one for one in report.reports if "evil" in one.series.key.benchmark.name]
    assert hostile
    order = commit_order(report.timelines.values(), (one.series for one in report.reports))
    try:
        write_asv_site(report, order, tmp_path / "asv", AsvDetails())
    except MissingComponentError as error:
        pytest.skip(str(error))
    with PreviewServer(tmp_path / "asv", 0) as server, Chromium() as browser:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        try:
            browser.open(f"{server.url}index.html")
            browser.until("document.querySelectorAll('#summarygrid-display a').length > 3")
            browser.open(f"{server.url}index.html#container.Lifecycle.time_start?machine=lab")
            browser.until("document.querySelectorAll('#main-graph canvas').length > 1")
            browser.until("document.querySelectorAll('#main-graph .legend td').length > 2")
            browser.open(f"{server.url}index.html#/summarylist")
            browser.until("document.querySelectorAll('#summarylist-body td').length > 8")
            browser.open(f"{server.url}index.html#/regressions")
            browser.until("document.body.textContent.includes('container.Lifecycle.time_start(runc)')")
        finally:
            server.shutdown()
        assert {
            url for url in browser.requests if not url.startswith((server.url, "about:", "data:"))
        } == set()
        assert [line for line in browser.console if "favicon" not in line] == []


def test_an_alert_of_an_older_version_is_not_shown(tmp_path: Path) -> None:
    series = site_sample.series(site_sample.key("bench.time_it"), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    series = replace(series, versions=("1",) * 4 + ("2",) * 2)
    change = site_sample.placed(series, 2, direction=Direction.REGRESSION)
    one = SeriesReport(series, (change,), (Alert("a", change, AlertRule()),))
    report = replace(site_sample.full_report(), reports=(one,))
    order = commit_order(report.timelines.values(), (each.series for each in report.reports))
    write_data(report, order, tmp_path, AsvDetails())
    assert json.loads((tmp_path / "regressions.json").read_text()) == {"regressions": []}
