#!/usr/bin/env python3
"""How many requests a second the service answers, asked by wrk over loopback.

    python tools/service_speed.py [--seconds S] [--rounds N] [--connections N] [--runtime NAME]

`/health` takes turns with a bare handler of the same server, ABBA, so that what slows the machine down slows
both; the figure is the median ratio of neighbours. The others are measured one after the other, round by
round, and each figure is the median of its rounds. wrk and the service share this machine's CPUs.

Exit codes: 0 all targets are reached, 1 one is not, 2 wrk or a library of the service is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perfbench.errors import PerfbenchError, UnavailableError
from perfbench.sandbox.service import server
from perfbench.sandbox.service.limits import ServiceLimits

ROOT = Path(__file__).resolve().parents[1]
RATIO = 0.6
"""What `/health` must reach of the bare handler."""
WORK = [
    {"do": "write", "path": "given", "text": "x" * 1024},
    {"do": "exec", "argv": ["true"]},
    {"do": "read", "path": "given"},
]
STATE = {"state": {"step": 1, "files": ["a", "b"]}}
CONTENT = b'{"status":"ok","runtime":"process"}'


class SpeedError(Exception):
    """Something that is measured did not do what it should."""


@dataclass(frozen=True)
class Load:
    """One request that wrk repeats, and the requests a second that must be reached; 0 for none."""

    name: str
    path: str
    target: float
    method: str = "GET"
    body: Any = None
    rates: list[float] = field(default_factory=list)


def main() -> int:
    options = _options()
    try:
        with (
            _serving("bare", [sys.executable, __file__, "--bare"]) as bare,
            _serving("the service", _service(options.runtime)) as service,
        ):
            ratios = _side_by_side(bare, service, options)
            loads = _loads(service)
            for _ in range(options.rounds):
                for load in loads:
                    load.rates.append(_rate(service, load, options))
    except (SpeedError, PerfbenchError) as error:
        print(f"service_speed: {error}", file=sys.stderr)
        return 2
    return _report(ratios, loads)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=3, help="of one run of wrk (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="an even number (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=8, help="(default: %(default)s)")
    parser.add_argument("--runtime", default="process", help="of the sandboxes (default: %(default)s)")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        _serve_bare()
        sys.exit()
    if options.rounds < 2 or options.rounds % 2:
        parser.error("--rounds must be an even number, so that both sides go first equally often")
    if shutil.which("wrk") is None:
        print("service_speed: wrk is not installed; apt-get install wrk", file=sys.stderr)
        sys.exit(2)
    return options


def _serve_bare() -> None:
    """A handler that does nothing but answer, on the same server with the same settings."""

    async def app(_: Any, __: Any, send: Any) -> None:
        length = str(len(CONTENT)).encode()
        headers = [(b"content-length", length), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": CONTENT})

    with server.listening("127.0.0.1", 0) as listener:
        server.end_with_stdin()

        def ready() -> None:
            print(f"listening on {server.url(listener)}", flush=True)

        server.serve(app, listener, ServiceLimits(), ready=ready, ending=lambda: None)


def _service(runtime: str) -> list[str]:
    module = "perfbench.sandbox.service"
    return [sys.executable, "-m", module, "--port", "0", "--until-eof", "--runtime", runtime]


@contextlib.contextmanager
def _serving(name: str, command: list[str]) -> Iterator[str]:
    """A server's URL. It ends with the block, and with this process however that ends."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("listening on "):
            raise UnavailableError(f"{name} did not start")
        yield line.removeprefix("listening on ").strip()
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=30)
        process.kill()
        process.wait()


def _side_by_side(bare: str, service: str, options: argparse.Namespace) -> list[tuple[float, float]]:
    """Requests a second of the bare handler and of `/health`, pair by pair."""
    health = Load("health", "/health", 0)
    for place in (bare, service):
        _rate(place, health, options)  # warms up
    pairs = []
    for index in range(options.rounds):
        first, second = (bare, service) if index % 2 == 0 else (service, bare)
        rates = {place: _rate(place, health, options) for place in (first, second)}
        pairs.append((rates[bare], rates[service]))
    return pairs


def _loads(service: str) -> list[Load]:
    sandbox = _made(service, "/sandboxes", {})
    session = _made(service, "/sessions", STATE)
    return [
        Load("list", "/sandboxes", 0),
        Load("session_create", "/sessions", 2000, "POST", STATE),
        Load("session_read", f"/sessions/{session}", 2000),
        Load("session_write", f"/sessions/{session}", 2000, "PUT", STATE),
        Load("exec", f"/sandboxes/{sandbox}/exec", 0, "POST", {"argv": ["true"]}),
        Load("workflow, sandbox there", "/workflows", 200, "POST", {"steps": WORK, "sandbox": sandbox}),
        Load("workflow, sandbox made for it", "/workflows", 200, "POST", {"steps": WORK}),
    ]


def _made(service: str, path: str, body: Mapping[str, object]) -> str:
    request = urllib.request.Request(service + path, json.dumps(body).encode())  # noqa: S310  (of our own)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return str(json.load(answer)["id"])


def _rate(place: str, load: Load, options: argparse.Namespace) -> float:
    """Requests a second, all of which must be answered with 2xx."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "{load.method}"\n')
        if load.body is not None:
            script.write(f"wrk.body = [==[{json.dumps(load.body)}]==]\n")
        script.flush()
        seconds, connections = options.seconds, options.connections
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, place + load.path]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
        except subprocess.TimeoutExpired:
            raise SpeedError(f"wrk does not come to its end with {load.name}") from None
    found = re.search(r"^Requests/sec:\s+([\d.]+)$", done.stdout, re.MULTILINE)
    failed = re.search(r"Non-2xx.*|Socket errors:.*", done.stdout)
    if found is None or failed is not None:
        raise SpeedError(f"{load.name}: {failed[0] if failed else done.stdout + done.stderr}")
    return float(found[1])


def _report(pairs: list[tuple[float, float]], loads: list[Load]) -> int:
    bare = statistics.median(rate for rate, _ in pairs)
    health = Load("health", "/health", 5000, rates=[rate for _, rate in pairs])
    ratio = statistics.median(ours / plain for plain, ours in pairs)
    print(f"{'a bare handler':32}{bare:10,.0f} requests/s")
    missed = 0
    for load in (health, *loads):
        rate = statistics.median(load.rates)
        missed += rate < load.target
        wanted = f", target {load.target:,.0f}" if load.target else ""
        print(
            f"{load.name:32}{rate:10,.0f} requests/s ({min(load.rates):,.0f} … {max(load.rates):,.0f}){wanted}"
        )
    print(f"{'health / bare handler':32}{ratio:10.2f}, {len(pairs)} pairs, target {RATIO}")
    return int(bool(missed) or ratio < RATIO)


if __name__ == "__main__":
    sys.exit(main())
