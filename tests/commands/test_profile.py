"""`perfbench profile` from end to end, with the real profilers, on a small foreign project."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import psutil
import pytest

from perfbench.errors import ExitCode
from perfbench.profiling.manifest import read_manifest
from perfbench.profiling.py_spy import executable
from tests.commands.command_line import ROOT, Done, perfbench, without_ci
from tests.measure.sample_project import BARE, SampleProject

INSTALL = """
import pathlib, shutil, sysconfig

shutil.copy(pathlib.Path(__file__).with_name("sample.py"), sysconfig.get_path("purelib"))
"""

SAMPLE = """
def work():
    return sum(number * number for number in range(3000))
"""

SLOWER = (
    SAMPLE
    + """
def planted():
    total = 0
    for number in range(20000):
        total += number * number
    return total

_work = work

def work():
    planted()
    return _work()
"""
)

BENCH = """
import threading
import time

import sample

HELD = threading.Lock()

def time_work():
    sample.work()

def time_failing():
    raise ValueError("broken")

def time_absent():
    raise NotImplementedError("no such engine")

def track_held():
    kept = [bytes(1000) for _ in range(1000)]
    return len(kept)

def time_waiting():
    def hold():
        with HELD:
            time.sleep(0.005)
    thread = threading.Thread(target=hold)
    thread.start()
    time.sleep(0.001)
    with HELD:
        pass
    thread.join()

class Prepared:
    def setup(self):
        self.prepared = sum(range(200000))

    def time_after_setup(self):
        sample.work()

class ByRuntime:
    params = ["one", "two"]
    param_names = ["runtime"]

    def time_on(self, runtime):
        sample.work()
