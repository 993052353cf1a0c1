"""The driver `docker:<oci>` against a real engine, and against what only pretends to be one."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import docker_engine
from perfbench.sandbox.runtimes.docker import DockerRuntime, configuration
from perfbench.sandbox.runtimes.docker_sandbox import DockerSandbox
from perfbench.sandbox.runtimes.ownership import LABEL, Owner, start_time
from perfbench.sandbox.runtimes.runtime import Limits

if TYPE_CHECKING:
    from docker import APIClient

MIB = 1 << 20
engine = pytest.mark.engine

OWNER = """
import os, sys, time
from perfbench.sandbox.runtimes.docker import DockerRuntime
from perfbench.sandbox.runtimes.ownership import Owner

print(Owner.current(), flush=True)
exec(sys.argv[1])
"""


def available(oci: str) -> DockerRuntime:
    kind = DockerRuntime(oci)
    found = kind.availability()
    if not found.available:
        pytest.skip(found.reason)
    return kind


@pytest.fixture(params=["runc", "crun", "runsc"])
def kind(request: pytest.FixtureRequest) -> DockerRuntime:
    return available(request.param)


@pytest.fixture
def runc() -> DockerRuntime:
    return available("runc")


@pytest.fixture
def sandbox(kind: DockerRuntime) -> Iterator[DockerSandbox]:
    with kind.create() as made:
        made.start()
        yield made


@pytest.fixture
def client(runc: DockerRuntime) -> APIClient:
    return docker_engine.client()


def owner_that(does: str) -> tuple[subprocess.Popen[str], str]:
    """Another process that does this, and the label on what it starts."""
    argv = [sys.executable, "-c", OWNER, does]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def containers_of(client: APIClient, owner: str) -> list[str]:
    found = client.containers(all=True, filters={"label": f"{LABEL}={owner}"})
    return [container["Id"] for container in found]


def images_of(client: APIClient, owner: str) -> list[str]:
    return [image["Id"] for image in client.images(filters={"label": f"{LABEL}={owner}"})]


# ---- what a container is ----------------------------------------------------------------------------------


@engine
def test_a_container_carries_its_owner_and_as_little_privilege_as_can_be(
    sandbox: DockerSandbox, client: APIClient
) -> None:
    found = client.inspect_container(sandbox.id)
    host = found["HostConfig"]
    assert Owner.parse(found["Config"]["Labels"][LABEL]) == Owner.current()
    assert host["NetworkMode"] == "none"
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] > 0
    assert not host["AutoRemove"]


@engine
def test_root_inside_has_no_capability(sandbox: DockerSandbox) -> None:
    status = sandbox.exec(["cat", "/proc/self/status"]).stdout.decode().splitlines()
    fields = dict(line.split(":", 1) for line in status if ":" in line)
    assert fields["CapBnd"].strip(" \t0") == fields["CapEff"].strip(" \t0") == ""


@engine
def test_a_container_has_no_network_but_its_own_loopback(sandbox: DockerSandbox) -> None:
    devices = sandbox.exec(["cat", "/proc/net/dev"]).stdout.decode().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


@engine
def test_a_network_is_there_when_asked_for(kind: DockerRuntime) -> None:
    with kind.create(limits=Limits(network=True)) as made:
        made.start()
        assert b"eth0" in made.exec(["cat", "/proc/net/dev"]).stdout


@engine
def test_the_container_runs_under_the_runtime_that_was_named(
    kind: DockerRuntime, sandbox: DockerSandbox, client: APIClient
) -> None:
    assert client.inspect_container(sandbox.id)["HostConfig"]["Runtime"] == kind.oci
    guest_kernel = sandbox.exec(["uname", "-r"]).stdout.decode().strip()
    assert (guest_kernel == os.uname().release) == (kind.oci != "runsc")


@engine
def test_the_cgroup_is_the_container_s_own(sandbox: DockerSandbox) -> None:
    group = sandbox.cgroup
    assert group is not None
    assert group.name.find(sandbox.id) >= 0
    assert str(sandbox.pid) in (group / "cgroup.procs").read_text().split()


# ---- commands ---------------------------------------------------------------------------------------------


@engine
@pytest.mark.parametrize("command", [["no-such-command"], ["/no/such"], ["/etc"]])
def test_what_the_engine_says_of_a_command_it_cannot_start_is_no_output(
    sandbox: DockerSandbox, command: list[str]
) -> None:
    result = sandbox.exec(command)
    assert result.exit_code in (126, 127)
    assert result.stdout == b""
    assert b"exec failed" in result.stderr


@engine
def test_a_timeout_kills_the_command_with_its_children_and_nothing_else(sandbox: DockerSandbox) -> None:
    other = "sleep 1001 >/dev/null 2>&1 &"
    sandbox.exec(["sh", "-c", other])
    with pytest.raises(SandboxError, match=r"`sh` did not end within 0\.5 s and was killed"):
        sandbox.exec(["sh", "-c", "sleep 1002 & sleep 1003; true"], timeout=0.5)
    left = sandbox.exec(["ps"]).stdout
    assert b"sleep 1001" in left
    assert b"sleep 1002" not in left
    assert b"sleep 1003" not in left


@engine
def test_a_command_that_hides_from_the_killer_takes_its_container_along(
    runc: DockerRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfbench.sandbox.runtimes.docker_sandbox.KILL_GRACE", 0.3)
    with runc.create() as made:
        made.start()
        with pytest.raises(SandboxError, match="was killed"):
            made.exec(["env", "-i", "/bin/sleep", "1000"], timeout=0.2)
        wait_until(lambda: not made.running())
        assert not made.running()


@engine
def test_output_survives_a_reader_that_comes_late(runc: DockerRuntime, client: APIClient) -> None:
    """What arrives together with the reply's headers must not be lost."""
    with runc.create() as made:
        made.start()
        for _ in range(20):
            assert made.exec(["echo", "first"]).stdout == b"first\n"


