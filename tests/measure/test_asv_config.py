from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import ConfigError, ExitCode
from perfbench.measure.asv_config import AsvConfig, load_asv_config
from perfbench.measure.asv_document import LARGEST_FILE

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, **keys: Any) -> AsvConfig:
    path = folder / "asv.conf.json"
    path.write_text(json.dumps({"version": 1, "project": "sample", "repo": ".", **keys}, indent=1))
    return load_asv_config(path)


def refused(folder: Path, text: str) -> ConfigError:
    path = folder / "asv.conf.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_asv_config(path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.path == path
    return caught.value


def shown(config: AsvConfig) -> list[str]:
    return [str(combination) for combination in config.combinations]


def test_comments_and_trailing_commas_are_read(folder: Path) -> None:
    path = folder / "asv.conf.json"
    path.write_text(
        '// taken from elsewhere\n{"version": 1, /* one */ "repo": "..", "repo_subdir": "python",\n'
        '  // "benchmark_dir": "no",\n  "branches": ["HEAD"], }\n'
    )
    config = load_asv_config(path)
    assert (config.repo, config.repo_subdir, config.branches) == ("..", "python", ("HEAD",))
    assert config.benchmark_dir == folder / "benchmarks"
    assert (config.install_timeout, config.default_benchmark_timeout) == (600.0, 60.0)


def test_asvs_own_template_is_served(folder: Path) -> None:
    asv = pytest.importorskip("asv", reason="asv is not installed")
    template = Path(asv.__file__).parent / "template" / "asv.conf.json"
    path = folder / "asv.conf.json"
    path.write_text(template.read_text().replace('"repo": ""', '"repo": "."'))
    config = load_asv_config(path)
    assert config.project == "project"
    assert shown(config) == [f"Python {RUNNING}"]


def test_every_key_of_asv_is_known(folder: Path) -> None:
    config = pytest.importorskip("asv.config", reason="asv is not installed")
    ours = {"html_dir", "wheel_cache_size", "build_cache_size", *vars(config.Config())}
    loaded = load(folder, **dict.fromkeys(ours - {"repo", "default_benchmark_timeout", "install_timeout"}))
    assert loaded.project == "project"


def test_a_misspelt_key_names_its_line_and_the_nearest_one(folder: Path) -> None:
    error = refused(
        folder, '{"version": 1, "repo": ".",\n // "benchmark_timeout": 1\n\n "benchmark_timeout": 360}'
    )
    assert error.line == 4
    assert str(error).endswith(
        'unknown key "benchmark_timeout"; the nearest valid key is "default_benchmark_timeout"'
    )


@pytest.mark.parametrize("kind", ["conda", "mamba", "rattler"])
def test_conda_is_refused(folder: Path, kind: str) -> None:
    error = refused(folder, f'{{"version": 1, "repo": ".",\n"environment_type": "{kind}"}}')
    assert error.line == 2
    assert f'"{kind}" are not supported; "virtualenv" is' in str(error)


@pytest.mark.parametrize(
    ("written", "kind", "pythons"),
    [
        (None, "virtualenv", [RUNNING]),
        ("", "virtualenv", [RUNNING]),
        ("uv", "virtualenv", [RUNNING]),
        ("virtualenv:3.9", "virtualenv", ["3.9"]),
        ("existing", "existing", ["same"]),
        ("existing:same", "existing", ["same"]),
    ],
)
def test_environment_types_come_down_to_two(
    folder: Path, written: str | None, kind: str, pythons: list[str]
) -> None:
    config = load(folder, environment_type=written)
    assert config.environment_type == kind
    assert [combination.python for combination in config.combinations] == pythons


def test_an_unknown_environment_type_names_the_nearest(folder: Path) -> None:
    error = refused(folder, '{"version": 1, "repo": ".", "environment_type": "virtual-env"}')
    assert 'the nearest valid type is "virtualenv"' in str(error)


def test_commands_are_a_string_a_list_or_asvs_default(folder: Path) -> None:
    config = load(folder, install_command="python -m pip install .", build_command=[])
    assert config.install_command == ("python -m pip install .",)
    assert config.build_command == ()
    assert load(folder).install_command is None


def test_the_old_flat_matrix_holds_requirements(folder: Path) -> None:
    config = load(folder, pythons=["3.11"], matrix={"numpy": [], "Cython": ["0.29"], "pip+emcee": [""]})
    assert shown(config) == ["Python 3.11, numpy, Cython==0.29, emcee"]


