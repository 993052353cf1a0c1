#!/usr/bin/env python3
"""What the Docker driver costs: its cycle against the same requests made with http.client on the socket.

One cycle is create, start, exec `true`, stop, remove. Both sides take turns (ABBA), so that what slows the
machine down slows both; the figure is the median ratio of neighbours, with its 95 % interval from order
statistics. Needs a Docker engine on a unix socket:

    eval "$(tools/engine start)"; python tools/docker_cycle.py

Exit codes: 0 the median is within the target, 1 it is not, 2 there is no engine to ask.
"""

from __future__ import annotations

import argparse
import json
import math
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from unix_http import UnixConnection

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perfbench.errors import RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import docker_engine, docker_image
from perfbench.sandbox.runtimes.docker import DockerRuntime, configuration
from perfbench.sandbox.runtimes.runtime import Limits

TARGET = 1.05
COMMAND = ["true"]
TIMEOUT = 60.0


class Bare:
    """The cycle as plain requests: one connection that stays open, another for the command's stream."""

    def __init__(self, socket: Path, oci: str) -> None:
        self._socket = socket
        self._settings = {**configuration(oci, Limits()), "Image": docker_image.DEFAULT}
        self._connection = UnixConnection(socket, TIMEOUT)
        version = json.loads(self._ask(self._connection, "GET", "/version"))["ApiVersion"]
        self._prefix = f"/v{version}"

    def cycle(self) -> None:
        name = f"perfbench-{secrets.token_hex(6)}"
        container = json.loads(self._call("POST", f"/containers/create?name={name}", self._settings))["Id"]
        try:
            self._call("POST", f"/containers/{container}/start")
            self._exec(container)
            self._call("POST", f"/containers/{container}/stop?t=10")
        finally:
            self._call("DELETE", f"/containers/{container}?v=True&link=False&force=True")

    def _exec(self, container: str) -> None:
        wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": COMMAND}
        command = json.loads(self._call("POST", f"/containers/{container}/exec", wanted))["Id"]
        stream = UnixConnection(self._socket, TIMEOUT)
        body = json.dumps({"Detach": False, "Tty": False})
        self._ask(stream, "POST", f"{self._prefix}/exec/{command}/start", body)
        stream.close()
        found = json.loads(self._call("GET", f"/exec/{command}/json"))
        if found["ExitCode"] != 0:
            raise SandboxError(f"`{COMMAND[0]}` ended with {found['ExitCode']}")

    def _call(self, method: str, path: str, body: object = None) -> bytes:
        return self._ask(self._connection, method, self._prefix + path, json.dumps(body) if body else None)

    @staticmethod
    def _ask(connection: UnixConnection, method: str, path: str, body: str | None = None) -> bytes:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise SandboxError(f"{method} {path}: {response.status} {content.decode(errors='replace')}")
        return content


def driver_cycle(runtime: DockerRuntime) -> None:
    """The cycle as a user of the driver makes it."""
    with runtime.create() as sandbox:
        sandbox.start()
        sandbox.exec(COMMAND)
        sandbox.stop()


def seconds(cycle: Callable[[], None]) -> float:
    start = time.perf_counter()
    cycle()
    return time.perf_counter() - start


def in_turn(first: Callable[[], None], second: Callable[[], None], pairs: int) -> list[tuple[float, float]]:
    """Seconds of both, pair by pair; who goes first alternates."""
    measured = []
    for index in range(pairs):
        if index % 2 == 0:
            one = seconds(first)
            measured.append((one, seconds(second)))
        else:
            two = seconds(second)
            measured.append((seconds(first), two))
    return measured


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the median from order statistics: no assumption about the distribution."""
    ordered, count = sorted(values), len(values)
    tail, rank = 0.0, 0
    while (tail := tail + math.comb(count, rank) / 2**count) <= 0.025:
        rank += 1
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[count - rank]


def main() -> int:
    parser = argparse.ArgumentParser(description="The Docker driver against bare requests, side by side.")
    parser.add_argument("--oci", default="runc", help="OCI runtime (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=60, help="pairs of cycles (default: %(default)s)")
    arguments = parser.parse_args()
    runtime = DockerRuntime(arguments.oci)
    try:
        if not docker_engine.is_local():
            raise RuntimeUnavailableError("the comparison needs an engine on a unix socket")
        driver_cycle(runtime)  # makes the image and the client
        bare = Bare(Path(docker_engine.host().removeprefix("unix://")), arguments.oci)
        bare.cycle()
        measured = in_turn(lambda: driver_cycle(runtime), bare.cycle, arguments.pairs)
    except SandboxError as error:
        print(f"docker_cycle: {error}", file=sys.stderr)
        return 2
    ratios = [driver / plain for driver, plain in measured]
    low, high = median_interval(ratios)
    middle = statistics.median(ratios)
    print(
        f"driver       {statistics.median(driver for driver, _ in measured) * 1e3:7.1f} ms, median of a cycle"
    )
    print(f"http.client  {statistics.median(plain for _, plain in measured) * 1e3:7.1f} ms")
    print(f"ratio        {middle:7.3f} ({low:.3f} … {high:.3f}), {len(ratios)} pairs, target ≤ {TARGET}")
    return 0 if middle <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
