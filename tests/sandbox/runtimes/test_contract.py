"""What every runtime owes to whoever uses it, held against the real thing; absent ones are skipped."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import NAMES, runtime
from perfbench.sandbox.runtimes.ownership import start_time
from perfbench.sandbox.runtimes.runtime import Limits, Runtime, Sandbox

MIB = 1 << 20

OWNER = """
import sys
from perfbench.sandbox.runtimes import runtime

with runtime(sys.argv[1]).create() as sandbox:
    sandbox.start()
    print(sandbox.id, sandbox.pid, sandbox.cgroup or "-", flush=True)
    sandbox.exec(["sleep", "1000"])
"""


class Owner:
    """Another process, that holds a running sandbox."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.sandbox_id, pid, group = self.process.stdout.readline().decode().split(maxsplit=2)
        self.pid = int(pid)
        self.started = start_time(self.pid)
        self.cgroup = None if group.strip() == "-" else Path(group.strip())

    def sandbox_runs(self) -> bool:
        return self.started is not None and start_time(self.pid) == self.started

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture(params=NAMES)
def kind(request: pytest.FixtureRequest) -> Runtime:
    found = runtime(request.param)
    status = found.availability()
    if not status.available:
        pytest.skip(f"{found.name}: {status.reason}")
    return found


@pytest.fixture
def sandbox(kind: Runtime) -> Iterator[Sandbox]:
    with kind.create() as made:
        made.start()
        yield made


def test_a_runtime_is_found_by_the_name_it_gives_itself(kind: Runtime) -> None:
    assert runtime(kind.name) is kind


def test_an_available_runtime_says_its_version(kind: Runtime) -> None:
    assert kind.availability().version


def test_a_sandbox_goes_through_its_whole_life(kind: Runtime) -> None:
    made = kind.create()
    made.start()
    assert made.exec(["true"]).exit_code == 0
    made.stop()
    with pytest.raises(SandboxError):
        made.exec(["true"])
    made.remove()


def test_sandboxes_have_different_ids(kind: Runtime) -> None:
    with kind.create() as one, kind.create() as other:
        assert one.id != other.id


def test_stop_and_remove_are_harmless_the_second_time(kind: Runtime) -> None:
    made = kind.create()
    made.start()
    pid = made.pid
    made.stop()
    made.stop()
    made.remove()
    made.remove()
    assert start_time(pid) is None


def test_a_sandbox_that_never_started_can_be_stopped_and_removed(kind: Runtime) -> None:
    made = kind.create()
    made.stop()
    made.remove()
    with pytest.raises(SandboxError):
        made.exec(["true"])


def test_a_sandbox_that_has_not_started_runs_nothing(kind: Runtime) -> None:
    with kind.create() as made:
        with pytest.raises(SandboxError):
            made.exec(["true"])
        with pytest.raises(SandboxError):
            _ = made.pid


def test_a_removed_sandbox_leaves_no_process_and_no_cgroup(kind: Runtime) -> None:
    with kind.create() as made:
        made.start()
        made.exec(["sh", "-c", "sleep 1000 >/dev/null 2>&1 &"])
        pid, group = made.pid, made.cgroup
    assert start_time(pid) is None
    assert group is None or not group.exists()


def test_the_first_process_lives_on_the_host_and_in_the_cgroup(sandbox: Sandbox) -> None:
    assert start_time(sandbox.pid) is not None
    group = sandbox.cgroup
    assert group is None or sandbox.pid in [int(pid) for pid in (group / "cgroup.procs").read_text().split()]


@pytest.mark.parametrize("code", [0, 1, 7, 125, 255])
def test_exec_gives_the_exit_code(sandbox: Sandbox, code: int) -> None:
    assert sandbox.exec(["sh", "-c", f"exit {code}"]).exit_code == code


@pytest.mark.parametrize("command", ["there-is-no-such-command", "/no/such/command"])
def test_a_command_that_is_not_there_gives_127_or_126(sandbox: Sandbox, command: str) -> None:
    assert sandbox.exec([command]).exit_code in (127, 126)