"""

needs_py_spy = pytest.mark.skipif(
    not Path(sys.executable).with_name("py-spy").is_file() and shutil.which("py-spy") is None,
    reason="py-spy is not installed: pip install py-spy",
)
needs_memray = pytest.mark.skipif(
    find_spec("memray") is None, reason="memray is not installed: pip install memray"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SampleProject:
    """Two commits, the second one slower by a planted function; their environments are built once."""
    commands = {"build_command": [], "install_command": ["python {build_dir}/install.py"]}
    made = SampleProject(tmp_path_factory.mktemp("profiled") / "project", commands)
    made.write("install.py", INSTALL)
    made.write("sample.py", SAMPLE)
    made.write("benchmarks/bench.py", BENCH)
    made.commit("first")
    made.write("sample.py", SLOWER)
    made.commit("second")
    return made


@pytest.fixture
def project(built: SampleProject) -> SampleProject:
    """Without what earlier tests have profiled and measured."""
    for name in ("profiles", ".perfbench/runs"):
        shutil.rmtree(built.root / name, ignore_errors=True)
    return built


def profile(project: SampleProject, *arguments: str) -> Done:
    return perfbench("profile", *arguments, "--quiet", cwd=project.root, **BARE)


def only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]


@needs_py_spy
def test_a_benchmark_is_profiled_without_its_set_up(project: SampleProject) -> None:
    done = profile(project, "bench.Prepared.time_after_setup", "--seconds", "1 s")
    assert done.returncode == ExitCode.PASSED, done.stderr
    folder = only(project.root, "profiles/bench.Prepared.time_after_setup/*-py-spy")
    manifest = read_manifest(folder)
    assert manifest.samples > 20
    assert f"{manifest.samples:,} samples by py-spy (wall)" in done.stdout
    assert manifest.overhead is not None
    assert f"overhead {manifest.overhead.ratio:.2f} ×" in done.stdout
    assert {path.name for path in folder.iterdir()} == {
        *manifest.files.values(), "manifest.json", ".gitignore",
    }  # fmt: skip
    assert set(manifest.files) == {"raw", "flame graph", "speedscope", "summary"}
    names = [
        frame["name"] for frame in json.loads((folder / "speedscope.json").read_text())["shared"]["frames"]
    ]
    assert any("work" in name for name in names)
    assert not {"Prepared.setup", "setup", "Timer.timeit", "Session.take"} & set(names)


@needs_py_spy
def test_nothing_of_a_profile_enters_results(project: SampleProject) -> None:
    assert profile(project, "bench.time_work", "--seconds", "0.5 s").returncode == ExitCode.PASSED
    assert not list(project.root.glob(".perfbench/runs/*"))


@needs_py_spy
def test_a_profile_does_not_make_a_clean_tree_dirty(project: SampleProject) -> None:
    """Else the next check would take the commit itself for its base, and find no change."""
    done = profile(project, "bench.time_work", "--seconds", "0.5 s")
    assert done.returncode == ExitCode.PASSED, done.stderr
    raw = only(project.root, "profiles/bench.time_work/*/py-spy.raw")
    assert profile_words(project, "diff", str(raw), str(raw)).returncode == ExitCode.PASSED
    assert (project.root / "profiles" / "index.html").is_file()
    assert project.git("status", "--porcelain") == ""
    project.write("profiles/mine/notes.txt", "nobody else's")
    assert project.git("status", "--porcelain") == "?? profiles/"


@pytest.mark.parametrize(
    ("tool", "benchmark", "named"),
    [
        pytest.param("memray", "bench.track_held", "track_held", marks=needs_memray),
        ("tracemalloc", "bench.track_held", ""),
        ("cprofile", "bench.time_work", "work"),
        ("concurrency", "bench.time_waiting", ""),
    ],
)
def test_every_profiler_writes_the_same_things(
    project: SampleProject, tool: str, benchmark: str, named: str
) -> None:
    done = profile(project, benchmark, "--tool", tool, "--seconds", "0.5 s")
    assert done.returncode == ExitCode.PASSED, done.stderr
    folder = only(project.root, f"profiles/{benchmark}/*-{tool}")
    manifest = read_manifest(folder)
    assert {"raw", "flame graph", "speedscope", "summary"} <= set(manifest.files)
    assert manifest.overhead is not None
    assert named in (folder / "summary.txt").read_text()
    assert (folder / "flame-graph.html").read_text().startswith("<!doctype html>")


@needs_py_spy
def test_base_and_head_are_profiled_in_turn_and_laid_over_one_another(project: SampleProject) -> None:
    done = profile(project, "bench.time_work", "--base", "HEAD~1", "--seconds", "1.5 s")
    assert done.returncode == ExitCode.PASSED, done.stderr
    assert "planted (sample.py), called by" in done.stdout
    page = only(project.root, "profiles/bench.time_work/*..*-py-spy/differential.html").read_text()
    assert "planted" in page
    assert "each side divided by its number of calls" in page


@needs_py_spy
def test_a_check_says_where_a_regression_comes_from(project: SampleProject) -> None:
    report, text, page = (project.root.parent / f"report.{form}" for form in ("json", "md", "html"))
    done = perfbench(
        "check", "--base", "HEAD~1", "--bench", "bench.time_work", "--rounds", "6", "--time-budget", "20 s", "--quiet",
        "--profile", "--profile-budget", "8 s", "--json", str(report), "--markdown", str(text),
        "--html", str(page), cwd=project.root, **BARE,
    )  # fmt: skip
    assert done.returncode == ExitCode.REGRESSED, done.stderr
    (found,) = json.loads(report.read_text())["explanations"]
    assert found["frames"][0]["function"] == "planted"
    assert found["frames"][0]["share"] > 0.8
    assert (project.root / found["page"]).is_file()
    assert "why  bench.work: comes from" in done.stdout
    assert "**Why**" in text.read_text()
    assert "<code>planted</code>" in page.read_text()
    (link,) = re.findall(r'href="([^"]*differential[^"]*)"', page.read_text())
    assert (page.parent / unquote(link)).samefile(project.root / found["page"])


def test_ctrl_c_while_regressions_are_profiled_costs_no_verdict(
    project: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("perfbench.commands.conclusion.explanations", interrupted)
    report = project.root.parent / "cut-short.json"
    done = perfbench(
        "check", "--base", "HEAD~1", "--bench", "bench.time_work", "--rounds", "6", "--time-budget", "20 s", "--quiet",
        "--profile", "--json", str(report), cwd=project.root, **BARE,
    )  # fmt: skip
    assert done.returncode == ExitCode.INTERRUPTED
    found = json.loads(report.read_text())
    assert found["counts"]["regressed"] == 1
    assert "interrupted while regressions were profiled; the verdicts are whole" in found["warnings"]
    (runs,) = project.root.glob(f"{found['result_file']}")
    assert json.loads(runs.read_text().splitlines()[-1]).get("complete") is not False


@needs_py_spy
def test_the_index_lists_what_was_profiled_and_old_profiles_can_go(project: SampleProject) -> None:
    profile(project, "bench.time_work", "--seconds", "0.3 s")
    index = project.root / "profiles/index.html"
    assert "bench.time_work" in index.read_text()
    mine = str(only(project.root, "profiles/bench.time_work/*-py-spy"))
    assert profile_words(project, "diff", mine, mine).returncode == ExitCode.PASSED
    assert '<span class="tag">differential</span>' in index.read_text()
    kept = profile_words(project, "clean", "--older-than", "1 day")
    assert "nothing to remove" in kept.stdout
    said = profile_words(project, "clean", "--all", "--dry-run")
    assert "would remove" in said.stdout
    (project.root / "profiles/mine.txt").write_text("my own\n")
    removed = profile_words(project, "clean", "--all")
    assert removed.returncode == ExitCode.PASSED
    left = sorted(path.name for path in (project.root / "profiles").iterdir())
    assert left == [".gitignore", "index.html", "mine.txt"]
    assert profile_words(project, "index").stdout.startswith("0 profiles in ")


def profile_words(project: SampleProject, *arguments: str) -> Done:
    return perfbench("profile", *arguments, cwd=project.root)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("bench.time_wrok",),
            ExitCode.USAGE,
            "no benchmark fits 'bench.time_wrok'; did you mean bench.time_work",
        ),
        (("bench.ByRuntime.time_on",), ExitCode.USAGE, "fits 2 rows; name one: bench.ByRuntime.time_on(one)"),
        (("bench.ByRuntime.time_on", "--runtime", "tow"), ExitCode.USAGE, "did you mean two?"),
        (("bench.time_work", "--tool", "perf"), None, ""),
        (
            ("bench.time_work", "--mode", "wal"),
            ExitCode.USAGE,
            "py-spy has no mode 'wal'; did you mean wall?",
        ),
        (
            ("bench.time_work", "--tool", "cprofile", "--native"),
            ExitCode.USAGE,
            "cprofile does not know --native",
        ),
        (("bench.time_work", "--live"), ExitCode.USAGE, "--live is memray's own view"),
        (("bench.time_failing",), ExitCode.NOTHING_MEASURED, "failed under the profiler: ValueError: broken"),
        (("bench.time_absent",), ExitCode.NOTHING_MEASURED, "does not run here: no such engine"),
    ],
)
def test_what_cannot_be_profiled_is_said_in_a_sentence(
    project: SampleProject, arguments: tuple[str, ...], code: ExitCode | None, said: str
) -> None:
    done = profile(project, *arguments, "--seconds", "0.2 s")
    if code is None:
        assert sys.version_info < (3, 12), "perf is for Python 3.12 on"
        code, said = ExitCode.USAGE, "perf shows Python's functions from Python 3.12 on"
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(project.root.glob("profiles/*/.making-*"))


@needs_py_spy
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_after_an_end_in_the_middle(project: SampleProject, end: signal.Signals) -> None:
    command = [
        sys.executable,
        "-m",
        "perfbench",
        "profile",
        "bench.time_work",
        "--seconds",
        "60 s",
        "--quiet",
    ]
    environment = {**without_ci(os.environ), **BARE, "PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(
        command, cwd=project.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    mother = psutil.Process(started.pid)
    deadline = time.monotonic() + 60
    while "py-spy" not in _programs(mother):
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)
    children = _children(mother)
    started.send_signal(end)
    _, said = started.communicate(timeout=60)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    if end is signal.SIGINT:
        assert started.returncode == ExitCode.INTERRUPTED
        assert said.strip() == "perfbench: interrupted"
    assert not list(project.root.glob("profiles/*/.making-*"))


def _children(process: psutil.Process) -> list[psutil.Process]:
    """Those that run now; one may end at any moment."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
    return found


