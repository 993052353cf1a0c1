"""Rows of session stores: the reference's on real servers, and those of a project's own store."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks import _stores, session
from perfbench import sut
from perfbench.errors import StoreError
from perfbench.sandbox import sessions
from perfbench.sandbox.sessions.memory import MemoryStore
from tests.benchmarks.rows import ROOT, run
from tests.servers import Relay, closed_port, server_urls, url_or_skip

__all__ = ["server_urls"]

Configure = Callable[[Callable[[], object]], None]

ROWS = ("Create.time_create", "Write.time_write", "Read.time_read", "Concurrent.time_until_all_are_done")
CLASSES = (session.Create, session.Write, session.Read, session.Concurrent)


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    yield
    _stores.release()


@pytest.fixture
def servers(server_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Let a store's server be found, or skip; gives its URL."""

    def of(store: str) -> str:
        url = url_or_skip(server_urls, store)
        monkeypatch.setenv(f"PERFBENCH_{store.upper()}_URL", url)
        return url

    return of


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Configure a store of a project's own, made by a function of this module."""

    def configure(factory: Callable[[], object]) -> None:
        tables = {"session": {"factory": f"{__name__}:{factory.__name__}"}, "root": str(ROOT)}
        monkeypatch.setenv(sut.VARIABLE, json.dumps(tables))

    return configure


# ---- the reference --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("store", sessions.NAMES)
def test_every_row_is_measured_and_leaves_nothing_behind(
    row: str, store: str, servers: Callable[[str], str], tmp_path: Path
) -> None:
    if store in _stores.ON_A_SERVER:
        servers(store)
    result = run(f"session.{row}({store})", tmp_path)
    assert result["samples"][0] > 0
    kept = _stores._stores[store]
    mine = [one.id for one in _stores._kept.get(store, [])]
    assert set(mine) <= set(kept.ids())
    _stores.release()
    with pytest.raises(StoreError, match="is closed"):
        kept.ids()
    if store in _stores.ON_A_SERVER:
        with sessions.open_store(store) as again:
            assert not set(mine) & set(again.ids())


@pytest.mark.parametrize("row", ["Id.time_new_id", "Json.time_encode", "Json.time_decode"])
def test_rows_without_a_store_are_measured(row: str, tmp_path: Path) -> None:
    assert run(f"session.{row}", tmp_path)["samples"][0] > 0


def test_the_stores_are_the_sandboxs() -> None:
    assert sessions.NAMES == _stores.STORES