def test_a_directory_cannot_be_run(sandbox: Sandbox) -> None:
    assert sandbox.exec(["/proc"]).exit_code in (127, 126)


def test_a_command_that_kills_itself_gives_137(sandbox: Sandbox) -> None:
    assert sandbox.exec(["sh", "-c", "kill -9 $$"]).exit_code == 137


def test_stdout_and_stderr_come_apart(sandbox: Sandbox) -> None:
    result = sandbox.exec(["sh", "-c", "echo out; echo error >&2"])
    assert (result.stdout, result.stderr) == (b"out\n", b"error\n")


def test_arguments_arrive_as_they_are(sandbox: Sandbox) -> None:
    words = ["a b", "", "$HOME", "*", "'\"", "--help", "ü"]
    result = sandbox.exec(["sh", "-c", 'printf "%s\\n" "$@"', "sh", *words])
    assert result.stdout.decode().splitlines() == words


def test_stdin_reaches_the_command(sandbox: Sandbox) -> None:
    data = bytes(range(256)) * (MIB // 256)
    assert sandbox.exec(["cat"], stdin=data).stdout == data


def test_a_command_without_stdin_reads_its_end(sandbox: Sandbox) -> None:
    assert sandbox.exec(["cat"]).stdout == b""


def test_four_mebibytes_of_output_come_whole(sandbox: Sandbox) -> None:
    result = sandbox.exec(["head", "-c", str(4 * MIB), "/dev/zero"])
    assert result.stdout == bytes(4 * MIB)


def test_commands_run_in_tmp_whichever_the_runtime(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.exec(["sh", "-c", "echo here > found"])
    sandbox.copy_out("/tmp/found", tmp_path / "found")
    assert (tmp_path / "found").read_text() == "here\n"


def test_a_command_that_takes_too_long_is_killed(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError):
        sandbox.exec(["sh", "-c", "echo $$ > pid; exec sleep 1000"], timeout=0.5)
    still_there = "for i in 1 2 3 4 5 6 7 8 9; do kill -0 $(cat pid) || exit 0; sleep 0.1; done; exit 1"
    assert sandbox.exec(["sh", "-c", still_there]).exit_code == 0


def test_a_sandbox_outlives_a_command_that_was_killed(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError):
        sandbox.exec(["sleep", "1000"], timeout=0.3)
    assert sandbox.exec(["true"]).exit_code == 0


def test_two_commands_run_at_once(sandbox: Sandbox) -> None:
    meet = "echo > $1; while ! [ -e $2 ]; do sleep 0.01; done"
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(sandbox.exec, ["sh", "-c", meet, "sh", "a", "b"], timeout=30)
        other = pool.submit(sandbox.exec, ["sh", "-c", meet, "sh", "b", "a"], timeout=30)
        assert (one.result().exit_code, other.result().exit_code) == (0, 0)


def test_a_sandbox_outlives_the_thread_that_started_it(kind: Runtime) -> None:
    with kind.create() as made:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(made.start).result()
        assert made.exec(["true"]).exit_code == 0


def test_four_sandboxes_start_at_once(kind: Runtime) -> None:
    def cycle(number: int) -> bytes:
        with kind.create() as made:
            made.start()
            return made.exec(["echo", str(number)]).stdout

    with ThreadPoolExecutor(4) as pool:
        assert [int(answer) for answer in pool.map(cycle, range(4))] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["plain", "with space", "ümlaut", "-dash"])
def test_a_file_comes_back_as_it_went_in(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    data = bytes(range(256)) * (MIB // 256)
    (tmp_path / "source").write_bytes(data)
    sandbox.copy_in(tmp_path / "source", f"/tmp/{name}")
    sandbox.copy_out(f"/tmp/{name}", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == data
    assert sandbox.exec(["cat", f"./{name}"]).stdout == data


def test_copying_replaces_what_was_there(sandbox: Sandbox, tmp_path: Path) -> None:
    for text in ("long before", "new"):
        (tmp_path / "source").write_text(text)
        sandbox.copy_in(tmp_path / "source", "/tmp/file")
    (tmp_path / "target").write_text("something longer than that")
    sandbox.copy_out("/tmp/file", tmp_path / "target")
    assert (tmp_path / "target").read_text() == "new"


def test_copying_what_is_not_there_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxError):
        sandbox.copy_out("/tmp/nothing", tmp_path / "target")
    with pytest.raises(SandboxError):
        sandbox.copy_in(tmp_path / "nothing", "/tmp/file")
    (tmp_path / "source").touch()
    with pytest.raises(SandboxError):
        sandbox.copy_in(tmp_path / "source", "/tmp/no/such/directory/file")


def test_a_file_copied_in_can_be_changed_inside(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "source").write_text("one\n")
    sandbox.copy_in(tmp_path / "source", "/tmp/file")
    assert sandbox.exec(["sh", "-c", "echo two >> file && cat file"]).stdout == b"one\ntwo\n"


def test_the_default_network_is_none_wherever_the_runtime_can(kind: Runtime, sandbox: Sandbox) -> None:
    routes = sandbox.exec(["cat", "/proc/net/route"]).stdout.splitlines()[1:]
    assert routes == [] or kind.name == "process"


def test_a_memory_limit_binds_or_is_refused(kind: Runtime) -> None:
    try:
        made = kind.create(limits=Limits(memory=64 * MIB))
    except LimitNotEnforceableError:
        return
    with made:
        made.start()
        try:
            code = made.exec(["tail", "/dev/zero"], timeout=60).exit_code
        except SandboxError as error:
            # A guest kernel holds the memory of all its processes: it is killed as a whole.
            assert "did not end" not in str(error)  # noqa: PT017
        else:
            assert code == 137


def test_a_limit_of_processes_binds_or_is_refused(kind: Runtime) -> None:
    try:
        made = kind.create(limits=Limits(pids=24))
    except LimitNotEnforceableError:
        return
    with made:
        made.start()
        many = "i=0; while [ $i -lt 48 ]; do sleep 1000 >/dev/null 2>&1 & i=$((i+1)); done"
        result = made.exec(["sh", "-c", many], timeout=60)
        assert result.exit_code != 0
        assert b"fork" in result.stderr


def test_a_limit_of_cpus_is_set_or_refused(kind: Runtime) -> None:
    try:
        made = kind.create(limits=Limits(cpus=0.5))
    except LimitNotEnforceableError:
        return
    with made:
        made.start()
        group = made.cgroup
        assert group is not None
        if (group / "cpu.max").exists():
            assert (group / "cpu.max").read_text().split() == ["50000", "100000"]
        else:
            place = Path("/sys/fs/cgroup/cpu", *group.parts[5:])
            assert int((place / "cpu.cfs_quota_us").read_text()) * 2 == int(
                (place / "cpu.cfs_period_us").read_text()
            )


def test_a_cold_sandbox_runs_or_is_said_not_to_exist(kind: Runtime) -> None:
    try:
        made = kind.create_cold()
    except RuntimeUnavailableError as error:
        assert "image" in str(error)  # noqa: PT017
        return
    with made:
        made.start()
        assert made.exec(["true"]).exit_code == 0


def test_a_sweep_removes_what_a_killed_owner_left_and_spares_the_living(kind: Runtime) -> None:
    dead, living = Owner(kind.name), Owner(kind.name)
    try:
        assert dead.sandbox_runs()
        dead.end(signal.SIGKILL)
        kind.sweep()
        assert not dead.sandbox_runs()
        assert dead.cgroup is None or not dead.cgroup.exists()
        assert living.sandbox_runs()
    finally:
        living.end(signal.SIGINT)


def test_an_interrupted_owner_leaves_nothing(kind: Runtime) -> None:
    owner = Owner(kind.name)
    assert owner.sandbox_runs()
    assert owner.end(signal.SIGINT) != 0
    assert not owner.sandbox_runs()
    assert owner.cgroup is None or not owner.cgroup.exists()
    assert owner.sandbox_id not in kind.sweep()