def test_the_matrix_is_the_product_in_asvs_order(folder: Path) -> None:
    matrix = {
        "req": {"numpy": ["1.26", "2.0"], "six": ["", None]},
        "env": {"LEVEL": "2"},
        "env_nobuild": {"LATE": ["a", None]},
    }
    config = load(folder, pythons=["3.11", "3.12"], matrix=matrix)
    assert len(config.combinations) == 16
    assert shown(config)[:5] == [
        "Python 3.11, numpy==1.26, six, LEVEL=2, LATE=a",
        "Python 3.11, numpy==1.26, six, LEVEL=2",
        "Python 3.11, numpy==1.26, LEVEL=2, LATE=a",
        "Python 3.11, numpy==1.26, LEVEL=2",
        "Python 3.11, numpy==2.0, six, LEVEL=2, LATE=a",
    ]
    assert config.combinations[0].env_nobuild == {"LATE": "a"}


@pytest.mark.parametrize(
    ("version", "requirement"),
    [
        ("1.2", "dep==1.2"), ("1.2.*", "dep==1.2.*"), (">=1.2,<2", "dep>=1.2,<2"), ("2.0rc1", "dep==2.0rc1"),
        ("git+https://example.org/dep@main", "dep @ git+https://example.org/dep@main"),
    ],
)  # fmt: skip
def test_versions_and_specifiers_reach_pip(folder: Path, version: str, requirement: str) -> None:
    assert load(folder, matrix={"req": {"dep": [version]}}).combinations[0].requirements == (requirement,)


