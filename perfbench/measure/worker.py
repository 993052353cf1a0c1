"""The worker: one process that serves one benchmark of one side, sample by sample, when it is asked.

It is run by path with either side's Python, so it is a single file that imports nothing of perfbench and
keeps to the standard library and asv_runner. asv_runner (and Pympler, for `mem_` benchmarks) come from
the tool's own environment through a finder that serves only them: both sides are discovered and timed by
one version, and nothing else of the tool's environment can shadow a side's packages; perfbench itself is found
there where a side has none. The suite that comes
with perfbench is lent perfbench itself as well, and what a side lacks of the libraries that drivers need.

    python worker.py BENCHMARK_DIR LIBRARIES [NAME]

NAME is the benchmark that will be asked for; without it the worker is ready for all of them.
Requests are JSON objects, one a line, on standard input; each gets one JSON line on standard output. What
a benchmark prints goes to standard error. The end of the input is the order to tear down and leave, so no
worker outlives a killed parent.

    {"do": "discover"}                                    -> {"rows": […], "problems": […]}
    {"do": "setup_cache", "name", "path"}                 -> {}
    {"do": "open", "name", "index", "cache"}              -> {} | {"skipped": reason}
    {"do": "calibrate", "target"}                         -> {"loops", "repeats", "cost", "alone"}
    {"do": "ready"}                                       -> {}
    {"do": "sample", "loops", "repeats"}                  -> {"value", "cpu", "at"}
    {"do": "settle"}                                      -> {}
    {"do": "run", "seconds", "loops", "repeats"}          -> {"calls", "seconds"}
    {"do": "record", "module", "options", "folders"}      -> {}
    {"do": "recorded"}                                    -> what the recorder says
    {"do": "close"}                                       -> {}

`run` takes samples until they have lasted so long, and at least one: what a profiler watches. `record` starts a
recorder, a single file that is loaded by path; a library that it needs and the side lacks is looked for in `folders`.

Anything that raises answers {"failed": last line, "trace": traceback}.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.machinery
import importlib.util
import inspect
import json
import math
import os
import pickle
import pkgutil
import signal
import sys
import time
import timeit
import traceback
import types
from typing import IO, Any, Dict, Iterable, Iterator

LENT = ("asv_runner", "pympler")
WANTS_PYMPLER = ("mem_", "Mem")
CONTROL = "perfbench.control"
LENT_VARIABLE = "PERFBENCH_LENT"
OWN_PID = os.getpid()
"""What the benchmark forks has another one, and is no worker."""

Reply = Dict[str, Any]


class LendingFinder:
    """Finds the few libraries that the tool lends to both sides, and nothing else beside them; all with None."""

    def __init__(self, names: tuple[str, ...] | None, folders: list[str]) -> None:
        self.names = names
        self.folders = folders

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if path is None and (self.names is None or fullname in self.names):
            return importlib.machinery.PathFinder.find_spec(fullname, self.folders, target)
        return None


def lend_to_built_in_suite(order: str) -> None:
    """Find what perfbench/measure/built_in.py lends: perfbench before all, the rest where the side has none.

    Libraries of another Python would not do.
    """
    lent = json.loads(order) if order else {}
    if lent.get("python") == list(sys.version_info[:2]):
        sys.meta_path.insert(0, LendingFinder(tuple(lent["first"]), lent["folders"]))
        sys.meta_path.append(LendingFinder(tuple(lent["last"]), lent["folders"]))


def import_runner() -> Any:
    """Import asv_runner without its search for plug-ins.

    The search reads the metadata of every installed distribution, and the module it needs for that costs
    more than the rest of asv_runner; neither is part of what is measured.
    """
    stand_in = types.ModuleType("importlib.metadata")
    vars(stand_in)["distributions"] = lambda *_arguments, **_options: ()
    real = sys.modules.get("importlib.metadata")
    sys.modules["importlib.metadata"] = stand_in
    try:
        import asv_runner.discovery  # noqa: PLC0415
    finally:
        del sys.modules["importlib.metadata"]
        if real is not None:
            sys.modules["importlib.metadata"] = real
    return asv_runner


class Suite:
    """The benchmarks of one folder, found as asv finds them, but one broken module breaks only itself."""

    def __init__(self, folder: str, runner: Any) -> None:
        self.folder = os.path.abspath(folder)
        self.runner = runner
        self.problems: list[Reply] = []
        runner.discovery.update_sys_path(self.folder)

    def modules(self, name: str | None = None) -> Iterator[types.ModuleType]:
        name = name or os.path.basename(self.folder)
        try:
            module = importlib.import_module(name)
        except (Exception, SystemExit) as error:
            self.problems.append({"module": name, "message": last_line(error)})
            return
        yield module
        for _, child, _ in pkgutil.iter_modules(getattr(module, "__path__", ()), name + "."):
            yield from self.modules(child)

    def benchmarks(self, modules: Iterable[types.ModuleType]) -> Iterator[Any]:
        for module in modules:
            for owner, key, function in candidates(module):
                try:
                    benchmark = self.runner.discovery._get_benchmark(key, module, owner, function)
                except Exception as error:
                    where = f"{module.__name__}.{owner.__name__ if owner else key}"
                    self.problems.append({"module": where, "message": last_line(error)})
                    continue
                if benchmark is not None:
                    yield benchmark

    def find(self, name: str) -> Any:
        """One benchmark by its full name; the module that the name points at is tried first."""
        if name == CONTROL:
            return self.runner.benchmarks.time.TimeBenchmark(CONTROL, control, [control])
        parts = name.split(".")
        root = os.path.basename(self.folder)
        for cut in (1, 2):
            guess = os.path.join(self.folder, *parts[:-cut])
            if os.path.isfile(guess + ".py") or os.path.isfile(os.path.join(guess, "__init__.py")):
                module = importlib.import_module(".".join([root, *parts[:-cut]]))
                for benchmark in self.benchmarks([module]):
                    if benchmark.name == name:
                        return benchmark
        for benchmark in self.benchmarks(self.modules()):
            if benchmark.name == name:
                return benchmark
        reasons = "; ".join(f"{p['module']}: {p['message']}" for p in self.problems)
        raise LookupError(f"there is no benchmark {name}" + (f" ({reasons})" if reasons else ""))


def candidates(module: types.ModuleType) -> Iterator[tuple[Any, str, Any]]:
    """The functions and methods of a module that may be benchmarks, as (class or None, name, function)."""
    for name, item in list(vars(module).items()):
        if name.startswith("_"):
            continue
        if inspect.isfunction(item):
            yield None, name, item
        elif inspect.isclass(item) and not inspect.isabstract(item):
            for key, member in inspect.getmembers(item):
                if inspect.isfunction(member) or inspect.ismethod(member):
                    yield item, key, member


def control() -> int:
    """A fixed piece of work that no commit changes: what moves here is the machine."""
    total = 0
    for step in range(2000):
        total += step * step % 7
    return total


def last_line(error: BaseException) -> str:
    return traceback.format_exception_only(type(error), error)[-1].strip()


def attribute(benchmark: Any, name: str) -> Any:
    """An attribute of the benchmark's function, class or module, as asv looks attributes up."""
    for source in benchmark._attr_sources:
        value = getattr(source, name, None)
        if value is not None:
            return value
    return None