@pytest.mark.parametrize("store", _stores.ON_A_SERVER)
def test_a_store_without_a_server_is_skipped_with_its_reason(
    store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(f"PERFBENCH_{store.upper()}_URL", raising=False)
    assert math.isnan(run(f"session.Read.time_read({store})", tmp_path))
    assert f"PERFBENCH_{store.upper()}_URL is not set; eval" in capsys.readouterr().out


@pytest.mark.parametrize(("store", "scheme"), [("redis", "redis"), ("postgres", "postgresql")])
def test_a_server_that_is_down_fails_the_row_with_its_reason(
    store: str, scheme: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"PERFBENCH_{store.upper()}_URL", f"{scheme}://127.0.0.1:{closed_port()}/0")
    with pytest.raises(StoreError, match="did not do it"):
        run(f"session.Read.time_read({store})", tmp_path)


@pytest.mark.parametrize("store", _stores.ON_A_SERVER)
def test_a_server_that_goes_away_in_mid_run_fails_the_row_and_ends_its_threads(
    store: str, servers: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = urlsplit(servers(store))
    relay = Relay(url.port or 0)
    way = url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{relay.port}")
    monkeypatch.setenv(f"PERFBENCH_{store.upper()}_URL", way.geturl())
    row = session.Concurrent()
    row.setup(store)
    relay.close()
    with pytest.raises(StoreError, match="did not do it"):
        row.time_until_all_are_done(store)
    row.teardown(store)


def test_what_a_killed_process_left_on_a_server_goes_with_the_next(servers: Callable[[str], str]) -> None:
    servers("redis")
    script = (
        "from benchmarks import _stores; import os\n"
        "print(*(session.id for session in _stores.kept('redis', 2)), flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    left = set(done.stdout.decode().split())
    with sessions.open_store("redis") as store:
        assert len(left & set(store.ids())) == 2
        foreign = store.create({"owner": "somebody else"})
        _stores.opened("redis")
        assert not left & set(store.ids())
        assert store.read(foreign.id) == foreign
        store.delete(foreign.id)


@pytest.mark.parametrize("row", CLASSES)
def test_teardown_without_setup_is_harmless(row: Any) -> None:
    made = row()
    if hasattr(made, "teardown"):
        made.teardown("redis")
    assert not any(vars(made).values())


def test_threads_that_are_never_let_go_end_with_the_row() -> None:
    before = threading.active_count()
    row = session.Concurrent()
    row.setup("memory")
    assert threading.active_count() == before + session.THREADS
    row.teardown("memory")
    assert threading.active_count() == before


# ---- a store that gives something else ------------------------------------------------------------------


def test_a_store_that_mixes_sessions_up_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = MemoryStore.read

    def another(store: MemoryStore, id: str) -> sessions.Session:
        session = real(store, id)
        session.history = session.history[:-1]
        return session

    monkeypatch.setattr(MemoryStore, "read", another)
    for row in ROWS[1:]:
        with pytest.raises(RuntimeError, match="not the one that was written"):
            run(f"session.{row}(memory)", tmp_path)


def test_ids_that_come_twice_are_no_measurement() -> None:
    row = session.Create()
    row.setup("memory")
    row.time_create("memory")
    row.made = [*row.made, *row.made]
    with pytest.raises(RuntimeError, match="two new sessions have the same id"):
        row.teardown("memory")


# ---- a project's own ------------------------------------------------------------------------------------

closed: list[str] = []
called: list[str] = []


class Whole:
    """A store as a project may have written it, with a session class of its own."""

    class Conversation:
        def __init__(self, id: str, state: dict[str, Any]) -> None:
            self.id = id
            self.state = state
            self.history: list[dict[str, Any]] = []

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def create(self, state: dict[str, Any]) -> Conversation:
        made = self.Conversation(str(len(self.kept)), state)
        self.kept[made.id] = made
        return made

    def write(self, conversation: Conversation) -> None:
        self.kept[conversation.id] = conversation

    def read(self, id: str) -> Any:
        return self.kept[id]

    def close(self) -> None:
        closed.append("whole")


class OnlyWrites:
    def write(self, session: sessions.Session) -> None:
        assert session.history
        called.append("write")


class OnlyCreates:
    def create(self, state: dict[str, Any]) -> Any:
        called.append("create")
        return sessions.Session(sessions.new_id(), state, [], 0.0)


def raises() -> None:
    raise ValueError("no such region: mars")


def is_not_here() -> None:
    raise NotImplementedError("the cluster is not reachable from here")


def measure(row: Any) -> None:
    instance = row()
    instance.setup("own")
    getattr(instance, next(name for name in dir(instance) if name.startswith("time_")))("own")
    if hasattr(instance, "teardown"):
        instance.teardown("own")


@pytest.mark.parametrize("row", CLASSES)
def test_a_store_of_a_project_s_own_is_measured_by_the_same_rows(row: Any, own: Configure) -> None:
    own(Whole)
    measure(row)
    closed.clear()
    _stores.release()
    assert closed == ["whole"]


@pytest.mark.parametrize(
    ("factory", "row", "lacks"),
    [
        (OnlyWrites, session.Create, "create"),
        (OnlyWrites, session.Read, "read"),
        (OnlyWrites, session.Concurrent, "read"),
        (OnlyCreates, session.Write, "write"),
    ],
)
def test_a_method_that_is_missing_skips_the_rows_that_need_it(
    factory: Callable[[], object], row: Any, lacks: str, own: Configure
) -> None:
    own(factory)
    with pytest.raises(NotImplementedError, match=f"^its session store has no '{lacks}'$"):
        measure(row)


def test_the_rows_that_do_not_need_it_are_measured(own: Configure) -> None:
    called.clear()
    own(OnlyWrites)
    measure(session.Write)
    assert set(called) == {"write"}
    _stores.release()
    called.clear()
    own(OnlyCreates)
    measure(session.Create)
    assert set(called) == {"create"}


def test_a_factory_that_raises_fails_the_row_with_its_reason(own: Configure) -> None:
    own(raises)
    with pytest.raises(
        RuntimeError, match=r"factory of \[sut\.session\] raised ValueError: no such region: mars"
    ):
        measure(session.Read)


def test_a_factory_that_is_not_implemented_here_skips_the_row(
    own: Configure,
) -> None:
    own(is_not_here)
    with pytest.raises(NotImplementedError, match="not reachable from here"):
        measure(session.Read)


def test_rows_of_a_project_s_own_store_carry_its_name(tmp_path: Path) -> None:
    pytest.importorskip("pyperf", reason="pyperf is not installed: pip install pyperf")
    (tmp_path / "their_store.py").write_text(
        "class Store:\n    def create(self, state):\n        return Session()\n\n"
        "class Session:\n    def __init__(self):\n        self.id = str(id(self))\n"
    )
    tables = {"session": {"factory": "their_store:Store"}, "root": str(tmp_path)}
    argv = [sys.executable, "-m", "benchmarks.session", "--debug-single-value", "--bench", "Create|Write"]
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, sut.VARIABLE: json.dumps(tables)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "session.Create.time_create(own): " in done.stdout
    assert done.stderr == "session.Write.time_write(own): skipped: its session store has no 'write'\n"
