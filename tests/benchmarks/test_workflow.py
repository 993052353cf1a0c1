"""Whole workflows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import _reference, workflow
from perfbench import sut
from perfbench.errors import UsageError
from tests.benchmarks.rows import run
from tests.fake_runtime import FakeRuntime


@pytest.fixture(autouse=True)
def fresh_workflow() -> Iterator[None]:
    workflow._own.cache_clear()
    yield
    workflow._own.cache_clear()
    for connection in (workflow._connection(_reference.url()),) if _reference._kept else ():
        connection.close()
    workflow._connection.cache_clear()
    _reference.release()


def own(monkeypatch: pytest.MonkeyPatch, folder: Path, source: str) -> workflow.Workflow:
    """A workflow of a user's own, from a module in its checkout."""
    name = f"own_{folder.name.replace('-', '_')}"
    (folder / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    table = {"workflow": {"factory": f"{name}:factory"}, "root": str(folder)}
    monkeypatch.setenv(sut.VARIABLE, json.dumps(table))
    return workflow.Workflow()


@pytest.mark.parametrize("name", ["http", "direct"])
def test_both_do_the_same_work(name: str, tmp_path: Path) -> None:
    for library in ("starlette", "uvicorn", "httptools"):
        pytest.importorskip(library)
    assert run(f"workflow.Workflow.time_workflow({name})", tmp_path)["samples"][0] > 0


def test_one_that_did_no_work_is_a_failure(
    fake: Callable[[str], FakeRuntime], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workflow, "COMMAND", ("true",))
    with pytest.raises(Exception, match=r"made|copy"):
        run("workflow.Workflow.time_workflow(direct)", tmp_path)
    assert fake("process").alive == []


def test_ones_own_is_made_once_and_called_for_every_sample(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = "made = []\ndef factory():\n    made.append(0)\n    return lambda: made.append(1)\n"
    benchmark = own(monkeypatch, tmp_path, source)
    for _ in range(3):
        benchmark.setup("own")
        benchmark.time_workflow("own")
    import importlib

    module = importlib.import_module(f"own_{tmp_path.name.replace('-', '_')}")
    assert module.made == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("def factory():\n    raise OSError('no database')\n", RuntimeError, "raised OSError: no database"),
        ("def factory():\n    return 1\n", RuntimeError, "gave int, which cannot be called"),
        ("", UsageError, "names nothing that can be imported"),
    ],
)
def test_a_factory_that_gives_none_says_why(
    source: str, kind: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=said):
        own(monkeypatch, tmp_path, source).setup("own")