def describe(benchmark: Any) -> Reply:
    better = attribute(benchmark, "better")
    pin = attribute(benchmark, "perfbench_pin")
    return {
        "name": benchmark.name,
        "type": benchmark.type,
        "timeraw": "Timeraw" in type(benchmark).__name__,
        "unit": benchmark.unit,
        "params": benchmark.params,
        "param_names": benchmark.param_names,
        "version": benchmark.version,
        "timeout": benchmark.timeout,
        "setup_cache_key": benchmark.setup_cache_key,
        "setup_cache_timeout": benchmark.setup_cache_timeout,
        "better": better if isinstance(better, str) else None,
        "pin": pin if isinstance(pin, bool) else None,
    }


class Session:
    """The one benchmark that this worker has opened."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.benchmark: Any = None
        self.fresh = False  # set up, and not used since
        self.recorder: Any = None

    def open(self, name: str, index: int, cache: str | None) -> Reply:
        benchmark = self.suite.find(name)
        if benchmark._params:
            benchmark.set_param_idx(index)
        if cache is not None:
            with open(cache, "rb") as file:
                benchmark.set_cache(pickle.load(file))
        if tuple(benchmark._current_params) in benchmark._skip_tuples:
            return {"skipped": "skipped by its skip_params"}
        self.benchmark = benchmark
        operations()  # what is recorded from here on is kept
        try:
            self.set_up()
        except NotImplementedError as error:
            self.close()
            return {"skipped": str(error) or "setup raised NotImplementedError"}
        return {}

    def set_up(self) -> None:
        for setup in self.benchmark._setups:
            setup(*self.benchmark._build_params())
        if hasattr(self.benchmark, "_load_vars"):
            self.benchmark._load_vars()  # setup may have changed number, timer and the like
        self.fresh = True

    def close(self) -> None:
        if os.getpid() != OWN_PID:
            return  # its parent uses what would be torn down
        if self.recorder is not None:
            self.stop_recorder()
        benchmark, self.benchmark = self.benchmark, None
        if benchmark is not None:
            benchmark.do_teardown()

    def make_ready(self) -> None:
        """What asv does before each sample: tear down and set up again, where there is a setup."""
        if not self.fresh and self.benchmark._setups:
            self.benchmark.do_teardown()
            self.set_up()

    def take(self, loops: int, repeats: int) -> Reply:
        """One sample: `repeats` times a set-up and `loops` calls. Value and CPU seconds are per call."""
        at = time.time()
        value = cpu = 0.0
        operations()  # those of an earlier set-up are nobody's
        for _ in range(repeats):
            self.make_ready()
            self.fresh = False
            with forks_ending_here():
                one, spent = self.call(loops)
            value += one
            cpu += spent
        calls = repeats * (loops if self.benchmark.type == "time" else 1)
        reply = {"value": value / calls, "cpu": cpu / calls, "at": at}
        recorded = operations()
        return {**reply, "operations": recorded} if recorded else reply

    def run(self, seconds: float, loops: int, repeats: int) -> Reply:
        """Samples for at least so many seconds: how many calls were made, and what they took."""
        calls, taken, end = 0, 0.0, time.perf_counter() + seconds
        while not calls or time.perf_counter() < end:
            before = time.perf_counter()
            value = self.take(loops, repeats)["value"]
            more = repeats * (loops if self.benchmark.type == "time" else 1)
            # What is no time is worth the time that getting it took, set-up and all.
            taken += value * more if self.benchmark.type == "time" else time.perf_counter() - before
            calls += more
        return {"calls": calls, "seconds": taken}

    def record(self, module: str, options: Reply, folders: list[str]) -> None:
        spec = importlib.util.spec_from_file_location("perfbench_recorder", module)
        if spec is None or spec.loader is None:
            raise ImportError(f"there is no recorder {module}")
        recorder = importlib.util.module_from_spec(spec)
        at_the_end = LendingFinder(None, folders)
        sys.meta_path.append(at_the_end)
        try:
            spec.loader.exec_module(recorder)
            recorder.start(options)
        finally:
            sys.meta_path.remove(at_the_end)
        self.recorder = recorder

    def stop_recorder(self) -> Reply:
        recorder, self.recorder = self.recorder, None
        said: Reply = recorder.stop()
        return said

    def call(self, loops: int) -> tuple[float, float]:
        benchmark = self.benchmark
        arguments = benchmark._build_params()
        if benchmark.type != "time":
            start = time.process_time()
            value = benchmark.run(*arguments)
            if benchmark.type == "peakmemory":
                value = own_peak(value)
            return number(value), time.process_time() - start
        if "Timeraw" in type(benchmark).__name__:
            return benchmark._get_timer(*arguments).timeit(loops), math.nan
        timer = timeit.Timer(benchmark._param_bound_func(*arguments), timer=benchmark.timer)
        # CPU time is read outside the wall clock, as reading it costs 0.6 µs; timeit turns the collector off.
        start = time.process_time()
        value = timer.timeit(loops)
        return value, time.process_time() - start

    def calibrate(self, target: float) -> Reply:
        """Choose loops and repeats so that a sample lasts about `target` seconds of timed work.

        A benchmark that fixes its `number` gets that many calls for each set-up, as asv documents it.
        """
        single = self.benchmark.type != "time"
        fixed = self.benchmark.number if not single and self.benchmark.number > 0 else 0
        loops, repeats = fixed or 1, 1
        if self.benchmark._setups and not single:
            self.take(loops, repeats)  # from here on each sample pays for its own set-up
        for _ in range(40):
            elsewhere, started = cpu_elsewhere(), time.perf_counter()
            seconds = self.take(loops, repeats)["value"] * loops * repeats
            cost = time.perf_counter() - started
            if single or seconds >= 0.8 * target or (fixed and cost >= 10 * target):
                break
            grow = min(10.0, max(1.2, target / seconds)) if seconds > 0 else 10.0
            if fixed:
                repeats = max(repeats + 1, int(repeats * min(grow, 10 * target / cost)))
            else:
                loops = max(loops + 1, int(loops * grow))
        alone = cpu_elsewhere() - elsewhere < max(0.05 * cost, 1e-4)
        if not alone:
            # The threads of a numeric library spin a while after its import; look again when they sleep.
            time.sleep(0.1)
            elsewhere = cpu_elsewhere()
            self.take(loops, repeats)
            alone = cpu_elsewhere() - elsewhere < max(0.05 * cost, 1e-4)
        return {"loops": loops, "repeats": repeats, "cost": cost, "alone": alone}


def operations() -> dict[str, list[float]]:
    """What the benchmark recorded with `perfbench.record_operation` since the last call; nothing without it."""
    recording = sys.modules.get("perfbench.recording")
    found: dict[str, list[float]] = recording.drain() if recording is not None else {}
    return found


def number(value: Any) -> float:
    """The number that a track_, mem_ or peakmem_ benchmark returned; NaN for None, as asv reads it."""
    return math.nan if value is None else float(value)


def own_peak(value: float) -> float:
    """Bytes of this process's own peak where the kernel tells them, else what asv_runner has read.

    That is ru_maxrss, which Linux hands down from the process that started this one.
    """
    with contextlib.suppress(OSError, ValueError, StopIteration), open("/proc/self/status", "rb") as status:
        line = next(line for line in status if line.startswith(b"VmHWM:"))
        return int(line.split()[1]) * 1024
    return value


def cpu_elsewhere() -> float:
    """CPU seconds spent so far by other threads of this process and by children that have ended."""
    times = os.times()
    return time.process_time() - time.thread_time() + times.children_user + times.children_system


def answer(session: Session, request: Reply) -> Reply:
    do = request["do"]
    if do == "discover":
        rows = [describe(benchmark) for benchmark in session.suite.benchmarks(session.suite.modules())]
        return {"rows": rows, "problems": session.suite.problems}
    if do == "setup_cache":
        cache = session.suite.find(request["name"]).do_setup_cache()
        with open(request["path"], "wb") as file:
            pickle.dump(cache, file)
        return {}
    if do == "open":
        return session.open(request["name"], request["index"], request["cache"])
    if do == "calibrate":
        return session.calibrate(request["target"])
    if do == "ready":
        session.make_ready()
        return {}
    if do == "sample":
        return session.take(request["loops"], request["repeats"])
    if do == "settle":
        # What start-up left behind is neither collected nor scanned during the samples.
        gc.collect()
        gc.freeze()
        return {}
    if do == "run":
        return session.run(request["seconds"], request["loops"], request["repeats"])
    if do == "record":
        session.record(request["module"], request["options"], request["folders"])
        return {}
    if do == "recorded":
        return session.stop_recorder()
    if do == "close":
        session.close()
        return {}
    raise ValueError(f"the worker does not know the request {do!r}")


def serve(session: Session, requests: IO[bytes], replies: IO[bytes]) -> None:
    for line in requests:
        request = json.loads(line)
        try:
            with forks_ending_here():
                reply = answer(session, request)
        except NotImplementedError as error:
            reply = {"skipped": str(error) or last_line(error)}
        except Exception as error:
            reply = {"failed": last_line(error), "trace": traceback.format_exc()}
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()
        if request["do"] == "close":
            break


def leave_with_parent() -> None:
    """Have Linux send SIGTERM when the parent dies, for a benchmark that never comes to read its input."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


