"""A small benchmark folder in asv's style, with every kind of row that the worker serves."""

from __future__ import annotations

from pathlib import Path

import pytest

KINDS = """
import os
import signal
import sys

class Params:
    params = [["x", "y"], [1, 2]]
    param_names = ["letter", "count"]

    def setup(self, letter, count):
        if letter == "y":
            raise NotImplementedError("there is no y here")
        self.calls = 0

    def time_params(self, letter, count):
        self.calls += 1

    def teardown(self, letter, count):
        pass


class Fresh:
    number = 1
    setups = 0

    def setup(self):
        self.used = False
        self.setups += 1

    def track_setups(self):
        return self.setups

    def time_used_up(self):
        assert not self.used, "used twice"
        self.used = True


class Cached:
    def setup_cache(self):
        with open("beside.txt", "w") as file:
            file.write("here")
        return {"answer": 42}

    def track_cached(self, cache):
        assert open("beside.txt").read() == "here"
        return cache["answer"]

    track_cached.unit = "answers"
    track_cached.better = "higher"


def time_plain():
    print("a benchmark may print")
    sum(range(100))


def time_fails():
    raise RuntimeError("it broke")


def time_dies():
    os._exit(7)


def track_exit_code_of_a_fork():
    child = os.fork()
    if child == 0:
        os._exit(0 if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL else 1)
    return os.waitpid(child, 0)[1]


def track_a_fork_that_raises():
    child = os.fork()
    if child == 0:
        raise RuntimeError("in the child")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def track_a_fork_that_returns():
    child = os.fork()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0


def track_exit_code_of_a_fork_with_a_handler():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(42))
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGTERM)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def note(what):
    with open(os.path.join(os.path.dirname(__file__), "noted"), "a") as file:
        file.write(f"{what} {os.getpid()}\\n")


class Forks:
    params = ["exits", "returns", "raises"]

    def setup(self, how):
        note("setup")

    def time_fork(self, how):
        child = os.fork()
        if child == 0 and how == "exits":
            sys.exit(3)
        if child == 0 and how == "raises":
            raise NotImplementedError("in the child")
        if child:
            os.waitpid(child, 0)

    def teardown(self, how):
        note("teardown")


def time_never_ends():
    while True:
        pass

time_never_ends.timeout = 1


def timeraw_import():
    return "import json"


def track_none():
    return None


def peakmem_list():
    return [0] * 1000


def mem_list():
    return [0] * 1000


def time_skipped_later():
    raise NotImplementedError("only now it turns out")


def time_reads_input():
    input()
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark folder with one good module, one that cannot be imported and one in a package."""
    root = tmp_path_factory.mktemp("suite") / "benchmarks"
    (root / "deep").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "kinds.py").write_text(KINDS)
    (root / "broken.py").write_text("import no_such_module\n")
    (root / "deep" / "__init__.py").write_text("")
    (root / "deep" / "inner.py").write_text("def time_inner():\n    pass\n")
    return root
