"""YAML as settings are written in it: plain, bounded, and each key on its line."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import ConfigError, MissingComponentError

pytest.importorskip("yaml")

from perfbench.yaml_file import read_yaml

DOCUMENT = """\
# settings
measure:
  rounds: 12
  time_budget: "5 min"   # quoted
gate:
  rows:
    - "a.*"
    - b.*

areas: {llm: false, "on": true}
text: |
  two
  lines
harness:
  - name: x
    share: 0.5
  - {name: y, none: null, empty: }
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture(autouse=True)
def _stand_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_tables_lists_and_values_are_read(tmp_path: Path) -> None:
    assert read_yaml(write(tmp_path, DOCUMENT)).data == {
        "measure": {"rounds": 12, "time_budget": "5 min"},
        "gate": {"rows": ["a.*", "b.*"]},
        "areas": {"llm": False, "on": True},
        "text": "two\nlines\n",
        "harness": [{"name": "x", "share": 0.5}, {"name": "y", "none": None, "empty": None}],
    }


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("measure",), 2),
        (("measure", "time_budget"), 4),
        (("gate", "rows", 1), 8),
        (("areas", "on"), 10),
        (("harness", 0), 15),
        (("harness", 0, "share"), 16),
        (("harness", 1, "empty"), 17),
        (("measure", "unheard of"), 2),
    ],
)
def test_every_key_knows_its_line(tmp_path: Path, key: tuple[str | int, ...], line: int) -> None:
    assert read_yaml(write(tmp_path, DOCUMENT)).line(key) == line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("'true'", "true"), ("-3", -3),
        ("2.5", 2.5), ("1e3", 1000.0), ("-.inf", float("-inf")),
        # What YAML 1.1 takes for truth, octal numbers and times of day are words and numbers here.
        ("no", "no"), ("010", 10), ("5:00", "5:00"), ("2026-01-31", "2026-01-31"), ("=", "="),
    ],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(tmp_path: Path, written: str, meant: object) -> None:
    found = read_yaml(write(tmp_path, f"key: {written}\n")).data["key"]
    assert (found, type(found)) == (meant, type(meant))


def test_a_file_that_holds_nothing_sets_nothing(tmp_path: Path) -> None:
    assert read_yaml(write(tmp_path, "# nothing yet\n")).data == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: &x 1\nb: 2\n", "file.yaml:1: an anchor (&x) has no place in settings; remove it"),
        ("a: 1\nb: *x\n", "file.yaml:2: an alias (*) has no place in settings; write the value out"),
        ("a: !!python/name:os.system x\n", "file.yaml:1: a tag ("),
        ("a: 1\n\na: 2\n", "file.yaml:3: the key 'a' stands here twice; remove one"),
        ("a: 1\n---\nb: 2\n", "file.yaml:2: holds several documents; keep one"),
        ("? [a, b]\n: 1\n", "file.yaml:1: a key must be a word"),
        ("- a\n- b\n", "file.yaml: must hold one table of settings"),
        ("a: 1\nb: [\n", "file.yaml:3: is not valid YAML: "),
        ("a: 1\n b: 2\n", "file.yaml:2: is not valid YAML: "),
        ("a: '\x07'\n", "file.yaml: is not valid YAML: "),
        ("a: " + "[" * 20 + "\n" + "[" * 20, "file.yaml:2: is nested too deeply"),
        (b"a: 1\nb: \xff\n", "file.yaml:2: is not UTF-8; save it as UTF-8"),
        ("#" * 300_000, "file.yaml: is larger than 256 KiB, as no settings are"),
    ],
)
def test_what_is_no_plain_table_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml(write(tmp_path, text))
    assert str(caught.value).startswith(complaint)


BILLION_LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    "text", [BILLION_LAUGHS, "[" * 250_000, "{a: " * 60_000, "- " * 120_000, "? " * 120_000, "!" * 250_000]
)
def test_a_bomb_is_refused_before_it_has_grown(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError):
        read_yaml(write(tmp_path, text))
    assert time.process_time() - began < 10.0


def test_without_pyyaml_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingComponentError, match=r"file.yaml is YAML.*; pip install pyyaml"):
        read_yaml(write(tmp_path, "a: 1\n"))


PIECES = st.lists(
    st.sampled_from(
        ["a", "b", ": ", ":\n", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "'", '"', "&x ", "*x", "!t ", "? ",
         "|\n", ">", "---\n", "...", "#", "<<: ", "1", "0x1", ".nan", "\t", "%YAML 1.2\n", "\\ud800", "\\U00110000"]
    ),
    max_size=20,
)  # fmt: skip


@settings(max_examples=60)
@given(st.one_of(st.text(max_size=100), PIECES.map("".join), st.binary(max_size=100)))
def test_anything_is_settings_or_a_configerror(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    path = write(tmp_path_factory.getbasetemp(), raw)
    try:
        found = str(read_yaml(path).path)
    except ConfigError as error:
        found = str(error)
    assert "file.yaml" in found
