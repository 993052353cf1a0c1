"""Settings: what counts, where it came from, and what is refused."""

from __future__ import annotations

import contextlib
import json
import os
import string
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from perfbench.errors import SettingError, UnavailableError
from perfbench.sandbox.settings import SCHEMA, Option, Settings
from perfbench.sandbox.settings.documents import DEEPEST, LARGEST_FILE

Write = Callable[[str, str | bytes], Path]

MEMORY = {
    "s.toml": "[limits]\nmemory = 2097152",
    "s.yaml": "limits:\n  memory: 2097152",
    "s.yml": "limits: {memory: 2097152}",
    "s.json": '{"limits": {"memory": 2097152}}',
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of settings; gives its path."""

    def make(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return make


def brief(value: object) -> str:
    return repr(value)[:40]


def complaint(settings: Settings) -> str:
    with pytest.raises(SettingError) as caught:
        settings.validate()
    return str(caught.value)


def refused(file: Path) -> str:
    settings = Settings()
    with pytest.raises(SettingError) as caught:
        settings.load(file)
    assert settings.get("limits.memory") == SCHEMA["limits.memory"].default
    return str(caught.value)


# Defaults, get and set


def test_every_setting_has_a_default_that_is_valid() -> None:
    settings = Settings()
    settings.validate()
    assert settings.defaults == {key: settings.get(key) for key in SCHEMA}
    assert all(option.complaint(option.default) is None for option in SCHEMA.values())


def test_the_choices_are_what_the_runner_has() -> None:
    sessions = pytest.importorskip("perfbench.sandbox.sessions")
    scripting = pytest.importorskip("perfbench.sandbox.scripting")
    assert SCHEMA["session.store"].choices == sessions.NAMES
    assert SCHEMA["script.engine"].choices == scripting.NAMES


def test_what_is_set_counts() -> None:
    settings = Settings()
    settings.set("limits.memory", 2097152)
    assert settings.get("limits.memory") == 2097152
    assert settings.defaults["limits.memory"] == SCHEMA["limits.memory"].default


def test_a_setting_that_does_not_exist_is_the_callers_default_or_an_error() -> None:
    assert Settings().get("nothing", None) is None
    with pytest.raises(SettingError, match=r"no setting 'limits.memroy'; did you mean 'limits.memory'\?"):
        Settings().get("limits.memroy")


def test_a_whole_number_is_a_number_and_becomes_one() -> None:
    settings = Settings()
    settings.set("limits.cpus", 2)
    assert settings.get("limits.cpus") == 2.0
    assert type(settings.get("limits.cpus")) is float


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("limits.memory", True, "must be a whole number, not true or false"),
        ("limits.memory", 1.5, "must be a whole number, not a number"),
        ("limits.network", 1, "must be true or false, not a whole number"),
        ("limits.cpus", float("nan"), "is nan; choose 0.01 to 1024"),
        ("service.port", 65_536, "is 65536; choose 0 to 65535"),
        ("limits.memory", 10**100, "is enormous; choose"),
        ("session.store", "redsi", "is 'redsi'; did you mean 'redis'?"),
        ("runtime", "a\0b", "holds a NUL character"),
        ("runtime", "x" * 5000, "has 5000 characters"),
        ("limit", 1, "unknown key 'limit'; did you mean 'limits.pids'?"),
    ],
    ids=brief,
)
def test_what_does_not_fit_cannot_be_set(key: str, value: str | float, said: str) -> None:
    settings = Settings()
    with pytest.raises(SettingError) as caught:
        settings.set(key, value)
    assert said in str(caught.value)
    assert {one: settings.get(one) for one in SCHEMA} == settings.defaults


def test_a_program_may_have_settings_of_its_own() -> None:
    settings = Settings({"colour": Option("red", choices=("red", "blue"))})
    settings.set("colour", "blue")
    with pytest.raises(SettingError, match="valid are colour"):
        settings.set("limits.memory", 1)


# Files


@pytest.mark.parametrize("name", MEMORY)
def test_settings_are_read_from_a_file(name: str, write: Write) -> None:
    settings = Settings()
    settings.load(write(name, MEMORY[name]))
    settings.validate()
    assert settings.get("limits.memory") == 2097152


@pytest.mark.parametrize("name", MEMORY)
def test_a_file_that_is_empty_changes_nothing(name: str, write: Write) -> None:
    settings = Settings()
    settings.load(write(name, "" if name != "s.json" else " \n"))
    assert settings.get("limits.memory") == settings.defaults["limits.memory"]


def test_a_byte_order_mark_is_no_part_of_a_key(write: Write) -> None:
    settings = Settings()
    settings.load(write("s.toml", "\ufeffruntime = 'runc'"))
    assert settings.get("runtime") == "runc"


def test_a_key_with_its_dots_is_that_key_in_its_table(write: Write) -> None:
    settings = Settings()
    settings.load(write("s.json", '{"limits.memory": 2097152}'))
    assert settings.get("limits.memory") == 2097152


def test_what_is_given_last_counts(write: Write) -> None:
    settings = Settings()
    settings.load(write("a.toml", "runtime = 'runc'\nlimits.pids = 5"))
    settings.load(write("b.yaml", "runtime: crun"))
    settings.load_environment({"SANDBOX_RUNTIME": "runsc"})
    assert (settings.get("runtime"), settings.get("limits.pids")) == ("runsc", 5)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("s.toml", "runtime = 'a'\nruntime = 'b'", "is not valid TOML"),
        ("s.yaml", "runtime: a\nruntime: b", "'runtime' stands there twice; remove one"),
        ("s.json", '{"runtime": "a", "runtime": "b"}', "'runtime' stands there twice; remove one"),
        ("s.json", '{"limits": {"pids": 1}, "limits.pids": 2}', "'limits.pids' stands there twice"),
        ("s.yaml", "limits: {pids: 1, pids: 2}", "'pids' stands there twice"),
        ("s.yaml", "a: &a [1]\nb: *a", "line 1: anchors and aliases are not read"),
        ("s.yaml", "a: !!python/object/apply:os.system ['true']", "line 1: tags are not read"),
        ("s.yaml", "\n1: 2", "line 2: a key must be text; put it in quotes"),
        ("s.yaml", "<<: {runtime: a}", "a key must be text"),
        ("s.yaml", "? [1, 2]\n: 3", "a key must be text"),
        ("s.yaml", "a: [1", "is not valid YAML: line"),
        ("s.yaml", "a: \x07", "is not valid YAML"),
        ("s.yaml", "a: 2001-13-45", "month must be in 1..12"),
        ("s.yaml", "a: 1\n---\nb: 2", "is not valid YAML"),
        ("s.yaml", "a: " + "1:" * 5000 + "1", "a value of more than 8192 characters"),
        ("s.yaml", "a: [" + "1," * 10_000 + "1]", "more than 10000 keys and values"),
        ("s.json", '{"limits": {"cpus": NaN}}', "NaN is no number"),
        ("s.json", '{"runtime": ', "is not valid JSON: Expecting value"),
        ("s.json", "[1]", "holds no table of settings"),
        ("s.yaml", "text", "holds no table of settings"),
        ("s.toml", b"\xff", "is not UTF-8"),
        ("s.ini", "[a]", "are not read from .ini; use .toml, .yaml, .yml, .json"),
        ("settings", "", "are not read from a name without a suffix"),
        ("s.toml", "#" * (LARGEST_FILE + 1), "is larger than 256 KiB"),
        ("s.toml", "a" + ".a" * 100_000 + " = 1", "a key of more than 32 parts"),
        ("s.toml", "a = " + "[" * 100_000, "is nested too deeply"),
        ("s.json", '{"a":' * 40_000, "is nested too deeply"),
        ("s.yaml", "a: " + "[" * 200_000, "is nested too deeply"),
        ("s.json", '{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1), "is nested too deeply; 16 levels"),
        ("s.json", '{"a": ' + "1" * 5000 + "}", "is not valid JSON"),
        ("s.yaml", "a: " + "1" * 5000, "Exceeds the limit"),
    ],
    ids=brief,
)
def test_a_file_that_is_no_settings_is_refused_and_changes_nothing(
    name: str, content: str | bytes, said: str, write: Write
) -> None:
    file = write(name, content)
    message = refused(file)
    assert said in message
    assert message.startswith(str(file))


def test_a_file_of_the_largest_size_is_read(write: Write) -> None:
    lines = "".join(f"a{number} = 1\n" for number in range(LARGEST_FILE // 8))
    settings = Settings()
    settings.load(write("s.toml", lines[:LARGEST_FILE].rpartition("\n")[0]))
    assert "unknown key 'a0'" in complaint(settings)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in refused(tmp_path / "absent.toml")
    (tmp_path / "folder.toml").mkdir()
    assert "cannot be read (Is a directory)" in refused(tmp_path / "folder.toml")
    assert "cannot be read" in refused(tmp_path / "a\0b.toml")


def test_without_pyyaml_yaml_is_unavailable_and_the_others_are_not(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(UnavailableError, match="pip install pyyaml"):
        Settings().load(write("s.yaml", "runtime: runc"))
    Settings().load(write("s.json", "{}"))


@settings_of_hypothesis(max_examples=50)
@given(st.text(max_size=60))
def test_whatever_a_file_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in MEMORY:
        file = folder / name
        file.write_text(text, encoding="utf-8", errors="replace")
        settings = Settings()
        try:
            settings.load(file)
            settings.validate()
        except SettingError:
            continue
        assert set(settings.defaults) == set(SCHEMA)


# The environment


def test_variables_name_keys_with_two_lines_for_a_dot() -> None:
    settings = Settings()
    settings.load_environment(
        {
            "SANDBOX_LIMITS__MEMORY": "2097152",
            "SANDBOX_LIMITS__CPUS": "1.5",
            "SANDBOX_LIMITS__NETWORK": "Yes",
            "SANDBOX_RUNTIME": "runc",
            "OTHER": "1",
            "SANDBOX": "/tmp",
        }
    )
    keys = ("limits.memory", "limits.cpus", "limits.network", "runtime")
    assert [settings.get(key) for key in keys] == [2097152, 1.5, True, "runc"]


def test_the_environment_is_that_of_the_process_and_the_prefix_a_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MINE_RUNTIME", "crun")
    settings = Settings()
    settings.load_environment(prefix="MINE_")
    assert settings.get("runtime") == "crun"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("SANDBOX_LIMITS__MEMROY", "1", "unknown key 'limits.memroy'; did you mean 'limits.memory'?"),
        ("SANDBOX_LIMITS__MEMORY", "lots", "'limits.memory' must be a whole number, not a string"),
        ("SANDBOX_LIMITS__MEMORY", "", "'limits.memory' must be a whole number, not a string"),
        ("SANDBOX_LIMITS__NETWORK", "perhaps", "'limits.network' must be true or false, not a string"),
        ("SANDBOX_LIMITS__CPUS", "1e999", "'limits.cpus' is inf"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(name: str, text: str, said: str) -> None:
    settings = Settings()
    settings.load_environment({name: text})
    assert complaint(settings).startswith(f"${name}: {said}")


# Validation


def test_validation_names_the_file_the_key_and_what_is_wanted(write: Write) -> None:
    file = write("s.toml", "[limits]\nmemory = 'much'")
    settings = Settings()
    settings.load(file)
    assert complaint(settings) == f"{file}: 'limits.memory' must be a whole number, not a string"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("limits.memroy = 1", "unknown key 'limits.memroy'; did you mean 'limits.memory'?"),
        ("limits = 1", "unknown key 'limits'"),
        ("runtime.name = 'a'", "'runtime' must be a string, not a table"),
        ("limits.memory = [1]", "'limits.memory' must be a whole number, not a list"),
        ("limits.memory = 2026-01-01", "'limits.memory' must be a whole number, not a date"),
        ("limits.cpus = inf", "'limits.cpus' is inf; choose 0.01 to 1024"),
        ("'' = 1", "unknown key ''"),
    ],
)
def test_what_a_file_says_wrongly_is_found(content: str, said: str, write: Write) -> None:
    settings = Settings()
    settings.load(write("s.toml", content))
    assert said in complaint(settings)


def test_a_number_too_large_for_any_float_is_out_of_range(write: Write) -> None:
    settings = Settings()
    settings.load(write("s.json", '{"limits": {"cpus": 1' + "0" * 400 + "}}"))
    assert "'limits.cpus' is enormous; choose 0.01 to 1024" in complaint(settings)


def test_no_value_is_handed_out_that_has_not_been_judged(write: Write) -> None:
    settings = Settings()
    settings.load(write("s.toml", "limits.memory = 'much'"))
    for _ in range(2):
        with pytest.raises(SettingError, match="must be a whole number"):
            settings.get("runtime")


def test_the_environment_may_put_a_file_right(write: Write) -> None:
    settings = Settings()
    settings.load(write("s.toml", "limits.memory = 'much'"))
    settings.load_environment({"SANDBOX_LIMITS__MEMORY": "2097152"})
    settings.validate()
    assert settings.get("limits.memory") == 2097152


def test_a_service_that_others_can_reach_needs_a_token() -> None:
    settings = Settings()
    settings.set("service.host", "0.0.0.0")  # noqa: S104
    assert "no address of loopback, and there is no token; set SANDBOX_TOKEN" in complaint(settings)
    settings.load_environment({"SANDBOX_TOKEN": "hush"})
    settings.validate()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    settings = Settings()
    settings.set("service.host", host)
    settings.validate()
    assert settings.get("service.host") == host


def test_a_secret_is_not_shown() -> None:
    settings = Settings({"token": Option("", choices=("right",), secret=True)})
    settings.load_environment({"SANDBOX_TOKEN": "hush"})
    message = complaint(settings)
    assert message.startswith("$SANDBOX_TOKEN: 'token' is …")
    assert "hush" not in message


# Paths


def test_a_relative_path_starts_from_the_file_that_set_it(write: Write, tmp_path: Path) -> None:
    settings = Settings()
    settings.load(write("inner/s.toml", "folders.data = '../other/./data'"))
    assert settings.resolve_path("folders.data") == tmp_path.resolve() / "other/data"


def test_what_no_file_has_set_starts_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert settings.resolve_path("folders.data") == tmp_path.resolve() / "data"
    settings.set("folders.data", Path("a/../b"))
    assert settings.resolve_path("folders.data") == tmp_path.resolve() / "b"


def test_the_tilde_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().resolve_path("folders.cache") == tmp_path.resolve() / ".cache/sandbox"


def test_a_home_that_is_nobodys_is_refused() -> None:
    settings = Settings()
    settings.set("folders.data", "~no-such-user-here/data")
    with pytest.raises(SettingError, match=r"the program: 'folders.data' cannot be resolved"):
        settings.resolve_path("folders.data")


@pytest.mark.parametrize("escape", ["../outside", "/etc", "inside/../../outside", "link/x", "~"])
def test_a_path_that_leads_out_of_its_base_is_refused(escape: str, tmp_path: Path, write: Write) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "link").symlink_to(tmp_path / "outside")
    settings = Settings()
    settings.load(write("base/s.json", json.dumps({"folders": {"data": escape}})))
    with pytest.raises(SettingError, match=r"s\.json: 'folders\.data' leads out of"):
        settings.resolve_path("folders.data", base)


def test_a_path_within_its_base_is_taken(tmp_path: Path, write: Write) -> None:
    settings = Settings()
    settings.load(write("base/s.json", '{"folders": {"data": "a/../b"}}'))
    assert settings.resolve_path("folders.data", tmp_path / "base") == tmp_path.resolve() / "base/b"


def test_what_is_no_path_is_not_resolved() -> None:
    settings = Settings()
    with pytest.raises(SettingError, match=r"'limits\.memory' is no path"):
        settings.resolve_path("limits.memory")


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "", "~"]), max_size=8).map(os.sep.join))
def test_no_path_leads_out_of_its_base(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    base = tmp_path_factory.getbasetemp()
    settings = Settings()
    settings.set("folders.data", path)
    try:
        found = settings.resolve_path("folders.data", base)
    except SettingError:
        return
    assert found.is_relative_to(base.resolve())


@given(st.dictionaries(st.text(string.ascii_uppercase + "_", max_size=20), st.text(max_size=20), max_size=5))
def test_whatever_the_environment_holds_is_read_or_refused(environ: dict[str, str]) -> None:
    settings = Settings()
    settings.load_environment(environ, prefix="")
    with contextlib.suppress(SettingError):
        settings.validate()
        assert {settings.get(key) for key in SCHEMA}
