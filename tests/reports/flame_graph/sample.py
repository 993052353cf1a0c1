"""Profiles made by hand, with the shapes that real ones have: a busy middle, thin towers, recursion, awkward names."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache

from perfbench.model import Environment
from perfbench.model_profile import (
    ROOT,
    DifferentialGraph,
    FlameGraph,
    Frame,
    FunctionShare,
    MovedFrame,
    Overhead,
    ProfileManifest,
)

# Depth by two spaces; function, file and line; milliseconds a call in its own body, in base and in head.
CALLS = """
Workflow.time_workflow benchmarks/workflow.py:53 0.1 0.1
  _over_http benchmarks/workflow.py:85 0.3 0.3
    Connection.exchange benchmarks/_http.py:61 0.4 0.4
      HTTPConnection.request http/client.py:1286 0.1 0.1
        HTTPConnection._send_request http/client.py:1297 0.3 0.3
          HTTPConnection.putheader http/client.py:1243 0.7 0.7
          HTTPConnection.endheaders http/client.py:1276 0.1 0.1
            HTTPConnection._send_output http/client.py:1036 0.2 0.2
              HTTPConnection.send http/client.py:980 0.1 0.1
                socket.sendall - 1.9 1.9
                  __libc_send libc.so.6 0.6 0.6
      HTTPConnection.getresponse http/client.py:1346 0.2 0.2
        HTTPResponse.begin http/client.py:318 0.4 0.4
          HTTPResponse._read_status http/client.py:285 0.2 0.2
            SocketIO.readinto socket.py:706 0.2 0.2
              socket.recv_into - 2.4 2.5
                __libc_recv libc.so.6 0.5 0.5
          parse_headers http/client.py:224 0.3 0.3
            Parser.parsestr email/parser.py:56 0.2 0.2
              FeedParser._parsegen email/feedparser.py:218 0.9 0.9
                FeedParser._parse_headers email/feedparser.py:471 0.5 0.5
              Message.get email/message.py:499 0.4 0.4
  Guard.__call__ perfbench/sandbox/service/guard.py:52 0.5 0.5
    Guard._admit perfbench/sandbox/service/guard.py:76 0.4 0.4
    Router.app starlette/routing.py:745 0.5 0.5
      Route.matches starlette/routing.py:241 0.6 0.6
      Route.handle starlette/routing.py:280 0.1 0.1
        wrap_app_handling_exceptions starlette/_exception_handler.py:31 0.2 0.2
          Service.exec perfbench/sandbox/service/sandboxes.py:118 0.7 0.7
            run perfbench/sandbox/service/execution.py:47 0.4 0.4
              _to_files perfbench/sandbox/service/execution.py:64 0.5 0.5
                LocalSandbox.exec perfbench/sandbox/runtimes/local.py:203 0.6 0.6
                  Popen.__init__ subprocess.py:807 0.4 0.4
                    Popen._execute_child subprocess.py:1791 1.1 1.1
                      fork_exec - 5.9 5.9
                        __vfork libc.so.6 4.3 4.4
                        execve libc.so.6 1.7 1.7
                      os.read - 2.2 2.2
                  Popen.wait subprocess.py:1259 0.2 0.2
                    Popen._wait subprocess.py:2013 0.3 0.3
                      os.waitpid - 3.4 3.4
                  limits_of perfbench/sandbox/runtimes/cgroups.py:77 0.3 0.3
                    Path.write_text pathlib.py:1073 0.3 0.3
                      open - 0.9 0.9
                _beginning perfbench/sandbox/service/execution.py:94 0.3 0.3
                  os.preadv - 0.8 0.8
                TemporaryDirectory.__init__ tempfile.py:854 0.2 0
                  mkdtemp tempfile.py:378 0.3 0
                    os.mkdir - 1.2 0
                TemporaryDirectory.cleanup tempfile.py:940 0.2 0
                  rmtree shutil.py:722 0.5 0
                    os.scandir - 0.6 0
                    os.rmdir - 0.9 0
            Service.told perfbench/sandbox/service/sandboxes.py:164 0.2 0.3
              Session.appended perfbench/sandbox/sessions/session.py:99 0.2 0.9
                encode perfbench/sandbox/sessions/session.py:90 0.3 1.2
                  dumps json/__init__.py:183 0.2 0.4
                    JSONEncoder.encode json/encoder.py:182 0.3 0.9
                      JSONEncoder.iterencode json/encoder.py:205 0.2 0.5
                        c_make_encoder - 1.3 5.4
                          PyUnicode_Join libpython3.11.so 0.3 1.6
                _entry_key perfbench/sandbox/sessions/session.py:131 0 0.5
                  sha256 hashlib.py:78 0 0.2
                    openssl_sha256 - 0 2.3
                      EVP_DigestUpdate libcrypto.so.3 0 1.9
              SqliteStore._put perfbench/sandbox/sessions/sqlite.py:63 0.3 0.3
                Connection.execute - 2.1 2.3
                  sqlite3_step libsqlite3.so.0 1.4 1.6
                    walWriteLock libsqlite3.so.0 0.3 0.3
                  fdatasync libc.so.6 2.8 2.7
          Request.body starlette/requests.py:233 0.2 0.2
            Request.stream starlette/requests.py:218 0.3 0.3
          loads json/__init__.py:299 0.2 0.2
            JSONDecoder.decode json/decoder.py:332 0.3 0.3
              scan_once - 0.8 0.8
      Response.__call__ starlette/responses.py:154 0.3 0.3
        RequestResponseCycle.send uvicorn/protocols/http/httptools_impl.py:461 0.9 0.9
          UVTransport.write uvloop/handles/stream.pyx:673 0.8 0.8
            uv__try_write uvloop/loop.cpython-311.so 1.3 1.3
  _compare benchmarks/workflow.py:107 0.4 0.4
    _walk benchmarks/workflow.py:121 0.3 0.3
      _walk benchmarks/workflow.py:121 0.3 0.3
        _walk benchmarks/workflow.py:121 0.2 0.2
          _walk benchmarks/workflow.py:121 0.2 0.2
            isinstance - 0.3 0.2
  gc_collect_main libpython3.11.so 0.9 1.1
