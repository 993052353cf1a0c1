"""Languages in a sandbox: what is there is found by trying."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks import _running, language
from perfbench import sut
from perfbench.sandbox.runtimes.runtime import ExecResult
from tests.benchmarks.rows import rows, run
from tests.fake_runtime import FakeRuntime, FakeSandbox

Fake = Callable[[str], FakeRuntime]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    language._commands.clear()
    language._runtimes.clear()


@pytest.fixture
def interpreters(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The programs that a fake sandbox has, and what they answer."""
    found = {"sh": b"42\n", "lua5.4": b"42\n"}
    real = FakeSandbox._command

    def command(self: FakeSandbox, name: str, arguments: Sequence[str]) -> ExecResult:
        return ExecResult(0, found[name], b"") if name in found else real(self, name, arguments)

    monkeypatch.setattr(FakeSandbox, "_command", command)
    return found


def test_there_is_a_row_for_each_runtime_and_language() -> None:
    found = [name for name in rows() if name.startswith("language.")]
    assert len(found) == 2 * len(_running.RUNTIMES) * len(language.LANGUAGES)


@pytest.mark.usefixtures("interpreters")
def test_the_first_command_is_timed_in_a_fresh_sandbox(fake: Fake, tmp_path: Path) -> None:
    run("language.First.time_run(runc, shell)", tmp_path)
    # One sandbox to find the interpreter in, and the one under the clock.
    assert fake("runc").calls == ["sweep", "create", "start", "exec", "create", "start", "exec", "remove"]
    assert len(fake("runc").alive) == 1


@pytest.mark.usefixtures("interpreters")
def test_warm_samples_share_one_running_sandbox(fake: Fake, tmp_path: Path) -> None:
    for _ in range(2):
        run("language.Warm.time_run(runc, shell)", tmp_path)
    assert fake("runc").calls == ["sweep", "create", "start", "exec", "exec", "exec"]


@pytest.mark.usefixtures("interpreters")
def test_an_interpreter_goes_by_several_names(fake: Fake, tmp_path: Path) -> None:
    assert run("language.Warm.time_run(runc, lua)", tmp_path)["samples"][0] > 0
    assert language._commands["runc", "lua"][0] == "lua5.4"


@pytest.mark.parametrize(
    ("runtime", "remedy"),
    [
        ("process", "apt-get install nodejs"),
        ("docker:runc", "name an image that has it: image of"),
        ("runc", "its root is made of a busybox alone"),
    ],
)
def test_a_language_that_is_not_there_is_skipped_with_reason_and_remedy(
    runtime: str, remedy: str, fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in ("First", "Warm"):
        assert math.isnan(run(f"language.{row}.time_run({runtime}, javascript)", tmp_path))
        said = capsys.readouterr().out
        assert "the sandbox has no javascript (tried node, nodejs)" in said
        assert remedy in said
    _running.release()
    assert fake(runtime).alive == []


def test_a_wrong_answer_is_no_measurement(fake: Fake, interpreters: dict[str, bytes], tmp_path: Path) -> None:
    interpreters["sh"] = b"41\n"
    for row in ("First", "Warm"):
        with pytest.raises(RuntimeError, match="sh answered b'41', not b'42'"):
            run(f"language.{row}.time_run(runc, shell)", tmp_path)


def test_an_interpreter_that_fails_is_a_failure_and_no_skip(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeSandbox, "_command", lambda *_: ExecResult(1, b"", b"broken"))
    with pytest.raises(RuntimeError, match=r"sh ended with exit code 1: .*broken"):
        run("language.Warm.time_run(runc, shell)", tmp_path)


@pytest.mark.parametrize("name", ["shell", "python"])
def test_a_bare_process_runs_what_the_host_has(name: str, tmp_path: Path) -> None:
    for row in ("First", "Warm"):
        result = run(f"language.{row}.time_run(process, {name})", tmp_path)
        assert len(result["samples"]) == 1


@pytest.mark.engine
def test_docker_runs_python_in_an_image_that_has_it(tmp_path: Path) -> None:
    if not sut.runtime("docker:runc").availability().available:
        pytest.skip("there is no Docker engine")
    if language._with_python("docker:runc") is None:
        pytest.skip("the Docker engine has no image perfbench-python; tools/engine start makes it")
    for row in ("First", "Warm"):
        assert run(f"language.{row}.time_run(docker:runc, python)", tmp_path)["samples"][0] > 0
