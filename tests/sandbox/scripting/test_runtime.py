"""An engine with its loop: what a script leaves behind runs too."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting import SIMPLE, SIMPLE_VALUE, ScriptLimits, ScriptRuntime
from tests.sandbox.scripting import scripts

TIMERS = """
let order = "";
setTimeout(() => { order += "c"; done(order) }, 3);
setTimeout(add => { order += add }, 1, "b");
Promise.resolve().then(() => { order += "a" });
let done; new Promise(resolve => { done = resolve })
"""


@pytest.fixture(params=[name for name in scripts.JAVASCRIPT if name in scripts.INSTALLED])
def javascript(request: pytest.FixtureRequest) -> Iterator[ScriptRuntime]:
    with ScriptRuntime(request.param) as runtime:
        yield runtime


@pytest.mark.parametrize("name", scripts.INSTALLED)
def test_every_engine_has_a_runtime(name: str) -> None:
    with ScriptRuntime(name) as runtime:
        assert runtime.name == name
        assert runtime.run(SIMPLE[name]) == SIMPLE_VALUE


def test_the_default_is_quickjs() -> None:
    with ScriptRuntime() as runtime:
        assert runtime.name == "quickjs"


def test_jobs_run_first_and_timers_when_they_are_due(javascript: ScriptRuntime) -> None:
    assert javascript.run(TIMERS) == "abc"


def test_timers_that_nobody_waits_for_run_too(javascript: ScriptRuntime) -> None:
    assert javascript.run("globalThis.late = 0; setTimeout(() => { late = 7 }, 2); 5") == 5
    assert javascript.run("late") == 7


def test_an_interval_runs_until_it_is_cleared(javascript: ScriptRuntime) -> None:
    javascript.run("globalThis.n = 0; const id = setInterval(() => { if (++n === 3) clearInterval(id) }, 1)")
    assert javascript.run("n") == 3


def test_an_async_function_gives_what_it_comes_to(javascript: ScriptRuntime) -> None:
    assert javascript.run("(async () => { await null; return 'x' })()") == "x"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("Promise.reject(new Error('no'))", "Error: no"),
        ("setTimeout(() => { throw new Error('late') }, 1); 5", "Error: late"),
        ("new Promise(() => {})", "never comes"),
        ("Promise.resolve({})", "of type object"),
    ],
)
def test_what_fails_in_the_loop_is_the_scripts_error(
    javascript: ScriptRuntime, script: str, message: str
) -> None:
    with pytest.raises(ScriptError, match=message):
        javascript.run(script)
    assert javascript.run("1 + 1") == 2


def test_timers_of_one_script_are_not_left_for_the_next(javascript: ScriptRuntime) -> None:
    with pytest.raises(ScriptError):
        javascript.run("setTimeout(() => { globalThis.leaked = 1 }, 1); throw 1")
    assert javascript.run("typeof leaked") == "undefined"


@pytest.mark.parametrize("script", ["setInterval(() => {}, 1)", "setTimeout(() => {}, 1e6)"])
def test_a_loop_without_end_is_ended_within_the_limit(script: str) -> None:
    started = time.monotonic()
    with (
        ScriptRuntime(limits=ScriptLimits(seconds=0.2)) as runtime,
        pytest.raises(ScriptError, match="ran past"),
    ):
        runtime.run(script)
    assert time.monotonic() - started < 5.0


def test_python_waits_for_its_tasks() -> None:
    script = """
import asyncio
done = []
async def work(number):
    await asyncio.sleep(0.001)
    done.append(number)
tasks = [asyncio.create_task(work(number)) for number in range(3)]
await tasks[0]
done[0]
"""
    with ScriptRuntime("python") as runtime:
        runtime.register("x", 2)
        assert runtime.run(script) == 0
        assert runtime.run("len(done) + x") == 5