@engine
def test_input_that_nobody_reads_does_not_hold_a_command_up(sandbox: DockerSandbox) -> None:
    assert sandbox.exec(["true"], stdin=bytes(4 * MIB)).exit_code == 0


@engine
def test_a_container_that_dies_under_a_command_is_said_to_have_died(sandbox: DockerSandbox) -> None:
    killer = threading.Timer(0.5, sandbox.kill)
    killer.start()
    try:
        result = sandbox.exec(["sleep", "1000"], timeout=60)
    except SandboxError as error:
        assert "did not end" not in str(error)  # noqa: PT017
    else:
        assert result.exit_code == 137
    killer.join()


# ---- files ------------------------------------------------------------------------------------------------


@engine
@pytest.mark.parametrize("name", ["plain", "two words", "-dash", "long" * 40])
def test_ten_mebibytes_go_in_and_come_out(sandbox: DockerSandbox, tmp_path: Path, name: str) -> None:
    data = secrets.token_bytes(10 * MIB)
    (tmp_path / "source file").write_bytes(data)
    sandbox.copy_in(tmp_path / "source file", f"/tmp/{name}")
    sandbox.copy_out(f"/tmp/{name}", tmp_path / "target file")
    assert (tmp_path / "target file").read_bytes() == data


@engine
def test_only_regular_files_come_out(sandbox: DockerSandbox, tmp_path: Path) -> None:
    sandbox.exec(["sh", "-c", "ln -s /etc/passwd link; mkfifo fifo; mkdir folder"])
    for name in ("link", "fifo", "folder"):
        with pytest.raises(SandboxError, match="is not a regular file"):
            sandbox.copy_out(f"/tmp/{name}", tmp_path / "target")
    assert not (tmp_path / "target").exists()


@engine
def test_a_file_does_not_replace_a_directory(sandbox: DockerSandbox, tmp_path: Path) -> None:
    (tmp_path / "source").write_text("text")
    sandbox.exec(["sh", "-c", "mkdir folder; touch folder/file"])
    with pytest.raises(SandboxError):
        sandbox.copy_in(tmp_path / "source", "/tmp/folder")
    assert sandbox.exec(["ls", "folder"]).stdout == b"file\n"