def _programs(process: psutil.Process) -> str:
    words = []
    for child in _children(process):
        with suppress(psutil.NoSuchProcess):
            words += child.cmdline()
    return " ".join(words)


# ---- files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def stacks(tmp_path: Path) -> tuple[Path, Path]:
    """Two files of collapsed stacks."""
    base, head = tmp_path / "base.txt", tmp_path / "head.txt"
    base.write_text("main;read 60\nmain;encode 40\n")
    head.write_text("main;read 60\nmain;encode 40\nmain;planted 100\n")
    return base, head


def test_any_two_profiles_can_be_compared(stacks: tuple[Path, Path], tmp_path: Path) -> None:
    done = perfbench("profile", "diff", *map(str, stacks), cwd=tmp_path)
    assert done.returncode == ExitCode.PASSED, done.stderr
    page = tmp_path / "base.txt..head.txt.html"
    assert "planted" in page.read_text()
    assert "planted" in done.stdout
    assert f"written to {page}" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["base.txt", page.name, "head.txt"])
    absolute = perfbench("profile", "diff", *map(str, stacks), "--absolute", "-o", "x.html", cwd=tmp_path)
    assert (absolute.returncode, (tmp_path / "x.html").is_file()) == (ExitCode.USAGE, False), "there is no -o"
    absolute = perfbench(
        "profile", "diff", *map(str, stacks), "--absolute", "--output", "x.html", cwd=tmp_path
    )
    assert absolute.returncode == ExitCode.PASSED, absolute.stderr
    assert (tmp_path / "x.html").is_file()


def test_files_with_long_names_are_compared_as_well(stacks: tuple[Path, Path], tmp_path: Path) -> None:
    longer = [path.rename(path.with_name(path.stem * 40)) for path in stacks]
    done = perfbench("profile", "diff", *map(str, longer), cwd=tmp_path)
    assert done.returncode == ExitCode.PASSED, done.stderr
    assert "planted" in only(tmp_path, "basebase*.html").read_text()


