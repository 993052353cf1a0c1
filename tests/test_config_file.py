"""One file of settings is read, by whichever name; two at once are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.config import ProjectConfig, load_project
from perfbench.errors import ConfigError

TOML = "[measure]\nrounds = 12\n[benchmarks.areas]\nllm = false\n"
YAML = "measure:\n  rounds: 12\nbenchmarks: {areas: {llm: false}}\n"
JSON = '{"measure": {"rounds": 12}, "benchmarks": {"areas": {"llm": false}}}'
FORMS = {"perfbench.toml": TOML, "perfbench.yaml": YAML, "perfbench.yml": YAML, "perfbench.json": JSON}


@pytest.fixture(autouse=True)
def _stand_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERF_CONFIG_FILE", raising=False)


def needs(name: str) -> None:
    if name.endswith(("yaml", "yml")):
        pytest.importorskip("yaml")


@pytest.mark.parametrize("name", FORMS)
def test_the_same_keys_mean_the_same_in_every_form(tmp_path: Path, name: str) -> None:
    needs(name)
    (tmp_path / name).write_text(FORMS[name])
    found = load_project(tmp_path)
    assert found == ProjectConfig(rounds=12, areas={"llm": False}, source=Path(name))


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("perfbench.yaml", "measure:\n  rouns: 3\n", ":2: unknown key 'rouns'; did you mean 'rounds'?"),
        ("perfbench.json", '{"measure":\n{"rouns": 3}}', ":2: unknown key 'rouns'; did you mean 'rounds'?"),
        ("perfbench.yaml", "measure:\n  rounds: '3'\n", ":2: 'measure.rounds' must be a whole number, not a string"),
        ("perfbench.json", '{"measure": null}', ":1: 'measure' must be a table, not nothing"),
        ("perfbench.yaml", "harness:\n  - command: a\n", ":2: 'harness' has no 'name'; add name: …"),
        ("perfbench.json", '{"check": [{}]}', ":1: 'check' has no 'function'; add \"function\": …"),
        ("perfbench.yaml", "benchmarks:\n  areas:\n    llm: no\n", ":3: the area 'llm' is 'no'; write true or false"),
        ("perfbench.json", '{"measure": {"time_budget": 1' + "0" * 400 + "}}", ":1: "),
        ("perfbench.json", '{"gate": {"rows": ["a",\n""]}}', ":2: a pattern of 'rows' is empty"),
        ("perfbench.json", '{"measure": {"baselines": "a\\u0000b"}}', ":1: 'baselines' holds a line break or"),
    ],
)  # fmt: skip
def test_complaints_are_the_same_in_every_form(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    needs(name)
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert str(caught.value).startswith(f"{name}{complaint}")


def test_two_files_at_once_are_refused_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "perfbench.toml").write_text(TOML)
    (tmp_path / "perfbench.json").write_text(JSON)
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert str(caught.value) == "perfbench.toml: there are settings in perfbench.json as well; keep one"


def test_a_file_and_a_table_of_pyproject_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "perfbench.json").write_text(JSON)
    (tmp_path / "pyproject.toml").write_text("[tool.perfbench.measure]\nrounds = 3\n")
    with pytest.raises(
        ConfigError, match=r"perfbench.json: there are settings in \[tool.perfbench\] of pyproject"
    ):
        load_project(tmp_path)


@pytest.mark.parametrize("text", ["[project]\nname = 'perfbench'\n", "perfbench = [", "tool = 'perfbench'"])
def test_a_pyproject_that_is_about_something_else_disturbs_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "perfbench.toml").write_text(TOML)
    (tmp_path / "pyproject.toml").write_text(text)
    assert load_project(tmp_path).rounds == 12


def test_a_pyproject_that_speaks_of_perfbench_alone_is_read_strictly(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.perfbench\n")
    with pytest.raises(ConfigError, match=r"^pyproject.toml:1: is not valid TOML"):
        load_project(tmp_path)


def test_the_variable_names_a_file_that_counts_before_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "perfbench.toml").write_text("[measure]\nrounds = 3\n")
    (tmp_path / "ci.json").write_text(JSON)
    monkeypatch.setenv("PERF_CONFIG_FILE", "ci.json")
    assert (load_project(tmp_path).rounds, load_project(tmp_path).source) == (12, Path("ci.json"))
    monkeypatch.setenv("PERF_CONFIG_FILE", "")
    assert load_project(tmp_path).rounds == 3


def test_the_variable_may_name_a_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.perfbench.measure]\nrounds = 4\n")
    (tmp_path / "perfbench.toml").write_text(TOML)
    monkeypatch.setenv("PERF_CONFIG_FILE", str(tmp_path / "pyproject.toml"))
    assert load_project(tmp_path).rounds == 4


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        (
            "absent.toml",
            "absent.toml: PERF_CONFIG_FILE names it, and there is no such file; unset PERF_CONFIG_FILE",
        ),
        (
            "settings.ini",
            "settings.ini: PERF_CONFIG_FILE names settings.ini; its name must end in one of .toml",
        ),
    ],
)
def test_a_variable_that_names_no_settings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, complaint: str
) -> None:
    monkeypatch.setenv("PERF_CONFIG_FILE", name)
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert str(caught.value).startswith(complaint)


def said_of(folder: Path) -> str:
    """The file that was read, or the complaint about it."""
    try:
        return str(load_project(folder).source)
    except ConfigError as error:
        return str(error)


KEYS = st.sampled_from(
    ["measure", "gate", "benchmarks", "areas", "rounds", "iterations", "time_budget", "rows", "harness", "name",
     "command", "sut", "api", "url", "endpoints", "baseline", "stale_days", "baselines", "check", "function", "x"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, 1e400, "5 min", "a.*", "", "{out}", "m:f", "\0", "http://x"])
    | st.floats()
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from(["perfbench.json", "perfbench.yaml"]))
def test_any_tree_is_a_configuration_or_a_configerror(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any], name: str
) -> None:
    needs(name)
    folder = tmp_path_factory.getbasetemp() / name.replace(".", "-")
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(tree))
    assert name in said_of(folder)


@settings(max_examples=60)
@given(st.one_of(st.text(max_size=80), st.binary(max_size=80)), st.sampled_from(list(FORMS)))
def test_any_text_is_a_configuration_or_a_configerror(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes, name: str
) -> None:
    needs(name)
    folder = tmp_path_factory.getbasetemp() / f"text-{name.replace('.', '-')}"
    folder.mkdir(exist_ok=True)
    raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    assert name in said_of(folder)