@engine
def test_an_executable_stays_executable(sandbox: DockerSandbox, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\necho it runs\n")
    (tmp_path / "script").chmod(0o755)
    sandbox.copy_in(tmp_path / "script", "/tmp/script")
    assert sandbox.exec(["/tmp/script"]).stdout == b"it runs\n"


# ---- limits -----------------------------------------------------------------------------------------------


@engine
def test_a_child_that_takes_too_much_memory_is_killed(runc: DockerRuntime) -> None:
    with runc.create(limits=Limits(memory=32 * MIB)) as made:
        made.start()
        assert made.exec(["tail", "/dev/zero"], timeout=60).exit_code == 137
        assert made.exec(["true"]).exit_code == 0


@engine
def test_gvisor_is_killed_as_a_whole_and_says_why() -> None:
    with available("runsc").create(limits=Limits(memory=64 * MIB)) as made:
        made.start()
        with pytest.raises(SandboxError, match="ended while `tail` ran in it: it ran out of memory"):
            made.exec(["tail", "/dev/zero"])


@engine
@pytest.mark.parametrize("oci", ["runc", "crun"])
def test_a_limit_of_processes_stops_a_fork_bomb(oci: str) -> None:
    with available(oci).create(limits=Limits(pids=16)) as made:
        made.start()
        result = made.exec(["sh", "-c", "for i in $(seq 40); do sleep 1000 & done"], timeout=60)
        assert b"can't fork" in result.stderr


def test_a_limit_of_processes_is_refused_for_gvisor() -> None:
    with pytest.raises(LimitNotEnforceableError, match="gVisor"):
        configuration("runsc", Limits(pids=16))


@pytest.mark.parametrize("limits", [Limits(memory=0), Limits(cpus=0.0), Limits(pids=0), Limits(memory=-1)])
def test_a_limit_of_nothing_is_refused(limits: Limits) -> None:
    with pytest.raises(LimitNotEnforceableError, match="cannot be held"):
        configuration("runc", limits)


@engine
def test_more_cpus_than_there_are_is_refused_in_the_engine_s_words(runc: DockerRuntime) -> None:
    with pytest.raises(SandboxError, match="refused to create a container: Range of CPUs"):
        runc.create(limits=Limits(cpus=100_000.0))


# ---- images -----------------------------------------------------------------------------------------------


@engine
def test_a_cold_sandbox_has_an_image_of_its_own_that_goes_with_it(
    runc: DockerRuntime, client: APIClient
) -> None:
    with runc.create_cold() as one, runc.create_cold() as other:
        layers = [
            client.inspect_image(client.inspect_container(made.id)["Image"])["RootFS"]["Layers"]  # type: ignore[no-untyped-call]
            for made in (one, other)
        ]
        one.start()
        assert one.exec(["true"]).exit_code == 0
        assert len(images_of(client, str(Owner.current()))) == 2
    assert len(layers[0]) == len(layers[1]) == 1
    assert layers[0] != layers[1]
    assert images_of(client, str(Owner.current())) == []


@engine
def test_an_image_that_is_missing_is_made(runc: DockerRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"perfbench-test:{secrets.token_hex(6)}"
    monkeypatch.setattr("perfbench.sandbox.runtimes.docker_image.DEFAULT", name)
    try:
        with DockerRuntime("runc", name).create() as made:
            made.start()
            assert made.exec(["true"]).exit_code == 0
    finally:
        docker_engine.client().remove_image(name, force=True)


@engine
def test_an_image_of_the_user_s_that_is_missing_is_named(runc: DockerRuntime) -> None:
    with pytest.raises(RuntimeUnavailableError, match="has no image nobody/nothing:1; docker pull nobody"):
        DockerRuntime("runc", "nobody/nothing:1").create()


# ---- owners -----------------------------------------------------------------------------------------------


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes true within a few seconds."""
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    return holds()


@engine
def test_a_sweep_removes_containers_and_images_of_the_dead_alone(
    runc: DockerRuntime, client: APIClient
) -> None:
    holds = "s = DockerRuntime('runc').create_cold(); s.start(); print('up', flush=True); time.sleep(1000)"
    (dead, dead_label), (living, living_label) = owner_that(holds), owner_that(holds)
    try:
        for process in (dead, living):
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
        dead.kill()
        dead.communicate()
        runc.sweep()  # any other process's sweep, of a test beside this one, may have been faster
        assert soon(lambda: containers_of(client, dead_label) == images_of(client, dead_label) == [])
        assert len(containers_of(client, living_label)) == len(images_of(client, living_label)) == 1
    finally:
        living.send_signal(signal.SIGINT)
        living.communicate(timeout=60)
    assert containers_of(client, living_label) == images_of(client, living_label) == []


@engine
def test_a_foreign_label_is_left_alone(runc: DockerRuntime, client: APIClient) -> None:
    settings = {**configuration("runc", Limits()), "Image": "perfbench-busybox:latest"}
    settings["Labels"] = {LABEL: "somebody else's"}
    container = client.create_container_from_config(settings)["Id"]  # type: ignore[no-untyped-call]
    try:
        assert container not in runc.sweep()
        assert client.inspect_container(container)["Id"] == container
    finally:
        client.remove_container(container, force=True)


@engine
def test_a_container_that_was_forgotten_goes_with_its_process(client: APIClient, runc: DockerRuntime) -> None:
    process, label = owner_that("DockerRuntime('runc').create().start()")
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert containers_of(client, label) == []


@engine
@pytest.mark.parametrize("after", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5])
def test_an_interrupt_at_any_moment_leaves_nothing(
    client: APIClient, runc: DockerRuntime, after: float
) -> None:
    process, label = owner_that(
        "r = DockerRuntime('runc'); r.availability(); print('go', flush=True)\n"
        "while True:\n"
        "    with r.create_cold() as s: s.start(); s.exec(['true'], timeout=9); s.stop()"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in complaint
    assert containers_of(client, label) == images_of(client, label) == []


@engine
def test_a_removed_container_leaves_no_process(runc: DockerRuntime) -> None:
    with runc.create() as made:
        made.start()
        pid = made.pid
    assert start_time(pid) is None


# ---- no engine, or none that is one -----------------------------------------------------------------------


@pytest.fixture
def pretender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """A server on a unix socket that answers every request with the same bytes."""
    path = tmp_path / "s"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    answers: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65536) and answers[0]:
                    connection.sendall(answers[0])

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    yield answers.append
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"\0" * 5000, http(b"{}"), http(b"[]"), http(b"{"), http(b'{"ApiVersion": 7}'),
     http(b'{"ApiVersion": "1.41"}'), b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"],
)  # fmt: skip
def test_a_server_that_is_no_engine_gets_one_sentence(
    pretender: Callable[[bytes], None], answer: bytes
) -> None:
    pretender(answer)
    found = DockerRuntime("runc").availability()
    assert not found.available
    assert found.reason
    assert found.remedy
    assert "Traceback" not in found.reason
    with pytest.raises(SandboxError):
        DockerRuntime("runc").create()


def test_an_engine_that_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_engine, "LOOK_TIMEOUT", 1)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        found = DockerRuntime("runc").availability()
    assert not found.available
    assert "no Docker engine answers" in found.reason


def test_a_missing_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    found = DockerRuntime("runc").availability()
    assert found.reason == f"no Docker engine runs here: there is no socket {tmp_path}/nothing.sock"
    assert "DOCKER_HOST" in found.remedy
    for call in (
        DockerRuntime("runc").create,
        DockerRuntime("runc").create_cold,
        DockerRuntime("runc").sweep,
    ):
        with pytest.raises(RuntimeUnavailableError, match="there is no socket"):
            call()


def test_a_dead_engine_s_socket_is_told_from_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert "the Docker engine is dead: nobody listens at" in DockerRuntime("runc").availability().reason


def test_a_file_is_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/file")
    assert "no Docker engine's socket" in DockerRuntime("runc").availability().reason


@pytest.mark.parametrize(
    "host", ["tcp://127.0.0.1:1", "nonsense", "tcp://[", "npipe:////./pipe/docker", "unix://"]
)
def test_any_other_wrong_address_is_one_sentence(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    found = DockerRuntime("runc").availability()
    assert not found.available
    assert found.reason
    assert found.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_socket_of_others_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    assert "usermod" in DockerRuntime("runc").availability().remedy


def test_without_docker_py_there_is_a_line_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    monkeypatch.setenv("DOCKER_HOST", "unix:///never/asked/before")
    found = DockerRuntime("runc").availability()
    assert found.reason == "the Python package docker is not installed"
    assert found.remedy == "pip install 'docker>=7.1'"
    with pytest.raises(RuntimeUnavailableError, match="not installed"):
        DockerRuntime("runc").create()


@engine
def test_a_runtime_that_the_engine_does_not_know_is_unavailable(runc: DockerRuntime) -> None:
    found = DockerRuntime("unheard-of").availability()
    assert "has no runtime unheard-of (it has" in found.reason
    assert "daemon.json" in found.remedy
    with pytest.raises(RuntimeUnavailableError, match="has no runtime unheard-of"):
        DockerRuntime("unheard-of").create()


@engine
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # docker-py lets go of a socket that cannot connect
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_dies_in_between_is_one_sentence_with_a_remedy(
    runc: DockerRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a relay of ours, which can die where the engine of everybody must not."""
    relay = Relay(docker_engine.host().removeprefix("unix://"), tmp_path / "s")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    made = runc.create()
    made.start()
    relay.die()
    for call in (
        made.start,
        made.stop,
        made.remove,
        lambda: made.exec(["true"]),
        runc.create,
        lambda: made.pid,
    ):
        with pytest.raises(SandboxError, match="see whether it still runs with `docker version`") as caught:
            call()
        assert not isinstance(caught.value, NotImplementedError)  # not a skip: it has been there
    monkeypatch.undo()
    docker_engine.client().remove_container(made.id, force=True)
    del call, caught
    gc.collect()  # the sockets that docker-py lets go of, while that is still forgiven


class Relay:
    """Passes everything on to a socket, until it dies."""

    def __init__(self, target: str, path: Path) -> None:
        self._target = target
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=self._pass_on, args=(source, sink))
                thread.start()
                self._threads.append(thread)

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            return

    def die(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
