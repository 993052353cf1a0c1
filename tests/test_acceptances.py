"""accepted.toml, read strictly."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.acceptances import load_acceptances, parse_ceiling, utc_day
from perfbench.errors import ConfigError
from perfbench.model import Acceptance

ENTRY = """\
[[accepted]]
pattern = "container.*"
metric = "time"
reason = "safer parsing"
author = "Ann"
date = 2026-01-01
expires = "2026-12-31"
ceiling = "+12 %"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "accepted.toml"
    path.write_text(text)
    return path


def test_no_file_accepts_nothing(tmp_path: Path) -> None:
    assert load_acceptances(tmp_path / "accepted.toml") == ()


def test_an_entry_knows_where_it_stands(tmp_path: Path) -> None:
    absolute = ENTRY.replace('"+12 %"', '"3 ms"').replace('"2026-12-31"', "2026-12-31")
    assert load_acceptances(written(tmp_path, f"# ours\n\n{ENTRY}\n{absolute}")) == (
        Acceptance(
            "container.*", "time", "safer parsing", "Ann", "2026-01-01", "2026-12-31", 0.12, None, "accepted.toml:3"
        ),
        Acceptance(
            "container.*", "time", "safer parsing", "Ann", "2026-01-01", "2026-12-31", None, 0.003, "accepted.toml:12"
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("reason =", "raeson =", 4, "did you mean 'reason'?"),
        ('reason = "safer parsing"\n', "", 1, "has no 'reason'"),
        ('author = "Ann"\n', "", 1, "has no 'author'"),
        ('expires = "2026-12-31"\n', "", 1, "has no 'expires'"),
        ('ceiling = "+12 %"\n', "", 1, "has no 'ceiling'"),
        ('"safer parsing"', '" "', 4, "say why the regression is taken on"),
        ('"safer parsing"', '"a\\nb"', 4, "line break"),
        ('"2026-12-31"', '"in June"', 7, "must be a date; write it as 2026-12-31"),
        ('"2026-12-31"', "20261231", 7, "must be a date, not a whole number"),
        ('"2026-12-31"', '"2025-12-31"', 7, "before it begins"),
        ('"+12 %"', '"-12 %"', 8, "allows nothing"),
        ('"+12 %"', '"12"', 8, "has no unit"),
        ('"+12 %"', "12", 8, "has no unit"),
        ('"+12 %"', '"3 MB"', 8, "has the unit 'MB'"),
        ('"+12 %"', '"-3 ms"', 8, "allows nothing"),
        ('"+12 %"', '"much"', 8, "no number"),
        ("[[accepted]]", "[accepted]", 1, "must be a list"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    old: str, new: str, line: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_acceptances(written(tmp_path, ENTRY.replace(old, new)))
    assert said in str(caught.value)
    assert f"accepted.toml:{line}: " in str(caught.value)


def test_an_absolute_ceiling_is_of_one_metric(tmp_path: Path) -> None:
    text = ENTRY.replace('"time"', '"*"')
    assert load_acceptances(written(tmp_path, text))[0].share == 0.12
    with pytest.raises(ConfigError, match="needs one metric"):
        load_acceptances(written(tmp_path, text.replace("+12 %", "3 ms")))


def test_a_ceiling_is_relative_or_in_the_metrics_base_unit() -> None:
    assert parse_ceiling("+12 %", "*") == (0.12, None)
    assert parse_ceiling("12%", "time") == (0.12, None)
    assert parse_ceiling("64 KiB", "peakmem") == (None, 65536.0)
    assert parse_ceiling(90, "track") == (None, 90.0)


@given(st.text(max_size=30))
def test_any_text_is_a_ceiling_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        share, limit = parse_ceiling(text, "time")
        assert (share is None) != (limit is None)


def test_a_day_is_the_same_one_on_every_machine() -> None:
    assert utc_day(1_700_000_000.0) == "2023-11-14"
