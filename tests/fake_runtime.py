"""A runtime without processes: deterministic, in memory, behind the real Protocol.

Benchmarks reach it with PERFBENCH_SUT_RUNTIMES=tests.fake_runtime:runtime. It understands the few
commands that the benchmarks run, and writes down every call that is made to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from perfbench.errors import RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes.runtime import Availability, ExecResult, Limits

FACTORY = f"{__name__}:runtime"
ABSENT = {"podman": Availability(False, reason="podman is not installed", remedy="apt-get install podman")}
WITHOUT_IMAGES = ("process", "bubblewrap")

_numbers = itertools.count(1)


@cache
def runtime(name: str) -> FakeRuntime:
    """The one fake of that name in this process."""
    return FakeRuntime(name)


class FakeRuntime:
    """Makes fake sandboxes. `calls` holds every call in order, `alive` the sandboxes not yet removed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: list[str] = []
        self.alive: list[FakeSandbox] = []
        self.failing: set[str] = set()
        """Calls that raise SandboxError instead of doing anything: `create`, `start`, `exec`, …"""

    def availability(self) -> Availability:
        return ABSENT.get(self.name, Availability(True, version="1.0"))

    def create(self, *, limits: Limits = Limits()) -> FakeSandbox:
        return self._make("create")

    def create_cold(self, *, limits: Limits = Limits()) -> FakeSandbox:
        if self.name in WITHOUT_IMAGES:
            raise RuntimeUnavailableError(f"{self.name} has no images")
        return self._make("create_cold")

    def sweep(self) -> list[str]:
        self.call("sweep")
        return []

    def call(self, name: str) -> None:
        """Write a call down, and fail it where it is to fail."""
        self.calls.append(name)
        if name in self.failing:
            raise SandboxError(f"{self.name}: {name} fails", "do not ask it to")

    def _make(self, call: str) -> FakeSandbox:
        self.call(call)
        if self.name in ABSENT:
            raise RuntimeUnavailableError(ABSENT[self.name].reason, ABSENT[self.name].remedy)
        sandbox = FakeSandbox(self, f"{self.name}-{next(_numbers)}")
        self.alive.append(sandbox)
        return sandbox


class FakeSandbox:
    """One fake sandbox: a state and a dictionary of files by absolute path."""

    def __init__(self, runtime: FakeRuntime, name: str) -> None:
        self.id = name
        self.running = False
        self.files: dict[str, bytes] = {}
        self._runtime = runtime

    def start(self) -> None:
        self._call("start")
        if self.running:
            raise SandboxError(f"{self.id} runs already")
        self.running = True

    def exec(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None) -> ExecResult:
        self._call("exec")
        self._must_run()
        return self._command(argv[0], argv[1:])

    def stop(self) -> None:
        self._call("stop")
        self.running = False

    def remove(self) -> None:
        self._call("remove")
        self.running = False
        if self in self._runtime.alive:
            self._runtime.alive.remove(self)

    def copy_in(self, source: Path, target: str) -> None:
        self._call("copy_in")
        self._must_run()
        self.files[target] = source.read_bytes()

    def copy_out(self, source: str, target: Path) -> None:
        self._call("copy_out")
        self._must_run()
        if source not in self.files:
            raise SandboxError(f"there is no file {source} in {self.id}")
        target.write_bytes(self.files[source])

    @property
    def pid(self) -> int:
        self._must_run()
        return 1

    @property
    def cgroup(self) -> Path | None:
        self._must_run()
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _call(self, name: str) -> None:
        self._runtime.call(name)

    def _must_run(self) -> None:
        if not self.running:
            raise SandboxError(f"{self.id} does not run")

    def _command(self, name: str, arguments: Sequence[str]) -> ExecResult:
        match name, *arguments:
            case ["true"] | ["mkdir", _]:
                return ExecResult(0, b"", b"")
            case ["head", "-c", count, "/dev/zero"]:
                return ExecResult(0, bytes(int(count)), b"")
            case ["touch", *paths]:
                self.files.update((f"/tmp/{path}", b"") for path in paths)
                return ExecResult(0, b"", b"")
            case ["ls", folder]:
                prefix = f"/tmp/{folder}/"
                names = sorted(path.removeprefix(prefix) for path in self.files if path.startswith(prefix))
                return ExecResult(0, "".join(f"{found}\n" for found in names).encode(), b"")
            case ["dd", *operands]:
                return self._dd(dict(operand.split("=") for operand in operands))
        return ExecResult(127, b"", f"{name}: not found".encode())

    def _dd(self, operands: Mapping[str, str]) -> ExecResult:
        source, target, size = operands["if"], operands["of"], int(operands["bs"])
        if source == "/dev/zero":
            content = bytes(size * int(operands["count"]))
        else:
            content = self.files.get(f"/tmp/{source}", b"")
        if target != "/dev/null":
            self.files[f"/tmp/{target}"] = content
        account = f"{len(content) // size}+{int(len(content) % size > 0)} records"
        return ExecResult(0, b"", f"{account} in\n{account} out\n".encode())
