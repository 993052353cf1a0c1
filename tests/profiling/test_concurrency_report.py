"""Recordings of concurrency, read and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfbench.errors import UsageError
from perfbench.profiling.concurrency_report import (
    LARGEST,
    WIDTH,
    Concurrency,
    GilContention,
    SlowCallback,
    TaskGroup,
    ThreadTimes,
    Wait,
    read_concurrency,
    render,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
seconds = st.floats(0, 1e6)
counts = st.integers(0, 10**9)
shares = st.one_of(st.none(), st.floats(0, 1))
threads = st.builds(
    ThreadTimes,
    texts, seconds, *[st.one_of(st.none(), seconds)] * 3, seconds, seconds, counts,
)  # fmt: skip
waits = st.builds(Wait, texts, texts, texts, counts, seconds, seconds)
states = st.sampled_from(["alive", "finished", "cancelled", "collected"])
tasks = st.builds(
    TaskGroup,
    texts, texts, st.lists(texts, max_size=3).map(tuple), states, texts, counts,
    st.one_of(st.none(), seconds), seconds, seconds,
)  # fmt: skip
callbacks = st.builds(SlowCallback, texts, counts, seconds, seconds)


def several(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=3).map(tuple)


recordings = st.builds(
    Concurrency,
    seconds, several(threads), several(waits), several(tasks), several(callbacks),
    st.builds(GilContention, shares, texts), several(texts),
)  # fmt: skip

FOUND = Concurrency(
    2.0,
    (
        ThreadTimes("MainThread", 2.0, 0.5, 0.1, 1.4, 0.2, 1.1, 7),
        ThreadTimes("worker", 1.0, None, None, None, 0.0, 0.0, 0),
    ),
    (
        Wait("Queue.get", "", "serve (/home/app/main.py:7)", 3, 1.1, 0.9),
        Wait("Lock.acquire", "<module> (/home/app/main.py:2)", "work (/home/app/main.py:9)", 4, 0.2, 0.1),
    ),
    (
        TaskGroup(
            "leak", "main (/home/app/main.py:20)", (), "alive",
            "leak (/home/app/main.py:12) > Event.wait (/lib/asyncio/locks.py:213)", 2, 0.001, 3.9, 1.99,
        ),
        TaskGroup("serve", "main (/home/app/main.py:21)", (), "finished", "", 50, None, 3.0, 0.2),
    ),
    (SlowCallback("parse (/home/app/main.py:30)", 2, 0.5, 0.3),),
    GilContention(0.25, "own probe: how often it waits"),
    ("something is not known",),
)  # fmt: skip

SHOWN = """\
2 s recorded

GIL contention: 25 %
  own probe: how often it waits

threads
  blocked  in locks  in other waits  on CPU  waiting for CPU   of
    1.4 s    200 ms           1.1 s  500 ms           100 ms  2 s  MainThread
        –       0 s             0 s       –                –  1 s  worker

waits
  waited  longest  waits
   1.1 s   900 ms      3  Queue.get  serve (app/main.py:7)
  200 ms   100 ms      4  Lock.acquire  work (app/main.py:9)
                            created in <module> (app/main.py:2)

tasks still alive
  tasks   ran  waited  oldest
      2  1 ms   3.9 s  1.99 s  leak
                                 created in main (app/main.py:20)
                                 awaits leak (app/main.py:12) > Event.wait (asyncio/locks.py:213)

tasks that are over
  tasks  ran  waited  oldest
     50    –     3 s  200 ms  serve, finished
                                created in main (app/main.py:21)

callbacks that held their loop
  longest  all in all  times
   300 ms      500 ms      2  parse (app/main.py:30)

  note: something is not known
"""


def written(found: Concurrency, path: Path) -> Path:
    path.write_bytes(msgspec.json.encode({"perfbench_concurrency": 1, **msgspec.to_builtins(found)}))
    return path


@given(recordings)
@settings(max_examples=40)
def test_what_was_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, found: Concurrency) -> None:
    assert read_concurrency(written(found, tmp_path_factory.mktemp("read") / "found.json")) == found


@given(recordings)
@settings(max_examples=40)
def test_lines_fit_and_hold_nothing_that_a_terminal_would_obey(found: Concurrency) -> None:
    text = render(found)
    lines = text.split("\n")
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line.isprintable() for line in lines)


def test_everything_that_was_found_is_shown() -> None:
    assert render(FOUND) == SHOWN


def test_tables_of_nothing_are_left_out() -> None:
    empty = Concurrency(0.5, (), (), (), (), GilContention(None, "too short"), ())
    assert render(empty) == "500 ms recorded\n\nGIL contention: –\n  too short\n"


def test_long_tables_are_cut_and_say_so() -> None:
    many = tuple(Wait("Lock.acquire", "", f"f{number} (a.py:1)", 1, 1.0, 1.0) for number in range(100))
    text = render(Concurrency(1.0, (), many, (), (), GilContention(0.0, "none"), ()))
    assert "  and 80 more" in text.splitlines()
    assert len(text.splitlines()) < 40


WRONG: list[tuple[str, bytes]] = [
    ("not valid JSON", b"{"),
    ("no recording of concurrency", b"[]"),
    ("no recording of concurrency", b'{"perfbench_concurrency": 2}'),
    ("missing required field", b'{"perfbench_concurrency": 1}'),
    ("cannot be read", b"\xff" * 10),
    ("cannot be read", b"[" * 100_000),
    ("cannot be read", b""),
]


@pytest.mark.parametrize(("said", "content"), WRONG)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, said: str, content: bytes) -> None:
    path = tmp_path / "found.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="record again") as raised:
        read_concurrency(path)
    assert said in str(raised.value) or said == "not valid JSON"


@pytest.mark.parametrize(
    ("field", "value"), [("seconds", -1.0), ("seconds", "1"), ("gil", {"share": 2, "method": ""})]
)
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, field: str, value: object) -> None:
    path = written(FOUND, tmp_path / "found.json")
    path.write_bytes(msgspec.json.encode({**msgspec.json.decode(path.read_bytes()), field: value}))
    with pytest.raises(UsageError, match="record again"):
        read_concurrency(path)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_concurrency(tmp_path / "nothing.json")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(UsageError, match="too large"):
        read_concurrency(tmp_path / "large.json")
