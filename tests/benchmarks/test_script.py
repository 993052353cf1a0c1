"""Script engines: by default perfbench's own, or what a project's factory makes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import _scripts, script
from perfbench import sut
from perfbench.sandbox import scripting
from tests.benchmarks.rows import ROOT, rows, run

ROWS = [name for name in rows() if name.startswith("script.")]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    _scripts.release()


class Partial:
    """A project's own engine that can execute, and nothing else."""

    source = "6 * 7"
    value = 42

    def execute(self, program: str) -> int:
        assert program == self.source
        return self.value


class Whole(Partial):
    """A project's own engine that can do everything."""

    closed = 0

    def register(self, name: str, value: object) -> None:
        assert (name, type(value)) == ("x", int)

    def compile(self, source: str) -> str:
        return source

    def run(self, source: str) -> int:
        return self.execute(source)

    def close(self) -> None:
        type(self).closed += 1


class Wrong(Partial):
    """One that gives a wrong answer."""

    def execute(self, program: str) -> int:
        return super().execute(program) - 1


def raises() -> Partial:
    """One that cannot be made."""
    raise ValueError("no engine today")


OWN = """
import json
from benchmarks import script
out = {}
for cls, method in [
    (script.Engine, "time_create"), (script.CreateAndRun, "time_create_and_run"), (script.Runtime, "time_create_run"),
    (script.Register, "time_register"), (script.Execute, "time_simple"), (script.ExecuteCompiled, "time_compiled"),
    (script.Compile, "time_compile"),
]:
    one = cls()
    (engine,) = cls.params[0]
    try:
        one.setup(engine)
        getattr(one, method)(engine)
        out[cls.__name__] = "measured"
    except NotImplementedError as error:
        out[cls.__name__] = f"skipped: {error}"
    except Exception as error:
        out[cls.__name__] = f"failed: {error}"
    finally:
        if hasattr(one, "teardown"):
            one.teardown(engine)
print(json.dumps(out))
"""


def measured(factory: str) -> dict[str, str]:
    """What becomes of each row where a project names that factory."""
    table = {"root": str(ROOT), "script": {"factory": f"{__name__}:{factory}"}}
    done = subprocess.run(
        [sys.executable, "-c", OWN],
        env={sut.VARIABLE: json.dumps(table), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_every_engine_has_every_row() -> None:
    engines = {name.partition("(")[2][:-1] for name in ROWS}
    assert engines == set(_scripts.ENGINES) == set(scripting.NAMES)
    assert len(ROWS) == 7 * len(engines)


@pytest.mark.parametrize("name", [name for name in ROWS if "quickjs" in name or "wasm" in name])
def test_a_row_is_measured(name: str, tmp_path: Path) -> None:
    result = run(name, tmp_path)
    assert len(result["samples"]) == 1
    assert result["samples"][0] > 0


@pytest.mark.parametrize("name", ["v8", "lua", "starlark", "python"])
def test_other_engines_run_the_simple_script_and_their_loop(name: str, tmp_path: Path) -> None:
    for row in ("Execute.time_simple", "Runtime.time_create_run", "Register.time_register"):
        assert run(f"script.{row}({name})", tmp_path)["samples"][0] > 0


def test_an_absent_engine_is_skipped_with_reason_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for row in ("Engine.time_create", "Execute.time_simple", "Runtime.time_create_run"):
        assert math.isnan(run(f"script.{row}(lua)", tmp_path))
        assert "the library lupa is not installed; pip install lupa" in capsys.readouterr().out


def test_an_engine_that_gives_something_else_is_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripting, "SIMPLE", {"quickjs": "1 + 1"})
    with pytest.raises(RuntimeError, match="the script gave 2, not 4950"):
        run("script.Execute.time_simple(quickjs)", tmp_path)


def test_a_global_that_is_not_kept_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    row = script.Register()
    row.setup("quickjs")
    row.time_register("quickjs")
    row.engine.register("x", -1)
    with pytest.raises(RuntimeError, match="not the value that was registered"):
        row.teardown("quickjs")


def test_samples_of_a_row_share_one_engine(tmp_path: Path) -> None:
    run("script.Execute.time_simple(quickjs)", tmp_path)
    first = _scripts.kept("quickjs")
    run("script.Register.time_register(quickjs)", tmp_path)
    assert _scripts.kept("quickjs") is first


def test_teardown_without_setup_is_harmless() -> None:
    for cls in (script.Engine, script.Register, script.Compile):
        row = cls()
        row.teardown("quickjs")
        assert not any(vars(row).values())


def test_an_own_engine_is_measured_by_its_own_script() -> None:
    assert set(measured("Whole").values()) == {"measured"}


def test_an_own_engine_that_lacks_a_method_skips_the_rows_that_need_it() -> None:
    found = measured("Partial")
    assert {row for row, outcome in found.items() if outcome == "measured"} == {
        "Engine",
        "CreateAndRun",
        "Execute",
    }
    assert found["Register"] == "skipped: its script engine has no 'register'"
    assert found["Compile"] == found["ExecuteCompiled"] == "skipped: its script engine has no 'compile'"
    assert found["Runtime"] == "skipped: its script engine has no 'run'"


def test_an_own_engine_that_is_wrong_fails_the_rows_that_look() -> None:
    found = measured("Wrong")
    assert found["Engine"] == "measured"
    assert found["Execute"] == found["CreateAndRun"] == "failed: the script gave 41, not 42"


def test_a_factory_that_raises_fails_every_row_with_its_message() -> None:
    message = "failed: the factory of [sut.script] raised ValueError: no engine today"
    assert set(measured("raises").values()) == {message}
