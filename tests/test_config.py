from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.analysis.patterns import unmatched
from perfbench.config import ProjectConfig, load_project, load_thresholds
from perfbench.errors import ConfigError, ExitCode
from perfbench.model import BenchmarkId, Budget, Threshold

ROOT = Path(__file__).parents[1]

FULL = """\
[measure]
rounds = 12
quick_rounds = 7
time_budget = "2 min"
main_branch = "trunk"
asv_config = "bench/asv.conf.json"
baselines = "stored"

[gate]
rows = ["container.*", "command.Cli.*"]

[baseline]
stale_days = 14

[benchmarks]
rounds = 4
iterations = 8
areas = { llm = false, container = true }

[sut.container]
runtimes = ["process"]
"""


def project(folder: Path, text: str, name: str = "perfbench.toml") -> Path:
    (folder / name).write_text(text)
    return folder


def thresholds(folder: Path, text: str) -> Path:
    path = folder / "thresholds.toml"
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def _stand_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_project_without_settings_has_the_defaults(tmp_path: Path) -> None:
    found = load_project(tmp_path)
    assert found == ProjectConfig()
    assert (found.rounds, found.time_budget, found.gate_rows) == (10, 300.0, ())


def test_every_setting_is_read(tmp_path: Path) -> None:
    assert load_project(project(tmp_path, FULL)) == ProjectConfig(
        gate_rows=("container.*", "command.Cli.*"),
        rounds=12,
        quick_rounds=7,
        time_budget=120.0,
        main_branch="trunk",
        asv_config="bench/asv.conf.json",
        baselines="stored",
        stale_days=14,
        run_rounds=4,
        iterations=8,
        areas={"llm": False, "container": True},
        systems=load_project(tmp_path).systems,
        source=Path("perfbench.toml"),
    )
    assert [system.name for system in load_project(tmp_path).systems] == ["container"]
    assert load_project(tmp_path).switched_off == {"llm"}


def test_a_setting_knows_its_place(tmp_path: Path) -> None:
    found = load_project(project(tmp_path, FULL))
    assert found.place("measure", "time_budget") == "perfbench.toml:4"
    assert found.place("benchmarks", "areas", "llm") == "perfbench.toml:18"
    assert found.place("benchmarks", "areas", "mcp") is None
    assert ProjectConfig().place("measure", "rounds") is None
    assert str(found.error(("gate", "rows"), "is wrong")) == "perfbench.toml:10: is wrong"


def test_pyproject_serves_where_there_is_no_file_of_our_own(tmp_path: Path) -> None:
    text = "[tool.other]\nx = 1\n\n[tool.perfbench.measure]\nrounds = 3\n"
    assert load_project(project(tmp_path, text, "pyproject.toml")).rounds == 3


def test_a_pyproject_without_our_table_gives_the_defaults(tmp_path: Path) -> None:
    assert load_project(project(tmp_path, "[project]\nname = 'x'\n", "pyproject.toml")).rounds == 10


