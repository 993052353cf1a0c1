"""Files in a sandbox by paths that lead no further: on the host's side where it has one, by its programs else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import PerfbenchError, SandboxError
from perfbench.sandbox.mcp import filing
from perfbench.sandbox.runtimes.process import ProcessRuntime, ProcessSandbox
from perfbench.sandbox.runtimes.runtime import ExecResult, Sandbox

MOST = 1000


class Distant:
    """A sandbox whose folder is nowhere on the host, as an engine's is."""

    def __init__(self, near: ProcessSandbox) -> None:
        self._near = near
        self.copy_in = near.copy_in

    def exec(self, argv: Sequence[str], *, timeout: float) -> ExecResult:
        words = [f"{self._near.tmp}{word[4:]}" if word.startswith("/tmp") else word for word in argv]
        return self._near.exec(words, timeout=timeout)


@pytest.fixture
def near() -> Iterator[ProcessSandbox]:
    with ProcessRuntime().create() as sandbox:
        sandbox.start()
        yield sandbox


def test_a_file_that_was_written_is_read_and_listed(near: ProcessSandbox) -> None:
    filing.write(near, "a.bin", b"\0\xff")
    near.exec(["mkdir", "folder"])
    assert filing.read(near, "a.bin", most=MOST) == b"\0\xff"
    assert filing.names(near, ".") == ["a.bin", "folder/"]
    assert near.exec(["cat", "a.bin"]).stdout == b"\0\xff"


def test_a_file_is_replaced(near: ProcessSandbox) -> None:
    filing.write(near, "a", b"long before")
    filing.write(near, "a", b"after")
    assert filing.read(near, "a", most=MOST) == b"after"


def test_many_may_write_one_file_at_once(near: ProcessSandbox) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: filing.write(near, "a", b"x" * 100), range(40)))
    assert filing.read(near, "a", most=MOST) == b"x" * 100


def test_a_file_that_is_too_long_is_not_read(near: ProcessSandbox) -> None:
    filing.write(near, "a", bytes(MOST + 1))
    with pytest.raises(SandboxError, match=str(MOST)):
        filing.read(near, "a", most=MOST)


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "..", "a\0b", "a" * 5000])
def test_a_path_that_leads_out_or_is_none_is_refused(path: str, near: ProcessSandbox) -> None:
    for attempt in (
        lambda: filing.read(near, path, most=MOST),
        lambda: filing.write(near, path, b""),
        lambda: filing.names(near, path),
    ):
        with pytest.raises(PerfbenchError):
            attempt()


def test_a_link_that_leads_out_is_not_followed(near: ProcessSandbox) -> None:
    near.exec(["ln", "-s", "/etc", "out"])
    near.exec(["ln", "-s", "/etc/passwd", "secret"])
    for attempt in (
        lambda: filing.read(near, "out/passwd", most=1 << 20),
        lambda: filing.read(near, "secret", most=1 << 20),
        lambda: filing.write(near, "out/new", b""),
        lambda: filing.names(near, "out"),
    ):
        with pytest.raises(SandboxError):
            attempt()


def test_a_name_that_is_no_text_is_listed_as_well_as_it_can_be(near: ProcessSandbox) -> None:
    (near.tmp / "a\udcff").write_bytes(b"")
    assert filing.names(near, ".") == ["a\ufffd"]


def test_without_a_folder_on_the_host_its_own_programs_read(near: ProcessSandbox) -> None:
    distant: Sandbox = Distant(near)  # type: ignore[assignment]
    near.exec(["mkdir", "folder"])
    filing.write(distant, "folder/a", b"\0\xff")
    assert filing.read(distant, "folder/a", most=MOST) == b"\0\xff"
    assert filing.names(distant, ".") == ["folder/"]
    assert filing.names(distant, "folder") == ["a"]
    with pytest.raises(SandboxError, match=r"cannot be read: .*[Nn]o such file"):
        filing.read(distant, "b", most=MOST)
    filing.write(distant, "a", bytes(MOST + 1))
    with pytest.raises(SandboxError, match=f"more than the {MOST} bytes"):
        filing.read(distant, "a", most=MOST)


@given(st.text(max_size=40))
def test_no_path_whatever_leads_out(path: str) -> None:
    try:
        inside = filing._inside(path)
    except PerfbenchError:
        return
    assert inside.parts[:2] == ("/", "tmp")
    assert ".." not in inside.parts
