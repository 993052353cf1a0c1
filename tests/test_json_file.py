"""JSON as settings are written in it: each key once, and on its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import ConfigError
from perfbench.json_file import read_json

DOCUMENT = """\
{
  "measure": {"rounds": 12,
    "time_budget": "5, min}"},
  "gate": {"rows": [
    "a\\"[.*",
    "b.*"
  ]},
  "harness": [
    {"name": "x"},
    {
      "na\\u006de": "y", "deep": {"er": [[1], {"est": null}]}
    }
  ]
}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("measure",), 2),
        (("measure", "time_budget"), 3),
        (("gate",), 4),
        (("gate", "rows", 0), 5),
        (("gate", "rows", 1), 6),
        (("harness", 0, "name"), 9),
        (("harness", 1), 10),
        (("harness", 1, "name"), 11),
        (("harness", 1, "deep", "er", 1, "est"), 11),
        (("unheard of",), None),
    ],
)
def test_every_key_knows_its_line(tmp_path: Path, key: tuple[str | int, ...], line: int | None) -> None:
    assert read_json(write(tmp_path, DOCUMENT)).line(key) == line


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": 1,\n"a": 2}', "file.json:2: the key 'a' stands here twice; remove one"),
        ('{"a": {"b": 1,\n"\\u0062": 2}}', "file.json:2: the key 'b' stands here twice; remove one"),
        ('{"a": 1,\n}', "file.json:2: is not valid JSON: "),
        ('{"a": 1} // why\n', "file.json:1: is not valid JSON: extra data"),
        ('{"a": NaN}', "file.json: is not valid JSON: there is no number NaN"),
        ('{"a": ' + "9" * 5000 + "}", "file.json: is not valid JSON: exceeds the limit"),
        ('{"a": "\\ud800"}', "file.json: is not valid JSON: half a character"),
        ("[1]", "file.json: must hold one JSON object"),
        ("", "file.json:1: is not valid JSON: expecting value"),
        ('{"a":\n' + "[" * 40 + "]" * 40 + "}", "file.json:2: is nested too deeply"),
        ('{"a": ' + "[" * 100_000, "file.json: is nested too deeply"),
        (b'{"a": "\xff"}', "file.json:1: is not UTF-8; save it as UTF-8"),
        (" " * 300_000, "file.json: is larger than 256 KiB, as no settings are"),
    ],
)
def test_what_is_no_json_object_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        read_json(write(tmp_path, text))
    assert str(caught.value).startswith(complaint)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=5), TREES, max_size=4), st.booleans())
def test_every_key_of_any_object_has_the_line_that_holds_it(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object], ascii_only: bool
) -> None:
    text = json.dumps(tree, indent=1, ensure_ascii=ascii_only)
    found = read_json(write(tmp_path_factory.getbasetemp(), text))
    assert found.data == tree
    lines = text.split("\n")
    for key in [key for key in found.lines if isinstance(key[-1], str)]:
        assert json.dumps(key[-1], ensure_ascii=ascii_only) in lines[found.lines[key] - 1]


@settings(max_examples=60)
@given(st.one_of(st.text(max_size=100), st.text('{}[],:"\\u0d8a1\n ', max_size=30), st.binary(max_size=60)))
def test_anything_is_settings_or_a_configerror(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    path = write(tmp_path_factory.getbasetemp(), raw)
    try:
        found = str(read_json(path).path)
    except ConfigError as error:
        found = str(error)
    assert "file.json" in found