def test_one_profile_is_drawn_beside_its_file(stacks: tuple[Path, Path], tmp_path: Path) -> None:
    done = perfbench("profile", "show", str(stacks[0]), cwd=tmp_path)
    assert done.returncode == ExitCode.PASSED, done.stderr
    assert "read" in done.stdout
    assert (tmp_path / "base.txt.html").is_file()


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff" * 100, b"main;read x\n"])
def test_what_is_no_profile_is_refused(
    content: bytes | None, stacks: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    if content is not None:
        bad.write_bytes(content)
    for command in (("show", str(bad)), ("diff", str(stacks[0]), str(bad))):
        done = perfbench("profile", *command, cwd=tmp_path)
        assert done.returncode == ExitCode.USAGE
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    done = perfbench("profile", "show", str(tmp_path), cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "is no folder of a profile" in done.stderr


# ---- processes that run already --------------------------------------------------------------------------------

SPINS = "import time\ndef spin():\n    while True:\n        sum(range(1000))\nspin()\n"


def _running(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code])


@needs_py_spy
def test_a_running_process_is_profiled_and_goes_on(tmp_path: Path) -> None:
    with _running(SPINS) as process:
        try:
            time.sleep(0.3)
            done = perfbench("profile", "attach", str(process.pid), "--seconds", "0.5 s", cwd=tmp_path)
            assert done.returncode == ExitCode.PASSED, done.stderr
            assert process.poll() is None
        finally:
            process.kill()
    folder = only(tmp_path, f"profiles/process_{process.pid}/*-py-spy")
    assert "spin" in (folder / "summary.txt").read_text()


@needs_py_spy
@pytest.mark.engine
@pytest.mark.skipif(
    shutil.which("docker") is None, reason="docker is not installed: apt-get install docker.io"
)
def test_python_in_a_container_is_profiled_from_the_host(tmp_path: Path) -> None:
    name = f"perfbench-profiled-{os.getpid()}"
    run = ["docker", "run", "--rm", "--detach", "--network", "none", "--name", name]
    started = subprocess.run(
        [*run, "perfbench-python", "python3", "-c", SPINS], capture_output=True, text=True, check=False
    )
    if started.returncode:
        pytest.skip(f"no container can be started from perfbench-python: {started.stderr.strip()[:200]}")
    try:
        done = perfbench("profile", "attach", "--container", name, "--seconds", "1 s", cwd=tmp_path)
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
    assert done.returncode == ExitCode.PASSED, done.stderr
    assert "spin" in only(tmp_path, f"profiles/container_{name}/*-py-spy/summary.txt").read_text()


@needs_py_spy
def test_a_process_that_ends_meanwhile_leaves_what_was_seen(tmp_path: Path) -> None:
    with _running(
        "import time\nend = time.time() + 1.5\nwhile time.time() < end:\n    sum(range(1000))\n"
    ) as process:
        time.sleep(0.2)
        done = perfbench("profile", "attach", str(process.pid), "--seconds", "30 s", cwd=tmp_path)
    assert done.returncode == ExitCode.PASSED, done.stderr


@needs_py_spy
def test_what_is_no_python_is_said_so(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            done = perfbench("profile", "attach", str(process.pid), "--seconds", "1 s", cwd=tmp_path)
        finally:
            process.kill()
    assert done.returncode == ExitCode.NOTHING_MEASURED
    assert "is no Python that py-spy knows" in done.stderr


@needs_py_spy
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run py-spy as somebody else")
def test_where_ptrace_is_not_allowed_the_capability_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = tmp_path / "py-spy"
    nobody.write_text(f'#!/bin/sh\nexec setpriv --reuid 65534 --clear-groups {executable()} "$@"\n')
    nobody.chmod(0o755)
    monkeypatch.setattr("perfbench.profiling.py_spy.executable", lambda: str(nobody))
    with _running(SPINS) as process:
        try:
            done = perfbench("profile", "attach", str(process.pid), "--seconds", "1 s", cwd=tmp_path)
        finally:
            process.kill()
    assert done.returncode == ExitCode.NOTHING_MEASURED
    assert "docker run --cap-add SYS_PTRACE" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "one process is wanted"),
        (("1", "--container", "x"), "one process is wanted"),
        (("4194303",), "there is no process 4194303"),
        (("0",), "0 is not in the range"),
        (("--container", "no-such-container"), "no-such-container"),
    ],
)
def test_which_process_is_meant_must_be_clear(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = perfbench("profile", "attach", *arguments, "--seconds", "1 s", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert said in done.stderr