@pytest.mark.parametrize("entry", [{"-e ./dep": [""]}, {"dep": ["newest"]}, {"dep": ["--pre"]}])
def test_a_requirement_that_is_none_is_refused(folder: Path, entry: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is not supported; give a version"):
        load(folder, matrix={"req": entry})


def test_exclude_and_include_follow_asv(folder: Path) -> None:
    config = load(
        folder,
        pythons=["3.11", "3.12"],
        matrix={"req": {"numpy": ["1.26", "2.0"], "six": ["", None]}},
        exclude=[
            {"python": "3.12", "req": {"numpy": "1\\..*"}},
            {"req": {"six": ""}, "sys_platform": sys.platform},
            {"sys_platform": "elsewhere"},
            {"environment_type": "conda", "req": {"six": None}},
        ],
        include=[
            {"python": "3.13", "req": {"numpy": "2.2"}, "env_nobuild": {"FOO": "1"}},
            {"python": "3.13", "sys_platform": "elsewhere"},
        ],
    )
    assert shown(config) == [
        "Python 3.11, numpy==1.26",
        "Python 3.11, numpy==2.0",
        "Python 3.12, numpy==2.0",
        "Python 3.13, numpy==2.2, FOO=1",
    ]


@given(
    st.dictionaries(
        st.sampled_from(["numpy", "six", "pip+dep"]),
        st.lists(st.sampled_from(["", "1.0", "2.0", None]), max_size=3),
    ),
    st.lists(
        st.fixed_dictionaries(
            {"python": st.sampled_from(["3.11", "3\\..*"])},
            optional={"req": st.dictionaries(st.sampled_from(["numpy", "six"]), st.sampled_from(["1.0", ".*", None]))},
        ),
        max_size=2,
    ),
)  # fmt: skip
def test_combinations_agree_with_asvs_own(
    tmp_path_factory: pytest.TempPathFactory, req: dict[str, Any], exclude: list[dict[str, Any]]
) -> None:
    environment = pytest.importorskip("asv.environment", reason="asv is not installed")
    configuration = pytest.importorskip("asv.config", reason="asv is not installed").Config
    keys = {
        "pythons": ["3.11", "3.12"],
        "matrix": {"req": req},
        "exclude": exclude,
        "environment_type": "virtualenv",
    }
    try:
        ours = load(tmp_path_factory.mktemp("asv"), **keys).combinations
    except ConfigError:
        ours = ()
    theirs = environment.iter_matrix(
        "virtualenv", ["3.11", "3.12"], configuration.from_json({"repo": ".", **keys})
    )
    expected = [
        (
            entries["python", None],
            tuple(
                f"{name.removeprefix('pip+')}=={value}" if value else name.removeprefix("pip+")
                for (kind, name), value in entries.items()
                if kind == "req"
            ),
        )
        for entries in theirs
    ]
    assert [(one.python, one.requirements) for one in ours] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ('{"version": 1,\n "repo": }', "not valid JSON"),
        ("[1]", "must hold one JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"repo": "."}', '"version" must be 1, not None'),
        ('{"version": 2, "repo": "."}', '"version" must be 1, not 2'),
        ('{"version": 1}', '"repo" is missing; add "repo": "."'),
        ('{"version": 1, "repo": ".", "dvcs": "hg"}', '"hg" repositories are not supported'),
        ('{"version": 1, "repo": ".", "repo_subdir": "../other"}', "must lie inside the repository"),
        ('{"version": 1, "repo": ".", "pythons": [3.10]}', '"pythons" must hold strings; write "3.1" in quotes'),
        ('{"version": 1, "repo": ".", "pythons": "3.11"}', "must be a list of strings"),
        ('{"version": 1, "repo": ".", "project": 7}', '"project" must be a string, not 7'),
        ('{"version": 1, "repo": ".", "install_timeout": 0}', "positive number of seconds, not 0"),
        ('{"version": 1, "repo": ".", "install_timeout": NaN}', "positive number of seconds, not nan"),
        ('{"version": 1, "repo": ".", "matrix": []}', None),
        ('{"version": 1, "repo": ".", "matrix": ["numpy"]}', '"matrix" must be an object'),
        ('{"version": 1, "repo": ".", "matrix": {"python": ["3.12"]}}', 'reads as a package; use "pythons"'),
        ('{"version": 1, "repo": ".", "matrix": {"req": {}, "envs": {}}}', 'the nearest valid key is "env"'),
        ('{"version": 1, "repo": ".", "matrix": {"req": {"numpy": [1.26]}}}', 'strings or null; write "1.26"'),
        ('{"version": 1, "repo": ".", "include": [{"req": {}}]}', 'must name its "python"'),
        ('{"version": 1, "repo": ".", "exclude": [{"python": "("}]}', "is not a regular expression"),
        ('{"version": 1, "repo": ".", "exclude": [{"python": ".*"}]}', "the matrix is empty"),
        ('{"version": 1, "repo": ".", "plugins": ["asv.plugins.x", "mine"]}', 'plug-in "mine" is not supported'),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_one_sentence(folder: Path, text: str, message: str | None) -> None:
    if message is None:
        (folder / "asv.conf.json").write_text(text)
        assert len(load_asv_config(folder / "asv.conf.json").combinations) == 1
    else:
        assert message in str(refused(folder, text))


def test_a_file_that_is_missing_binary_or_too_large_is_refused(folder: Path) -> None:
    path = folder / "asv.conf.json"
    with pytest.raises(ConfigError, match="there is no such file"):
        load_asv_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_asv_config(folder)
    path.write_bytes(b'{\n"version": "\xff"}')
    with pytest.raises(ConfigError, match=r"asv.conf.json:2: not valid UTF-8"):
        load_asv_config(path)
    path.write_bytes(b" " * (LARGEST_FILE + 1))
    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        load_asv_config(path)


def test_a_matrix_without_end_is_refused(folder: Path) -> None:
    matrix = {f"dep{number}": ["1", "2", "3"] for number in range(40)}
    with pytest.raises(ConfigError, match="more than 4096 combinations"):
        load(folder, matrix=matrix)
    with pytest.raises(ConfigError, match="more than 4096 combinations"):
        load(folder, matrix=matrix, exclude=[{"python": ".*"}])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["version", "repo", "matrix", "req", "env", "pythons", "include", "exclude", "python", "x"]
    ), inner, max_size=5)
)))  # fmt: skip
def test_any_json_gives_a_configuration_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    path = tmp_path_factory.mktemp("any") / "asv.conf.json"
    path.write_text(
        json.dumps({"version": 1, "repo": ".", **content} if isinstance(content, dict) else content)
    )
    told = ""
    with contextlib.suppress(ConfigError):
        told = "configuration" if load_asv_config(path).combinations else ""
    if not told:
        with pytest.raises(ConfigError) as caught:
            load_asv_config(path)
        told = str(caught.value)
    assert told
    assert "\n" not in told