def test_a_plain_number_is_a_time_in_seconds(tmp_path: Path) -> None:
    assert load_project(project(tmp_path, "[measure]\ntime_budget = 90\n")).time_budget == 90.0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[measure]\nrounds = 1\n\ntime_bugdet = '5 min'\n",
            "perfbench.toml:4: unknown key 'time_bugdet'; did you mean 'time_budget'?",
        ),
        ("[mesure]\n", "perfbench.toml:1: unknown key 'mesure'; did you mean 'measure'?"),
        (
            "[measure]\nrounds = '5'\n",
            "perfbench.toml:2: 'measure.rounds' must be a whole number, not a string",
        ),
        ("[measure]\nrounds = 0\n", "perfbench.toml:2: 'rounds' is 0; choose 1 to 1000"),
        ("[baseline]\nstale_days = 0\n", "perfbench.toml:2: 'stale_days' is 0; choose 1 to 3650"),
        ("[benchmarks]\niterations = 0\n", "perfbench.toml:2: 'iterations' is 0; choose 1 to 1000"),
        ("[benchmarks]\nrounds = -1\n", "perfbench.toml:2: 'rounds' is -1; choose 1 to 1000"),
        (
            "[benchmarks.areas]\nllm = 0\n",
            "perfbench.toml:2: the area 'llm' is 0; write true or false",
        ),
        ("[measure]\nmain_branch = 'a\\u0000'\n".replace("'", '"'), "perfbench.toml:2: 'main_branch' holds"),
        ("[measure]\nquick_rounds = 5000\n", "perfbench.toml:2: 'quick_rounds' is 5000; choose 1 to 1000"),
        (
            "[measure]\ntime_budget = '5 parsecs'\n",
            "perfbench.toml:2: '5 parsecs' has the unit 'parsecs', expected one of",
        ),
        (
            "[measure]\ntime_budget = '0 s'\n",
            "perfbench.toml:2: 'time_budget' must be longer than nothing; write '5 min'",
        ),
        ("[measure]\ntime_budget = inf\n", "perfbench.toml:2: 'inf' is not a finite number"),
        ("[measure]\ntime_budget = [1]\n", "perfbench.toml:2: 'measure.time_budget' must be"),
        ("[measure]\nasv_config = ' '\n", "perfbench.toml:2: 'asv_config' is empty"),
        ("[gate]\nrows = 'container.*'\n", "perfbench.toml:2: 'gate.rows' must be a list, not a string"),
        ("[gate]\nrows = ['']\n", "perfbench.toml:2: a pattern of 'rows' is empty"),
        ("[measure\n", "perfbench.toml:1: is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(project(tmp_path, text))
    assert str(caught.value).startswith(complaint)
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_wrong_setting_in_pyproject_is_found_at_its_own_line(tmp_path: Path) -> None:
    text = "[project]\nname = 'x'\n[tool.perfbench.measure]\nrouns = 3\n"
    with pytest.raises(ConfigError, match=r"^pyproject.toml:4: unknown key 'rouns'; did you mean 'rounds'\?"):
        load_project(project(tmp_path, text, "pyproject.toml"))


def test_thresholds_and_budgets_know_their_lines(tmp_path: Path) -> None:
    text = """\
# [[threshold]] in a comment
[[threshold]]
pattern = "a.*"
limit = "5 %"

[[budget]]
pattern = "b.*"
limit = "500 ms"

[[threshold]]
pattern = "c.*"
metric = "peakmem"
limit = 0.1
minimum_absolute = "1 MiB"
"""
    found = load_thresholds(thresholds(tmp_path, text))
    assert found.thresholds == (
        Threshold("a.*", "*", 0.05, 0.0, "thresholds.toml:2"),
        Threshold("c.*", "peakmem", 0.1, 1048576.0, "thresholds.toml:10"),
    )
    assert found.budgets == (Budget("b.*", "time", 0.5, "thresholds.toml:6"),)


def test_a_threshold_may_be_an_absolute_minimum_alone(tmp_path: Path) -> None:
    text = "[[threshold]]\npattern = '*'\nmetric = 'time'\nminimum_absolute = '1 ms'\n"
    (found,) = load_thresholds(thresholds(tmp_path, text)).thresholds
    assert (found.limit, found.minimum_absolute) == (None, 0.001)


def test_a_tracked_value_takes_the_unit_that_is_written(tmp_path: Path) -> None:
    text = "".join(
        f"[[budget]]\npattern = '*'\nmetric = 'track'\nlimit = {limit}\n"
        for limit in ("'100 ms'", "'1 MiB'", "'7 files'", "7")
    )
    limits = [budget.limit for budget in load_thresholds(thresholds(tmp_path, text)).budgets]
    assert limits == [0.1, 1048576.0, 7.0, 7.0]


def test_without_a_file_there_are_no_thresholds(tmp_path: Path) -> None:
    found = load_thresholds(tmp_path / "absent.toml")
    assert (found.thresholds, found.budgets) == ((), ())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[threshold]]\nlimit = '5 %'\n", ":1: [threshold] has no 'pattern'; add pattern = …"),
        ("[[budget]]\npattern = '*'\n", ":1: [budget] has no 'limit'; add limit = …"),
        (
            "[[threshold]]\npattern = '*'\n",
            ":1: a threshold without 'limit' or 'minimum_absolute' says nothing",
        ),
        ("[[threshold]]\npattern = ''\nlimit = '5 %'\n", ":2: 'pattern' is empty"),
        ("[[threshold]]\npattern = '*'\nlimit = '5 ms'\n", ":3: '5 ms' is no percentage; write it as '5 %'"),
        ("[[threshold]]\npattern = '*'\nlimit = '-5 %'\n", ":3: the limit -5 % is negative"),
        ("[[threshold]]\npattern = '*'\nlimit = 5\n", ":3: the limit 5 would be 500%; write '5 %'"),
        ("[[threshold]]\npattern = '*'\nlimit = nan\n", ":3: 'nan' is not a finite number"),
        (
            "[[threshold]]\npattern = '*'\nlimit = '5 %'\nminimum_absolute = '64 KiB'\n",
            ":4: 'minimum_absolute' needs one metric; add metric = 'time'",
        ),
        (
            "[[threshold]]\npattern = '*'\nmetric = 'time'\nlimit = '5 %'\nminimum_absolute = '-1 ms'\n",
            ":5: 'minimum_absolute' is negative: -1 ms",
        ),
        (
            "[[budget]]\npattern = '*'\nlimit = '64 KiB'\n",
            ":3: '64 KiB' has the unit 'KiB', expected one of ns",
        ),
        (
            "[[budget]]\npattern = '*'\nmetric = 'peakmem'\nlimit = '1 s'\n",
            ":4: '1 s' has the unit 's', expected one of B",
        ),
        ("[[thresholds]]\npattern = '*'\n", ":1: unknown key 'thresholds'; did you mean 'threshold'?"),
        ("[[threshold]]\npattern = '*'\nlimt = '5 %'\n", ":3: unknown key 'limt'; did you mean 'limit'?"),
        ("[threshold]\npattern = '*'\n", ":1: 'threshold' must be a list, not a table"),
    ],
)
def test_a_wrong_threshold_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_thresholds(thresholds(tmp_path, text))
    assert str(caught.value).startswith(f"thresholds.toml{complaint}")


def test_this_repository_keeps_its_gate_within_twenty_four_rows() -> None:
    found = load_project(ROOT)
    assert 0 < len(found.gate_rows) <= 24
    assert len(set(found.gate_rows)) == len(found.gate_rows)


def test_this_repository_budgets_start_up_and_command_overhead() -> None:
    found = load_thresholds(ROOT / found_baselines() / "thresholds.toml")
    start = BenchmarkId("", "container.Lifecycle.time_start", (("runtime", "docker:runc"),))
    overhead = BenchmarkId("", "command.Exec.track_overhead", (("runtime", "runc"),))
    by_row = {
        row: [budget.limit for budget in found.budgets if not unmatched([budget], [row])][-1]  # it counts
        for row in (start, overhead)
    }
    assert by_row == {start: 0.5, overhead: 0.1}


def found_baselines() -> str:
    return load_project(ROOT).baselines
