"""`[history]` is read strictly, in every form, and a webhook's URL is never taken into a file nor shown."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.config import load_project
from perfbench.config_history import HistorySettings
from perfbench.errors import ConfigError, ExitCode
from perfbench.model_history import AlertRule

FULL = """\
[history]
folder = "kept/history"
site = "public"
branches = ["main", "1.x", "main"]
commit_url = "https://example.org/project/commit/"
webhook = "PERFBENCH_WEBHOOK"

[[history.alert]]
pattern = "*"
size = "10 %"

[[history.alert]]
pattern = "container.*"
size = 0.02
sureness = 0.999
improvements = true
"""


@pytest.fixture(autouse=True)
def _stand_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERF_CONFIG_FILE", raising=False)


def history(folder: Path, text: str, name: str = "perfbench.toml") -> HistorySettings:
    (folder / name).write_text(text)
    return load_project(folder).history


def test_without_a_table_the_defaults_hold(tmp_path: Path) -> None:
    found = history(tmp_path, "")
    assert found == HistorySettings()
    assert (found.folder, found.webhook, found.alerts) == (".perfbench/history", None, ())


def test_every_key_is_read_and_rules_know_their_lines(tmp_path: Path) -> None:
    assert history(tmp_path, FULL) == HistorySettings(
        folder="kept/history",
        site="public",
        branches=("main", "1.x"),
        commit_url="https://example.org/project/commit/",
        webhook="PERFBENCH_WEBHOOK",
        alerts=(
            AlertRule("*", 0.1, 0.99, False, "perfbench.toml:8"),
            AlertRule("container.*", 0.02, 0.999, True, "perfbench.toml:12"),
        ),
    )


def test_json_and_yaml_say_the_same(tmp_path: Path) -> None:
    rules = [{"pattern": "a.*", "size": "3 %"}]
    written = history(tmp_path, json.dumps({"history": {"site": "public", "alert": rules}}), "perfbench.json")
    (tmp_path / "perfbench.json").unlink()
    pytest.importorskip("yaml")
    text = "history:\n  site: public\n  alert:\n    - pattern: a.*\n      size: 3 %\n"
    read = history(tmp_path, text, "perfbench.yaml")
    assert (written.site, written.alerts[0].size) == (read.site, read.alerts[0].size) == ("public", 0.03)
    assert read.alerts[0].origin == "perfbench.yaml:4"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[history]\nfolde = 'x'\n", ":2: unknown key 'folde'; did you mean 'folder'?"),
        ("[history]\nfolder = ''\n", ":2: 'folder' is empty"),
        ("[history]\nsite = '.'\n", ":2: 'site' is '.'; name a folder below the repository's top"),
        ("[history]\nsite = '../public'\n", ":2: 'site' is '../public'; name a folder below"),
        ("[history]\nfolder = '/'\n", ":2: 'folder' is '/'; name a folder below"),
        ("[history]\nfolder = 'a'\nsite = 'a/b'\n", ":3: the history and its site lie in each other"),
        ("[history]\nbranches = ['--all']\n", ":2: '--all' is no branch; name one"),
        ("[history]\nbranches = 'main'\n", ":2: 'history.branches' must be a list, not a string"),
        ("[history]\ncommit_url = 'javascript:alert(1)'\n", ":2: 'commit_url' is 'javascript:alert(1)', no address"),
        ("[history]\ncommit_url = 'https://[x'\n", ":2: 'commit_url' is 'https://[x', no address"),
        ("[history]\nwebhook = 'a b'\n", ":2: 'webhook' names no environment variable"),
        ("[[history.alert]]\nsize = 1\n", ":1: [history.alert] has no 'pattern'"),
        ("[[history.alert]]\npattern = 'a'\nsize = 5\n", ":3: 'size' 5 would be 500%; write '5 %'"),
        ("[[history.alert]]\npattern = 'a'\nsize = '-5 %'\n", ":3: the size -5 % is negative"),
        ("[[history.alert]]\npattern = 'a'\nsize = '5 ms'\n", ":3: '5 ms' is no percentage; write it as '5 %'"),
        ("[[history.alert]]\npattern = 'a'\nsureness = '100 %'\n", ":3: the sureness 100 % is not from 50 % to"),
        ("[[history.alert]]\npattern = 'a'\nsureness = nan\n", ":3: 'nan' is not a finite number"),
        ("[[history.alert]]\npattern = ''\n", ":2: 'pattern' is empty"),
        ("[[history.alert]]\npattern = 'a'\nimprovements = 1\n", ":3: 'history.alert.improvements' must be true or"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        history(tmp_path, text)
    assert str(caught.value).startswith(f"perfbench.toml{complaint}")
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("secret", ["https://hooks.example.org/T0/hush", "hooks.example.org/hush"])
def test_a_webhooks_url_is_refused_and_not_repeated(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigError, match=r":2: 'webhook' holds a URL") as caught:
        history(tmp_path, f"[history]\nwebhook = '{secret}'\n")
    assert "hush" not in str(caught.value)
    assert "name an environment variable" in str(caught.value)


def test_a_password_in_the_commit_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds a password") as caught:
        history(tmp_path, "[history]\ncommit_url = 'https://ann:hush@example.org/'\n")
    assert "hush" not in str(caught.value)


@given(st.dictionaries(st.sampled_from(["folder", "site", "commit_url", "webhook"]), st.text(max_size=20)))
def test_whatever_is_written_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with contextlib.suppress(ConfigError):
        found = history(folder, json.dumps({"history": table}), "perfbench.json")
        assert found.folder
        assert found.site
