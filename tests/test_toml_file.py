from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import ConfigError
from perfbench.toml_file import read_toml

DOCUMENT = '''\
# a comment with [[rule]] in it
title = """
[[rule]]
name = "not a key"
"""

[[rule]]   # the first
name = "a"
list = [
    "x",   # ]
    "[[rule]]",
]

[[rule]]
name = "b"
inner.deep = 1
table = { key = 1 }

  [[rule.part]]
  name = "b0"

  [[rule.part]]
  name = "b1"

[other."quoted.key"]
value = 1
'''


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    count: int = 0
    name: str | None = None


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    inner: Inner = msgspec.field(default_factory=Inner)
    items: tuple[Inner, ...] = ()
    words: tuple[str, ...] = ()


class Needs(msgspec.Struct, forbid_unknown_fields=True):
    pattern: str


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("title",), 2),
        (("rule",), 7),
        (("rule", 0), 7),
        (("rule", 0, "name"), 8),
        (("rule", 0, "list"), 9),
        (("rule", 1), 14),
        (("rule", 1, "inner", "deep"), 16),
        (("rule", 1, "table", "key"), 17),
        (("rule", 1, "part", 0), 19),
        (("rule", 1, "part", 1, "name"), 23),
        (("other",), 25),
        (("other", "quoted.key", "value"), 26),
        (("rule", 1, "unheard of"), 14),
        (("unheard of",), None),
    ],
)
def test_every_key_knows_its_line(tmp_path: Path, key: tuple[str | int, ...], line: int | None) -> None:
    assert read_toml(write(tmp_path, DOCUMENT)).line(key) == line


def test_lines_are_the_same_with_the_line_ends_of_windows(tmp_path: Path) -> None:
    file = read_toml(write(tmp_path, DOCUMENT.replace("\n", "\r\n")))
    assert file.line(("rule", 1, "part", 1, "name")) == 23


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[inner]\n\nkount = 1\n", "file.toml:3: unknown key 'kount'; did you mean 'count'?"),
        ("[iner]\ncount = 1\n", "file.toml:1: unknown key 'iner'; did you mean 'inner'?"),
        ("zzz = 1\n", "file.toml:1: unknown key 'zzz'; valid keys: inner, items, words"),
        ("[[items]]\n[[items]]\nnam = 1\n", "file.toml:3: unknown key 'nam'; did you mean 'name'?"),
        ("[inner]\ncount = 'x'\n", "file.toml:2: 'inner.count' must be a whole number, not a string"),
        ("[inner]\ncount = true\n", "file.toml:2: 'inner.count' must be a whole number, not true or false"),
        ("[inner]\nname = 3\n", "file.toml:2: 'inner.name' must be a string, not a whole number"),
        ("inner = 3\n", "file.toml:1: 'inner' must be a table, not a whole number"),
        ("[items]\ncount = 3\n", "file.toml:1: 'items' must be a list, not a table"),
        ("words = [\n  'a',\n  2,\n]\n", "file.toml:1: 'words' must be a string, not a whole number"),
        ("words = 'a'\n", "file.toml:1: 'words' must be a list, not a string"),
        ("[inner]\nname = 2024-01-01\n", "file.toml:2: 'inner.name' must be a string, not a date"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        read_toml(write(tmp_path, text)).decode(Shape)
    assert str(caught.value) == complaint


def test_a_required_key_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"file.toml:2: \[a.b\] has no 'pattern'; add pattern = …"):
        read_toml(write(tmp_path, "\n[a.b]\n")).decode(Needs, table=("a", "b"))


def test_a_table_that_is_absent_is_empty(tmp_path: Path) -> None:
    assert read_toml(write(tmp_path, "")).decode(Shape, table=("tool", "perfbench")) == Shape()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a = 1\nb = \n", "file.toml:2: is not valid TOML: invalid value"),
        ("a = 1\na = 2\n", "file.toml:2: is not valid TOML: cannot overwrite a value"),
        ("a = [\n1,\n2\n", "file.toml:3: is not valid TOML: unclosed array"),
        ("a = 1\nb = '\xff'\n".encode("latin-1"), "file.toml:2: is not UTF-8; save it as UTF-8"),
        ("a = " + "9" * 5000, "file.toml: is not valid TOML: exceeds the limit"),
        ("a = " + "[" * 50_000, "file.toml: is nested too deeply"),
        ("a." * 50_000 + "a = 1", "file.toml:1: a key of more than 32 parts"),
        ('b = 1\n["a".' + "'x' . " * 30_000 + "a]", "file.toml:2: a key of more than 32 parts"),
        ("#" * 300_000, "file.toml: is larger than 256 KiB, as no settings are"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        read_toml(write(tmp_path, text))
    assert str(caught.value).startswith(complaint)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_toml(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_toml(tmp_path / "absent.toml")


def test_a_value_of_a_hundred_thousand_lines_is_read_without_its_line_numbers(tmp_path: Path) -> None:
    file = read_toml(write(tmp_path, "a = [\n" + "1,\n" * 80_000 + "]\nb = 1\n"))
    assert file.data["b"] == 1
    assert file.line(("b",)) is None


TOML_PIECES = st.sampled_from(
    [
        "[a]",
        "[[b]]",
        "[[b.c]]",
        "x = 1",
        "y.z = 2",
        '"q" = 3',
        "l = [",
        "]",
        '"""',
        "'''",
        "m = '''",
        "# [[b]]",
        "",
        "{",
        "}",
        "n = {p = 1}",
    ]
)


@given(st.lists(TOML_PIECES, max_size=12))
def test_every_key_of_any_valid_document_has_a_line_that_holds_it(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    text = "\n".join(pieces)
    path = write(tmp_path_factory.getbasetemp(), text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(ConfigError):
            read_toml(path)
        return
    file = read_toml(path)
    for name in data:
        line = file.line((name,))
        entry = (name, 0) if isinstance(data[name], list) and line is None else (name,)
        found = file.line(entry)
        if found is not None:
            assert name in pieces[found - 1]


@given(st.binary(max_size=200))
def test_any_bytes_are_toml_or_a_configerror(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp(), content)
    try:
        found = repr(read_toml(path).path)
    except ConfigError as error:
        found = str(error)
    assert "file.toml" in found
