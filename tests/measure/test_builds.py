from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from perfbench.errors import ConfigError, ExitCode, PerfbenchError, UsageError
from perfbench.measure.asv_config import load_asv_config
from perfbench.measure.builds import BuiltSides, benchmark_dir, build_head, build_sides
from perfbench.measure.repository import find_repository
from perfbench.measure.revisions import choose_revisions, head_revision
from perfbench.measure.side import Side

from .sample_project import BARE, SampleProject, git, write_wheel

MOVE_FILES = [
    "python -c \"import shutil,sysconfig; shutil.copy('sample.py', sysconfig.get_path('purelib'))\""
]
"""An install command that needs no pip, so that a build takes a second."""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def bare(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make environments bare where the test does not ask for `pip`."""
    if "pip" not in request.fixturenames:
        for name, value in BARE.items():
            monkeypatch.setenv(name, value)


@pytest.fixture
def pip() -> None:
    """Make the environments of this test with pip, as they are for users."""


@pytest.fixture
def wheelhouse(tmp_path: Path, pip: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv(
        "VIRTUALENV_SYMLINK_APP_DATA", "1"
    )  # pip is linked and compiled once, not copied each time
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def built(
    project: SampleProject, said: list[str], base: str | None = None, head: str | None = None
) -> BuiltSides:
    config = load_asv_config(project.config)
    revisions = choose_revisions(project.root, base, head, None)
    cache = project.root / ".perfbench"
    return build_sides(project.root, config, *revisions, cache=cache, say=said.append)


def quick(**more: object) -> dict[str, object]:
    """A configuration whose commands make no wheel: `build_command` is nothing, and pip is not called."""
    return {"build_command": [], "install_command": MOVE_FILES, **more}


def answer(side: Side, code: str) -> str:
    done = subprocess.run(
        (str(side.python), "-c", code), capture_output=True, text=True, check=True, cwd="/",
        env={**os.environ, **side.environment},
    )  # fmt: skip
    return done.stdout.strip()


def test_each_side_runs_its_own_revision_installed_by_pip(tmp_path: Path, said: list[str], pip: None) -> None:
    project = SampleProject(tmp_path / "project")
    first = project.commit()
    project.write("sample.py", "VALUE = 2\n")
    second = project.commit()
    sides = built(project, said)
    assert [answer(side, "import sample; print(sample.VALUE)") for side in (sides.base, sides.head)] == [
        "1",
        "2",
    ]
    assert (sides.base.commit, sides.head.commit) == (first, second)
    assert (sides.base.revision, sides.head.revision) == (first[:7], second[:7])
    assert sides.differences == ()
    assert "sample" not in sides.head.dependencies


def test_both_sides_have_paths_of_equal_length(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    project.write("sample.py", "VALUE = 2\n")
    sides = built(project, said)
    assert sides.base.root != sides.head.root
    assert len(str(sides.base.root)) == len(str(sides.head.root))
    assert len(str(sides.base.python)) == len(str(sides.head.python))
    assert sum(map(len, sides.base.environment.values())) == sum(map(len, sides.head.environment.values()))


def test_a_second_call_installs_nothing(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    project.write("sample.py", "VALUE = 2\n")
    first = built(project, said)
    assert len(said) == 2
    made = first.head.python.parent.parent.stat().st_mtime_ns
    assert built(project, said) == first
    assert len(said) == 2
    assert first.head.python.parent.parent.stat().st_mtime_ns == made


def test_another_install_command_builds_anew(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    first = built(project, said, "HEAD", "HEAD")
    config = {**json.loads(project.config.read_text()), "install_command": [*MOVE_FILES, "python -V"]}
    project.write("asv.conf.json", json.dumps(config))
    assert built(project, said, "HEAD", "HEAD").head.root != first.head.root


def test_identical_trees_share_one_build(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit("one")
    project.commit("two")
    sides = built(project, said)
    assert sides.base.root == sides.head.root
    assert sides.base.commit != sides.head.commit
    assert len(said) == 1


def test_a_half_built_side_is_built_anew(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    side = built(project, said, "HEAD", "HEAD").head
    (side.root.parent / "complete.json").unlink()
    (side.root / "sample.py").unlink()
    again = built(project, said, "HEAD", "HEAD").head
    assert again == side
    assert answer(again, "import sample; print(sample.VALUE)") == "1"


def test_a_checkout_that_was_killed_does_not_stand_in_the_way(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    side = built(project, said, "HEAD", "HEAD").head
    (side.root.parent / "complete.json").unlink()
    project.git("worktree", "lock", str(side.root))
    (side.root / ".git").unlink()
    assert built(project, said, "HEAD", "HEAD").head == side


def test_an_unbuildable_base_is_one_sentence_with_its_log(tmp_path: Path, said: list[str], pip: None) -> None:
    project = SampleProject(tmp_path / "project")
    working = (project.root / "backend.py").read_text()
    project.write("backend.py", "raise ValueError('no compiler here')\n")
    broken = project.commit()
    project.write("backend.py", working)
    project.commit()
    with pytest.raises(PerfbenchError) as caught:
        built(project, said)
    assert caught.value.message == f"base {broken[:7]} cannot be built: ValueError: no compiler here"
    assert caught.value.exit_code == ExitCode.USAGE
    log = project.root / ".perfbench" / "logs" / f"base-{broken[:7]}.log"
    assert str(log) in caught.value.remedy
    assert "no compiler here" in log.read_text()
    assert project.git("worktree", "list").count("\n") == 1, "head's alone is left"


def test_an_install_command_that_takes_too_long_is_ended(tmp_path: Path, said: list[str]) -> None:
    slow = "python -c 'import time; time.sleep(600)'"
    project = SampleProject(
        tmp_path / "project", {"install_command": slow, "build_command": [], "install_timeout": 5}
    )
    project.commit()
    with pytest.raises(PerfbenchError, match=r"took longer than install_timeout, 5 s"):
        built(project, said, "HEAD", "HEAD")
    assert not any((project.root / ".perfbench" / "sides").glob("*/env"))


def test_a_dirty_head_is_measured_with_its_new_and_without_its_deleted_files(
    tmp_path: Path, said: list[str]
) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.write("old.py", "")
    project.commit()
    project.write("sample.py", "VALUE = 3\n")
    project.write("new.py", "")
    (project.root / "old.py").unlink()
    head = built(project, said).head
    assert head.dirty
    assert head.revision.endswith("+changes")
    assert answer(head, "import sample; print(sample.VALUE)") == "3"
    assert (head.root / "new.py").exists()
    assert not (head.root / "old.py").exists()


def test_base_gets_the_versions_that_head_resolved_to(
    tmp_path: Path, said: list[str], wheelhouse: Path
) -> None:
    write_wheel(wheelhouse, "dep", "1.0")
    project = SampleProject(tmp_path / "my project")
    project.write("requires.txt", "dep")
    project.commit()
    project.write("requires.txt", "dep<2")
    project.commit()
    write_wheel(wheelhouse, "dep", "2.0")
    sides = built(project, said)
    assert sides.base.dependencies["dep"] == sides.head.dependencies["dep"] == "1.0"
    assert sides.differences == ()


def test_a_base_that_refuses_heads_versions_gets_its_own_and_the_difference_is_told(
    tmp_path: Path, said: list[str], wheelhouse: Path
) -> None:
    write_wheel(wheelhouse, "dep", "1.0")
    write_wheel(wheelhouse, "dep", "2.0")
    write_wheel(wheelhouse, "extra", "1.0")
    project = SampleProject(tmp_path / "project")
    project.write("requires.txt", "dep<2")
    base = project.commit()
    project.write("requires.txt", "dep>=2 extra")
    project.commit()
    sides = built(project, said)
    assert sides.differences == (
        "dep is 1.0 on base and 2.0 on head",
        "extra 1.0 is installed on head alone",
    )
    assert f"base {base[:7]} does not install with head's dependencies; trying its own" in said
    count = len(said)
    assert built(project, said) == sides
    assert len(said) == count


def test_a_head_that_becomes_base_is_not_built_again(
    tmp_path: Path, said: list[str], wheelhouse: Path
) -> None:
    write_wheel(wheelhouse, "dep", "1.0")
    project = SampleProject(tmp_path / "project")
    project.write("requires.txt", "dep")
    project.commit("one")
    yesterday = built(project, said, "HEAD", "HEAD").head
    project.write("sample.py", "VALUE = 2\n")
    project.commit("two")
    assert built(project, said).base.root == yesterday.root
    assert len(said) == 2


def test_old_sides_go_and_leave_no_stale_worktree(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfbench.measure.side_folder.KEPT", 2)
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    for value in range(2, 5):
        project.write("sample.py", f"VALUE = {value}\n")
        project.commit()
        sides = built(project, said)
    kept = {sides.base.root, sides.head.root}
    assert {
        path.parent / "tree" for path in (project.root / ".perfbench").glob("sides/*/complete.json")
    } == kept
    listed = project.git("worktree", "list", "--porcelain").splitlines()
    assert {Path(line[9:]) for line in listed if line.startswith("worktree ")} == {*kept, project.root}


def test_worktrees_of_a_cache_that_was_deleted_are_forgotten(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    project.write("sample.py", "VALUE = 2\n")
    built(project, said)
    subprocess.run(("rm", "-r", str(project.root / ".perfbench")), check=True)
    built(project, said, "HEAD", "HEAD")
    assert len(project.git("worktree", "list").splitlines()) == 2


def test_the_users_repository_stays_clean(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    before = (project.root / ".git" / "index").read_bytes(), (project.root / ".git" / "config").read_bytes()
    built(project, said, "HEAD", "HEAD")
    assert (
        (project.root / ".git" / "index").read_bytes(),
        (project.root / ".git" / "config").read_bytes(),
    ) == before
    assert project.git("status", "--porcelain") == ""
    assert not head_revision(project.root, None).dirty


def test_the_callers_python_variables_do_not_reach_a_build(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = "python -c \"import os; assert not [name for name in os.environ if name.startswith('PYTHON')]\""
    project = SampleProject(tmp_path / "project", quick(install_command=[*MOVE_FILES, check]))
    project.commit()
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", str(project.root))
    side = built(project, said, "HEAD", "HEAD").head
    monkeypatch.undo()
    assert answer(side, "import sample; print(sample.__cached__)").endswith(".pyc")


def test_modules_and_benchmarks_are_compiled_beforehand(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    head = built(project, said, "HEAD", "HEAD").head
    assert list((head.root / "benchmarks").rglob("bench.*.pyc"))
    assert list(head.python.parent.parent.rglob("sample.*.pyc"))


def test_matrix_variables_hold_while_building_and_measuring(tmp_path: Path, said: list[str]) -> None:
    check = "python -c \"import os; assert os.environ['LEVEL'] == '2' and 'LATE' not in os.environ\""
    matrix = {"env": {"LEVEL": ["2", "3"]}, "env_nobuild": {"LATE": ["x"]}}
    project = SampleProject(tmp_path / "project", quick(matrix=matrix, install_command=[*MOVE_FILES, check]))
    project.commit()
    sides = built(project, said, "HEAD", "HEAD")
    shown = answer(
        sides.head, "import os; print(*[os.environ[n] for n in ('LEVEL', 'LATE', 'ASV', 'ASV_PROJECT')])"
    )
    assert shown == "2 x true sample"
    assert [text.partition(", ")[2] for text in sides.not_measured] == ["LEVEL=3, LATE=x"]


def test_matrix_requirements_are_installed(tmp_path: Path, said: list[str], wheelhouse: Path) -> None:
    write_wheel(wheelhouse, "dep", "1.0")
    write_wheel(wheelhouse, "dep", "2.0")
    project = SampleProject(tmp_path / "project", quick(matrix={"req": {"pip+dep": ["1.0"]}}))
    project.commit()
    head = built(project, said, "HEAD", "HEAD").head
    assert head.dependencies["dep"] == answer(head, "import dep; print(dep.VERSION)") == "1.0"


def test_custom_commands_find_the_wheel_that_was_built(
    tmp_path: Path, said: list[str], wheelhouse: Path
) -> None:
    write_wheel(wheelhouse, "wheel", "1.0")  # which such commands are given, as asv does
    config = {
        "build_command": "python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}",
        "install_command": [
            "in-dir={env_dir} python -mpip install {wheel_file}",
            "return-code=any python -c 'exit(3)'",
        ],
    }
    project = SampleProject(tmp_path / "project", config)
    project.commit()
    head = built(project, said, "HEAD", "HEAD").head
    assert answer(head, "import sample; print(sample.VALUE)") == "1"
    assert "sample" not in head.dependencies


def test_a_configuration_in_a_subfolder_serves_the_repository_around_it(
    tmp_path: Path, said: list[str]
) -> None:
    project = SampleProject(tmp_path / "project")
    project.config.unlink()
    project.write(
        "benchmarks/asv.conf.json",
        json.dumps({"version": 1, "project": "sample", "repo": "..", "benchmark_dir": ".", **quick()}),
    )
    project.commit()
    config = load_asv_config(project.root / "benchmarks" / "asv.conf.json")
    root = find_repository(config.path.parent, config.repo)
    assert root == project.root
    head = build_head(root, config, head_revision(root, None), cache=root / ".perfbench", say=said.append)
    assert benchmark_dir(root, config, head) == head.root / "benchmarks"


def test_a_head_without_the_benchmark_folder_is_refused(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.write(".gitignore", "benchmarks\n")
    project.commit()
    head = built(project, said, "HEAD", "HEAD").head
    with pytest.raises(UsageError, match=r"has no benchmark folder benchmarks; .*ignores it"):
        benchmark_dir(project.root, load_asv_config(project.config), head)


def test_submodules_come_from_the_users_own_copies(tmp_path: Path, said: list[str]) -> None:
    library = SampleProject(tmp_path / "library")
    library.commit()
    project = SampleProject(tmp_path / "project", quick())
    project.git("submodule", "--quiet", "add", str(library.root), "vendor/library")
    project.commit()
    library.write("sample.py", "VALUE = 7\n")
    library.commit()
    git(project.root / "vendor/library", "pull", "--quiet")
    project.commit()
    sides = built(project, said)
    values = [(side.root / "vendor/library/sample.py").read_text() for side in (sides.base, sides.head)]
    assert values == ["VALUE = 1\n", "VALUE = 7\n"]


def test_a_submodule_commit_that_is_not_here_is_fetched(tmp_path: Path, said: list[str]) -> None:
    library = SampleProject(tmp_path / "library")
    library.commit()
    project = SampleProject(tmp_path / "project", quick())
    project.git("submodule", "--quiet", "add", library.root.as_uri(), "vendor/library")
    project.commit()
    library.write("sample.py", "VALUE = 7\n")
    library.commit()
    git(project.root / "vendor/library", "pull", "--quiet")
    project.commit()
    git(
        tmp_path,
        "clone",
        "--quiet",
        "--recurse-submodules",
        "--shallow-submodules",
        str(project.root),
        "clone",
    )
    config = load_asv_config(tmp_path / "clone" / "asv.conf.json")
    revisions = choose_revisions(tmp_path / "clone", "HEAD~1", None, None)
    sides = build_sides(tmp_path / "clone", config, *revisions, cache=tmp_path / "cache", say=said.append)
    assert (sides.base.root / "vendor/library/sample.py").read_text() == "VALUE = 1\n"
    subprocess.run(("rm", "-r", str(tmp_path / "cache"), str(library.root)), check=True)
    with pytest.raises(
        PerfbenchError, match=r"commit \w{7} of submodule .* is not here, and cannot be fetched"
    ):
        build_sides(tmp_path / "clone", config, *revisions, cache=tmp_path / "cache", say=said.append)


def test_an_existing_environment_cannot_hold_two_versions(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", {"environment_type": "existing"})
    project.commit()
    with pytest.raises(ConfigError, match="two cannot be compared"):
        built(project, said, "HEAD", "HEAD")
    config = load_asv_config(project.config)
    head = build_head(
        project.root, config, head_revision(project.root, None), cache=tmp_path / "c", say=said.append
    )
    assert head.python == Path(sys.executable)
    assert head.root == project.root
    assert "pytest" in head.dependencies


HOLD_LOCK = """
import fcntl, sys, time
with open(sys.argv[1], "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print(flush=True)
    time.sleep(1)
"""


def test_a_build_waits_for_another_one(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    lock = project.root / ".perfbench" / "sides" / ".lock"
    lock.parent.mkdir(parents=True)
    command = (sys.executable, "-c", HOLD_LOCK, str(lock))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        built(project, said, "HEAD", "HEAD")
    assert said[0] == "another perfbench builds here; waiting for it"


BUILD = """
import sys
from pathlib import Path
from perfbench.measure.asv_config import load_asv_config
from perfbench.measure.builds import build_head
from perfbench.measure.revisions import head_revision
root = Path(sys.argv[1])
config = load_asv_config(root / "asv.conf.json")
build_head(root, config, head_revision(root, None), cache=root / ".perfbench", say=lambda text: None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_build_that_is_killed_leaves_no_process_and_can_be_made_again(
    tmp_path: Path, said: list[str], number: signal.Signals
) -> None:
    note = tmp_path / "note"
    stall = f"import os, time; f = open('{note}', 'x'); f.write(str(os.getpid())); f.close(); time.sleep(600)"
    wait_once = f'return-code=any python -c "{stall}"'
    project = SampleProject(tmp_path / "project", quick(install_command=[*MOVE_FILES, wait_once]))
    project.commit()
    builder = subprocess.Popen((sys.executable, "-c", BUILD, str(project.root)), stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: note.exists() and note.read_text() != "")
        builder.send_signal(number)
        builder.wait(60)
    finally:
        builder.kill()
        builder.wait()
    eventually(lambda: not psutil.pid_exists(int(note.read_text())))
    assert answer(built(project, said, "HEAD", "HEAD").head, "import sample; print(sample.VALUE)") == "1"


def eventually(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; a minute is for ever."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_an_unwritable_cache_is_said_in_one_sentence(tmp_path: Path, said: list[str]) -> None:
    project = SampleProject(tmp_path / "project", quick())
    project.commit()
    (project.root / ".perfbench").write_text("a file, not a folder")
    with pytest.raises(PerfbenchError, match="cannot build in"):
        built(project, said, "HEAD", "HEAD")


def test_a_command_with_an_unknown_variable_is_refused(tmp_path: Path, said: list[str]) -> None:
    command = "python -m pip install {weel_file}"
    project = SampleProject(tmp_path / "project", quick(install_command=command))
    project.commit()
    with pytest.raises(UsageError, match=r"\{weel_file\} has no value here"):
        built(project, said, "HEAD", "HEAD")
    assert not any((project.root / ".perfbench" / "sides").glob("*/"))
