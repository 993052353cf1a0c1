"""A published site is replaced as a whole, and nothing else ever is."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perfbench.commands import site_folder
from perfbench.commands.site_folder import MARK, is_site, replaced_site
from perfbench.errors import UsageError


def publish(folder: Path, text: str) -> None:
    """A site of one page."""
    with replaced_site(folder) as work:
        (work / "index.html").write_text(text)
        (work / MARK).write_text("{}")


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_site_is_written_where_there_was_none(tmp_path: Path) -> None:
    publish(tmp_path / "deep" / "site", "one")
    assert (tmp_path / "deep" / "site" / "index.html").read_text() == "one"
    assert entries(tmp_path / "deep") == {"site"}


def test_a_site_takes_the_place_of_the_old_one_with_all_its_files(tmp_path: Path) -> None:
    publish(tmp_path / "site", "one")
    (tmp_path / "site" / "old.html").write_text("old")
    publish(tmp_path / "site", "two")
    assert entries(tmp_path / "site") == {"index.html", MARK}
    assert (tmp_path / "site" / "index.html").read_text() == "two"
    assert entries(tmp_path) == {"site"}


def test_it_is_replaced_where_the_kernel_cannot_exchange_two_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_folder, "_swapped", lambda _one, _other: False)
    publish(tmp_path / "site", "one")
    publish(tmp_path / "site", "two")
    assert (tmp_path / "site" / "index.html").read_text() == "two"
    assert entries(tmp_path) == {"site"}


def test_an_error_leaves_the_old_site_and_nothing_beside_it(tmp_path: Path) -> None:
    publish(tmp_path / "site", "one")

    def fail() -> None:
        with replaced_site(tmp_path / "site") as work:
            (work / "index.html").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "site" / "index.html").read_text() == "one"
    assert entries(tmp_path) == {"site"}


def test_a_killed_publishing_leaves_the_old_site_and_the_next_one_works(tmp_path: Path) -> None:
    publish(tmp_path / "site", "one")
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from perfbench.commands.site_folder import replaced_site\n"
        "with replaced_site(Path(sys.argv[1])) as work:\n"
        "    (work / 'half.html').write_text('half'); (work / 'data').mkdir()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "site")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "site" / "index.html").read_text() == "one"
    publish(tmp_path / "site", "two")
    assert entries(tmp_path / "site") == {"index.html", MARK}
    assert entries(tmp_path) == {"site"}


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    publish(tmp_path / "site", "one")
    (tmp_path / ".site.publishing").mkdir()
    held = os.open(tmp_path / ".site.publishing", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match=r"is being published already; wait"):
            publish(tmp_path / "site", "two")
    finally:
        os.close(held)
    assert (tmp_path / "site" / "index.html").read_text() == "one"


def test_a_folder_of_somebodys_own_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"something else than a published site.*-o"):
        publish(tmp_path / "home", "one")
    assert entries(tmp_path / "home") == {"letter.txt"}
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"is a file; name a folder"):
        publish(tmp_path / "file", "one")


def test_an_empty_folder_and_a_link_to_a_site_will_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    publish(tmp_path / "empty", "one")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    publish(tmp_path / "link", "two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "empty" / "index.html").read_text() == "two"


def test_only_a_published_folder_is_a_site(tmp_path: Path) -> None:
    publish(tmp_path / "site", "one")
    assert is_site(tmp_path / "site")
    assert not is_site(tmp_path)


def test_git_leaves_a_site_in_perfbenchs_own_folder_alone(tmp_path: Path) -> None:
    publish(tmp_path / ".perfbench" / "site", "one")
    assert (tmp_path / ".perfbench" / ".gitignore").read_text() == "*\n"
