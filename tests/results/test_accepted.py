"""Adding to accepted.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.acceptances import load_acceptances
from perfbench.errors import UsageError
from perfbench.model import Acceptance
from perfbench.results.accepted import append

ENTRY = Acceptance("a.time_b(1, 'x')", "time", 'it\'s "safer" \\ ✓', "Ann", "2026-01-01", "2026-12-31", 0.12)

LINES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda text: text.isprintable() and bool(text.strip())
)


def test_a_new_file_explains_itself_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "baselines" / "accepted.toml"
    append(path, ENTRY, "+12 %")
    assert path.read_text().startswith("# Regressions that were taken on")
    (found,) = load_acceptances(path)
    assert (found.pattern, found.reason, found.share) == (ENTRY.pattern, ENTRY.reason, 0.12)


def test_what_stood_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    append(path, ENTRY, "+12 %")
    path.write_text(f"# mine\n{path.read_text()}  # and this")
    before = path.read_text()
    append(path, ENTRY, "3 ms")
    assert path.read_text().startswith(before)
    assert [entry.limit for entry in load_acceptances(path)] == [None, 0.003]


@given(LINES, LINES)
def test_any_line_of_text_reads_back(tmp_path_factory: pytest.TempPathFactory, name: str, why: str) -> None:
    path = tmp_path_factory.mktemp("accepted") / "accepted.toml"
    entry = Acceptance(name, "time", why, "Ann", "2026-01-01", "2026-12-31", 0.12)
    append(path, entry, "+12 %")
    (found,) = load_acceptances(path)
    assert (found.pattern, found.reason) == (name.strip(), why.strip())


def test_what_is_no_line_of_text_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    for reason in ("", " ", "two\nlines", "a\0b"):
        with pytest.raises(UsageError, match="not a line of text"):
            append(path, Acceptance("a", "time", reason, "Ann", "2026-01-01", "2026-12-31", 0.12), "+12 %")
    assert not path.exists()


def test_a_file_that_takes_no_further_table_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text("accepted = []\n")
    with pytest.raises(UsageError, match="takes no further entry"):
        append(path, ENTRY, "+12 %")
    assert path.read_text() == "accepted = []\n"
