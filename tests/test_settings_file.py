"""A complaint about a value names its own line, also in tables whose keys are free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from perfbench.errors import ConfigError
from perfbench.json_file import read_json
from perfbench.toml_file import read_toml


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    words: str | tuple[str, ...] = ()
    body: Any = None


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    entries: dict[str, Entry] = {}
    names: dict[str, str] | None = None
    lists: tuple[dict[str, int], ...] = ()


TOML = """\
[entries.a]
path = "/a"
[entries.b]
{entry}
[names]
x = "y"
{name}
[[lists]]
n = 1
{count}
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ({"entry": "paht = '/b'"}, "f.toml:4: unknown key 'paht'; did you mean 'path'?"),
        ({"entry": "words = 'x'"}, "f.toml:3: [entries.b] has no 'path'; add path = …"),
        ({"entry": "path = '/b'\nwords = 3"}, "f.toml:5: 'entries.b.words' must be"),
        ({"name": "z = 3"}, "f.toml:7: 'names.z' must be a string, not a whole number"),
        ({"count": "m = 'x'"}, "f.toml:10: 'lists.m' must be a whole number, not a string"),
    ],
)
def test_the_entry_that_does_not_fit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: dict[str, str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    filled = TOML.format(**{"entry": "path = '/b'", "name": "", "count": ""} | text)
    (tmp_path / "f.toml").write_text(filled)
    with pytest.raises(ConfigError) as caught:
        read_toml(tmp_path / "f.toml").decode(Shape)
    assert str(caught.value).startswith(complaint)


def test_places_in_lists_are_found_in_json_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.json").write_text(
        '{"entries": {"a": {"path": "/a"},\n "b": {"path": "/b",\n "words": ["x",\n 3]}}}'
    )
    with pytest.raises(
        ConfigError, match=r"^f.json:4: 'entries.b.words' must be a string, not a whole number"
    ):
        read_json(tmp_path / "f.json").decode(Shape)


def test_a_place_is_a_file_and_a_line(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text("[entries.a]\npath = '/a'\n")
    file = read_toml(tmp_path / "f.toml")
    assert file.place(("entries", "a", "path")) == "f.toml:2"
    assert file.place(("names",)) == "f.toml"
    assert (file.at(("entries", "a")), file.at(("names", "x"))) == ({"path": "/a"}, {})
