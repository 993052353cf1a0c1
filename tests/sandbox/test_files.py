"""The files of a sandbox: what can be done with them, and that nothing reaches beyond their folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import SandboxError
from perfbench.sandbox import files
from perfbench.sandbox.files import DEEPEST, Entry, Folder, Match

SECRET = b"the secret outside"
OPERATIONS: dict[str, Callable[[Folder, str], object]] = {
    "read": lambda folder, path: folder.read(path),
    "write": lambda folder, path: folder.write(path, b"written"),
    "list": lambda folder, path: folder.list(path),
    "search": lambda folder, path: folder.search("secret", path),
    "delete": lambda folder, path: folder.delete(path),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder `root` for the sandbox, and beside it what must not be reached."""
    (tmp_path / "root/inner").mkdir(parents=True)
    (tmp_path / "root/inner/file").write_bytes(b"first\nsecond line\nthird\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(SECRET)
    return tmp_path


@pytest.fixture
def folder(place: Path) -> Folder:
    return Folder(place / "root")


@pytest.fixture(params=OPERATIONS)
def operation(request: pytest.FixtureRequest) -> Callable[[Folder, str], object]:
    return OPERATIONS[request.param]


def outside_is_untouched(place: Path) -> bool:
    return [(file.name, file.read_bytes()) for file in (place / "outside").iterdir()] == [("secret", SECRET)]


def complaint(action: Callable[[], object]) -> str:
    with pytest.raises(SandboxError) as caught:
        action()
    return str(caught.value)


# What can be done


def test_what_is_written_is_read(folder: Folder) -> None:
    folder.write("a", b"one")
    folder.write("a", b"two")
    assert folder.read("a") == folder.read("./a") == folder.read(PurePosixPath("a")) == b"two"


def test_folders_on_the_way_are_made(folder: Folder) -> None:
    folder.write("x/y/z", b"deep")
    assert folder.read("x/y/z") == b"deep"
    assert folder.list("x") == [Entry("y", "folder", 0)]


def test_a_write_leaves_one_file_and_a_failed_one_none(folder: Folder) -> None:
    folder.write("a", b"1")
    assert "Is a directory" in complaint(lambda: folder.write("inner", b"2"))
    assert folder.list() == [Entry("a", "file", 1), Entry("inner", "folder", 0)]


def test_readers_see_the_old_content_or_the_new_and_no_part_of_either(folder: Folder) -> None:
    contents = (b"a" * 100_000, b"b" * 70_000)
    folder.write("f", contents[0])

    def write() -> None:
        for turn in range(50):
            folder.write("f", contents[turn % 2])

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        while not writing.done():
            assert folder.read("f") in contents
        writing.result()


def test_a_list_says_what_each_entry_is(folder: Folder, place: Path) -> None:
    folder.write("b", bytes(7))
    (place / "root/link").symlink_to("b")
    os.mkfifo(place / "root/pipe")
    assert folder.list() == [
        Entry("b", "file", 7),
        Entry("inner", "folder", 0),
        Entry("link", "link", 0),
        Entry("pipe", "other", 0),
    ]


def test_a_name_that_is_not_utf8_can_be_listed_and_read(folder: Folder, place: Path) -> None:
    (place / "root" / os.fsdecode(b"\xff")).write_bytes(b"odd")
    (odd, _) = sorted(folder.list(), key=lambda entry: entry.kind)
    assert folder.read(odd.name) == b"odd"


def test_files_and_folders_and_links_are_deleted(folder: Folder, place: Path) -> None:
    folder.write("many/a/b", b"1")
    (place / "root/many/out").symlink_to(place / "outside")
    (place / "root/link").symlink_to(place / "outside/secret")
    for path in ("link", "inner/file", "inner", "many"):
        folder.delete(path)
    assert folder.list() == []
    assert outside_is_untouched(place)


@pytest.mark.parametrize("path", ["", ".", "./", "//" * 0 + "./."])
def test_the_folder_itself_can_only_be_listed_and_searched(path: str, folder: Folder) -> None:
    for name in ("read", "write", "delete"):
        assert "is the folder itself" in complaint(lambda name=name: OPERATIONS[name](folder, path))  # type: ignore[misc]
    assert [entry.name for entry in folder.list(path)] == ["inner"]


# Search


def test_a_search_gives_path_line_and_text(folder: Folder) -> None:
    folder.write("a.txt", b"no\r\nsecond thing\r\n")
    assert folder.search("second") == [
        Match("a.txt", 2, "second thing"),
        Match("inner/file", 2, "second line"),
    ]
    assert folder.search("second", "inner") == [Match("inner/file", 2, "second line")]


def test_the_text_of_a_search_is_no_pattern(folder: Folder) -> None:
    folder.write("a", b"x.*y\nxzzy\n")
    assert [match.line for match in folder.search(".*")] == [1]


def test_names_of_files_may_be_chosen(folder: Folder) -> None:
    for name in ("a.py", "b.txt", "deep/c.py"):
        folder.write(name, b"here")
    assert [match.path for match in folder.search("here", names="*.py")] == ["a.py", "deep/c.py"]


def test_a_search_stops_at_its_limit(folder: Folder) -> None:
    folder.write("a", b"x\n" * 10)
    folder.write("b", b"x\n" * 10)
    assert [(match.path, match.line) for match in folder.search("x", limit=12)][-2:] == [("b", 1), ("b", 2)]


def test_links_files_without_text_and_large_ones_are_passed_over(folder: Folder, place: Path) -> None:
    (place / "root/link").symlink_to(place / "outside/secret")
    (place / "root/loop").symlink_to(".")
    os.mkfifo(place / "root/pipe")
    folder.write("binary", b"\0secret")
    folder.write("large", b"secret" * 10)
    assert Folder(folder.root, largest=50).search("secret") == []


def test_a_long_line_is_shown_in_part(folder: Folder) -> None:
    folder.write("a", b"\xff" + b"x" * 10_000)
    (match,) = folder.search("xx")
    assert len(match.text) == 500


@pytest.mark.parametrize(
    ("text", "names", "limit", "said"),
    [
        ("", "*", 10, "needs a text of one line"),
        ("a\nb", "*", 10, "needs a text of one line"),
        ("a", "*", 0, "the limit of a search is 0"),
        ("\udfff", "*", 10, "characters that cannot be written"),
        ("a", "*" * 300, 10, "a pattern of 300 characters"),
    ],
)
def test_a_search_for_nothing_is_refused(
    text: str, names: str, limit: int, said: str, folder: Folder
) -> None:
    assert said in complaint(lambda: folder.search(text, names=names, limit=limit))


def test_a_search_reads_and_enters_no_more_than_it_may(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("inner/other", bytes(10))
    monkeypatch.setattr(files, "MOST_SEARCHED", 20)
    assert "a search of more than 20 bytes" in complaint(lambda: folder.search("nowhere"))
    monkeypatch.setattr(files, "MOST_ENTRIES", 2)
    assert "a search of more than 2 files" in complaint(lambda: folder.search("x", names="n", limit=1))
    monkeypatch.setattr(files, "MOST_ENTRIES", 1)
    assert "holds more than 1 entries" in complaint(lambda: folder.list("inner"))


# Bounds


def test_a_file_that_is_too_large_is_neither_read_nor_written(folder: Folder, place: Path) -> None:
    small = Folder(folder.root, largest=10)
    small.write("a", bytes(10))
    assert small.read("a") == bytes(10)
    assert "11 bytes are more than the 10 that are written" in complaint(lambda: small.write("b", bytes(11)))
    (place / "root/b").write_bytes(bytes(11))
    assert "has 11 bytes, more than the 10 that are read" in complaint(lambda: small.read("b"))


def test_a_file_that_grows_while_it_is_read_is_held_to_the_bound(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a", bytes(20))
    small = Folder(folder.root, largest=10)
    before = (folder.root / "inner/file").stat()
    monkeypatch.setattr(os, "fstat", lambda _: before)
    small.largest = 30
    assert small.read("a") == bytes(20)
    small.largest = 24
    folder.write("a", bytes(30))
    assert "more than the 24 bytes that are read" in complaint(lambda: small.read("a"))


def test_a_pipe_a_socket_and_a_folder_are_no_files(folder: Folder, place: Path) -> None:
    os.mkfifo(place / "root/pipe")
    assert "'pipe' is no file" in complaint(lambda: folder.read("pipe"))
    assert "'inner' is a folder" in complaint(lambda: folder.read("inner"))
    here = Path.cwd()
    os.chdir(place / "root")  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket")
    finally:
        os.chdir(here)
    assert "'socket':" in complaint(lambda: folder.read("socket"))


def test_a_folder_that_is_nested_without_end_can_be_entered_only_so_far(folder: Folder, place: Path) -> None:
    deep = place / "root"
    for _ in range(DEEPEST + 1):
        deep = deep / "d"
    deep.mkdir(parents=True)
    path = "/".join(["d"] * (DEEPEST + 1))
    assert f"goes through {DEEPEST + 1} folders" in complaint(lambda: folder.list(path))
    assert f"more than {DEEPEST} folders" in complaint(lambda: folder.search("x"))
    folder.delete("d")
    assert not (place / "root/d").exists()


@pytest.mark.parametrize("root", ["absent", "root/inner/file", "a\0b"])
def test_a_root_must_be_a_folder(root: str, place: Path) -> None:
    assert "no folder" in complaint(lambda: Folder(place / root))


@pytest.mark.parametrize("name", ["read", "list", "search", "delete"])
def test_what_is_not_there_is_said_to_be_so(name: str, folder: Folder) -> None:
    assert complaint(lambda: OPERATIONS[name](folder, "no/such")) == "'no/such': No such file or directory"


def test_no_file_stays_open(folder: Folder, place: Path) -> None:
    (place / "root/link").symlink_to("inner")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for one in OPERATIONS.values():
        for path in ("inner/file", "link/file", "inner/file/x", "../x", "absent"):
            try:
                one(folder, path)
            except SandboxError:
                continue
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


# Nothing leads out


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret",
        "inner/../../outside/secret",
        "inner/..",
        "..",
        "/etc/passwd",
        "//etc/passwd",
        "\0",
        "inner/file\0.txt",
        "x" * 5000,
        "x/" * 2000,
        "x" * 300,
        "\udfff",
        "out/secret",
        "out",
        "chain/secret",
        "to-root/inner/file",
    ],
    ids=lambda path: repr(path)[:30],
)
def test_a_path_that_leads_out_is_refused(
    path: str, operation: Callable[[Folder, str], object], folder: Folder, place: Path
) -> None:
    root = place / "root"
    (root / "out").symlink_to(place / "outside")
    (root / "chain").symlink_to("out")
    (root / "to-root").symlink_to(".")
    if path == "out" and operation in (OPERATIONS["write"], OPERATIONS["delete"]):
        operation(folder, path)  # the link itself is replaced or removed
    else:
        with pytest.raises(SandboxError):
            operation(folder, path)
    assert outside_is_untouched(place)
    assert (root / "inner/file").exists()


def test_a_link_is_not_followed_even_where_it_points_inside(folder: Folder, place: Path) -> None:
    (place / "root/link").symlink_to("inner/file")
    (place / "root/way").symlink_to("inner")
    assert complaint(lambda: folder.read("link")) == "'link': it is a link, and links are not followed"
    assert "or a link, which is not followed" in complaint(lambda: folder.read("way/file"))


PARTS = st.one_of(
    st.sampled_from(["..", ".", "", "inner", "file", "out", "up", "abs", "outside", "secret", "~", "\0"]),
    st.text(max_size=5),
)
PATHS = st.builds(
    lambda root, parts: root + "/".join(parts), st.sampled_from(["", "/", "//"]), st.lists(PARTS)
)


@given(path=PATHS, data=st.binary(max_size=8))
def test_no_path_whatever_reaches_outside(
    tmp_path_factory: pytest.TempPathFactory, path: str, data: bytes
) -> None:
    place = tmp_path_factory.getbasetemp() / "hostile"
    root = place / "root"
    if not root.exists():
        (place / "outside").mkdir(parents=True)
        (place / "outside/secret").write_bytes(SECRET)
    (root / "inner").mkdir(parents=True, exist_ok=True)
    for name, target in (("out", "../outside"), ("up", ".."), ("abs", str(place / "outside/secret"))):
        if not (root / name).exists():
            (root / name).unlink(missing_ok=True)
            (root / name).symlink_to(target)
    folder = Folder(root)
    seen: list[object] = []
    for action in (
        lambda: folder.read(path),
        lambda: [match.text for match in folder.search("secret", path)],
        lambda: folder.write(path, data),
        lambda: [entry.name for entry in folder.list(path)],
        lambda: folder.delete(path),
    ):
        try:
            seen.append(action())
        except SandboxError as error:
            assert error.message  # noqa: PT017  (either way is right)
    assert SECRET not in seen
    assert [SECRET.decode()] not in seen
    assert outside_is_untouched(place)
    assert {entry.name for entry in place.iterdir()} == {"root", "outside"}


def test_a_folder_that_turns_into_a_link_under_way_leads_nowhere(folder: Folder, place: Path) -> None:
    """Another thread swaps a folder for a link that leads out, again and again."""
    root = place / "root"
    (root / "way").mkdir()
    (root / "way/secret").write_bytes(b"harmless")
    (root / "bait").symlink_to(place / "outside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "way").rename(root / "aside")
            with contextlib.suppress(OSError):  # a write has just made the folder anew
                (root / "bait").rename(root / "way")
                (root / "way").rename(root / "bait")
            while (root / "aside").exists():
                shutil.rmtree(root / "way", ignore_errors=True)
                with contextlib.suppress(OSError):
                    (root / "aside").rename(root / "way")

    with ThreadPoolExecutor(1) as thread:
        swapping = thread.submit(swap)
        try:
            for _ in range(300):
                for action in (
                    lambda: folder.read("way/secret"),
                    lambda: folder.write("way/new", b"new"),
                    lambda: folder.delete("way/new"),
                    lambda: b"".join(match.text.encode() for match in folder.search("outside")),
                ):
                    try:
                        assert SECRET not in (action() or b"")
                    except SandboxError:
                        continue
        finally:
            stop.set()
        swapping.result()
    assert outside_is_untouched(place)