_find_and_load <frozen importlib._bootstrap>:1165 0.2 0.1
  _load_unlocked <frozen importlib._bootstrap>:666 0.1 0.1
"""

HOSTILE = "</script><script>alert(1)</script><!--<b>'\"$data{{x}}"
HOSTILE_FILE = "evil\u202e/\x1b[31m<i>.py"

ENVIRONMENT = Environment(
    machine="lab",
    cpu="AMD EPYC 7B13",
    cores=8,
    memory=16 * 2**30,
    kernel="6.1.0-18-amd64",
    governor="performance",
    python="3.11.2",
    architecture="x86_64",
)

Nodes = tuple[list[Frame], list[int], list[int], list[list[float]]]


@cache
def nodes() -> Nodes:
    """Frames, parents, frames of nodes, and their own weights in base and head, in seconds."""
    numbers: dict[Frame, int] = {}
    parent, frame, weights, above = [ROOT], [ROOT], [[0.0], [0.0]], [0]
    for line in CALLS.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2 + 1
        function, *places, base, head = line.split()
        place = " ".join(places)
        file, _, number = place.rpartition(":") if ":" in place else (place, "", "0")
        own = file.startswith(("perfbench/", "benchmarks/"))
        known = Frame(function, "" if file == "-" else file, int(number), own)
        del above[depth:]
        parent.append(above[-1])
        frame.append(numbers.setdefault(known, len(numbers)))
        above.append(len(parent) - 1)
        for side, weight in zip(weights, (base, head), strict=True):
            side.append(float(weight) / 1000)
    return list(numbers), parent, frame, weights


def totals(parent: Sequence[int], own: Iterable[float]) -> list[float]:
    """What each node takes with all below it."""
    total = list(own)
    for node in range(len(total) - 1, 0, -1):
        total[parent[node]] += total[node]
    return total


def shares(
    parent: Sequence[int], frame: Sequence[int], own: Sequence[float], count: int
) -> list[tuple[float, float]]:
    """What each of `count` frames takes with all that it calls, recursion counted once, and in its own body."""
    total = totals(parent, own)
    above: list[frozenset[int]] = [frozenset()]
    found = [[0.0, 0.0] for _ in range(count)]
    for node in range(1, len(parent)):
        callers = above[parent[node]]
        above.append(callers | {frame[node]})
        found[frame[node]][1] += own[node]
        if frame[node] not in callers:
            found[frame[node]][0] += total[node]
    return [(inclusive, own) for inclusive, own in found]


def flame_graph() -> FlameGraph:
    """The profile of base, as one of many samples."""
    frames, parent, frame, (own, _) = nodes()
    own = [weight * 200 for weight in own]
    taken = shares(parent, frame, own, len(frames))
    functions = [
        FunctionShare(one, inclusive, body) for one, (inclusive, body) in zip(frames, taken, strict=True)
    ]
    return FlameGraph(
        title="workflow.Workflow.time_workflow (http)",
        unit="seconds",
        frames=frames,
        parent=parent,
        frame=frame,
        total=totals(parent, own),
        left_out=37,
        notes=("The harness's own work is left out.",),
        functions=sorted(functions, key=lambda share: -share.own),
    )


def differential_graph() -> DifferentialGraph:
    """Base against head, in which sessions are told in other ways."""
    frames, parent, frame, (base, head) = nodes()
    before, after = (shares(parent, frame, own, len(frames)) for own in (base, head))
    moved = [
        MovedFrame(one, was[0], became[0], was[1], became[1])
        for one, was, became in zip(frames, before, after, strict=True)
    ]
    moved.sort(key=lambda one: -max(abs(one.head - one.base), abs(one.head_own - one.base_own)))
    return DifferentialGraph(
        title="workflow.Workflow.time_workflow (http)",
        unit="seconds",
        base_title="main (9d0e77c4)",
        head_title="3f2c1ab8+changes",
        frames=frames,
        parent=parent,
        frame=frame,
        base=totals(parent, base),
        head=totals(parent, head),
        normalised="both sides per call, by 412 calls of base and 388 of head",
        moved=moved[:30],
        left_out=3,
        notes=("Both sides were profiled in turn on one machine.",),
    )


def manifest(side: str = "", commit: str = "9d0e77c4a1b2c3d4e5f60718293a4b5c6d7e8f90") -> ProfileManifest:
    """How the made-up profile would have been taken."""
    return ProfileManifest(
        benchmark="workflow.Workflow.time_workflow(http)",
        tool="py-spy",
        mode="wall",
        tool_version="0.4.1",
        revision="main" if side != "head" else "working tree",
        commit=commit,
        dirty=side == "head",
        environment=ENVIRONMENT,
        unit="seconds",
        samples=10_127,
        seconds=10.24,
        calls=412,
        started=1_760_000_000.0,
        overhead=Overhead(1.031, 1.012, 1.05, 12),
        side=side,
        files={"raw": "raw.txt", "speedscope": "speedscope.json", "summary": "summary.txt"},
        notes=("1 % of the samples could not be read.",),
    )


def hostile_graph() -> FlameGraph:
    """A profile whose every text is an attack."""
    frames = [
        Frame(HOSTILE, HOSTILE_FILE, 7),
        Frame("\ud800\x00\u2028" + "x" * 3000, "__proto__", 1, own=True),
    ]
    return FlameGraph(
        title=HOSTILE, unit="<b>$unit", frames=frames, parent=[ROOT, 0, 1], frame=[ROOT, 0, 1],
        total=[3.0, 3.0, 1.0], notes=(HOSTILE,), functions=[FunctionShare(frames[0], 3.0, 2.0)],
    )  # fmt: skip


def hostile_manifest() -> ProfileManifest:
    """A manifest whose every text is an attack."""
    return ProfileManifest(
        benchmark=HOSTILE, tool=HOSTILE, mode=HOSTILE, tool_version=HOSTILE, revision=HOSTILE, commit=HOSTILE,
        dirty=True, environment=Environment(HOSTILE, HOSTILE, 1, 1, HOSTILE, HOSTILE, HOSTILE), unit=HOSTILE,
        samples=1, seconds=float("nan"), calls=0, started=float("inf"),
        overhead=Overhead(float("nan"), float("nan"), float("nan"), 1), side=HOSTILE,
        files={HOSTILE: "//evil.example/x", "script": "javascript:alert(1)"}, notes=(HOSTILE,),
    )  # fmt: skip


def large_graph(count: int, functions: int, seed: int = 7) -> FlameGraph:
    """A tree of `count` nodes over `functions` frames with names of the usual length, most of them small."""
    rng = random.Random(seed)
    packages = ("starlette", "perfbench", "sqlalchemy", "json", "asyncio", "pydantic", "numpy")
    words = (
        "session",
        "request",
        "encode",
        "execute",
        "parse",
        "connection",
        "schedule",
        "validate",
        "cursor",
    )
    frames = []
    for number in range(functions):
        package = rng.choice(packages)
        name = f"{rng.choice(words).title()}{rng.choice(words).title()}.{rng.choice(words)}_{number}"
        file = f"{package}/{rng.choice(words)}/{rng.choice(words)}_{number // 20}.py"
        frames.append(Frame(name, file, rng.randrange(1, 2000), own=package == "perfbench"))
    parent, depth = [ROOT], [0]
    for node in range(1, count):
        # Mostly below a recent node, so that towers grow; never deeper than stacks usually are.
        above = max(0, node - 1 - int(rng.expovariate(0.02)))
        while depth[above] > 120:
            above = parent[above]
        parent.append(above)
        depth.append(depth[above] + 1)
    frame = [ROOT, *(rng.randrange(functions) for _ in range(1, count))]
    own = [
        rng.expovariate(1.0) * 10 ** rng.uniform(-6, -2) if rng.random() < 0.6 else 0.0 for _ in range(count)
    ]
    total = totals(parent, own)
    listed = [FunctionShare(one, rng.random(), rng.random()) for one in frames[:1000]]
    return FlameGraph("large", "seconds", frames, parent, frame, total, functions=listed)