def leave(*_: object) -> None:
    sys.exit(143)


def leave_on_sigterm() -> None:
    """Tear down first. What the benchmark forks ends at once, as multiprocessing expects of the processes of a pool."""

    def end_at_once() -> None:
        if signal.getsignal(signal.SIGTERM) is leave:  # else it is the benchmark's own
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, leave)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=end_at_once)


@contextlib.contextmanager
def forks_ending_here() -> Iterator[None]:
    """End what the benchmark has forked and what comes back from it: it must neither go on nor answer."""
    try:
        yield
    except Exception:
        if os.getpid() != OWN_PID:
            traceback.print_exc()
            os._exit(1)
        raise
    if os.getpid() != OWN_PID:
        sys.stderr.write("a fork of the benchmark has come back from it\n")
        sys.stderr.flush()
        os._exit(1)


def main(folder: str, libraries: str, name: str | None = None) -> None:
    leave_on_sigterm()
    leave_with_parent()
    # The benchmarks get their own standard streams; the protocol keeps the original ones.
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    lent = LENT if name is None or name.rpartition(".")[2].startswith(WANTS_PYMPLER) else LENT[:1]
    sys.meta_path.insert(0, LendingFinder(lent, libraries.split(os.pathsep)))
    # For `perfbench.record_operation` in benchmarks of a project that does not install perfbench.
    sys.meta_path.append(LendingFinder(("perfbench",), libraries.split(os.pathsep)))
    lend_to_built_in_suite(os.environ.pop(LENT_VARIABLE, ""))
    session = Session(Suite(folder, import_runner()))
    try:
        serve(session, requests, replies)
    finally:
        session.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
