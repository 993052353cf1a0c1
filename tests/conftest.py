"""What all tests share: tests on one Docker engine run one after the other, in one worker of pytest-xdist.

Each worker of pytest-xdist has a CPU and a lock of its own, so that the jobs that its tests start need not
wait for those of another worker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import settings

from perfbench.machine_lock import VARIABLE

# The machines that tests run on are shared: a slow example is no failure, and there is not time for many of all.
# The examples are the same in every run, so that what has passed passes; `thorough` looks for new ones.
settings.register_profile("shared-machine", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shared-machine"))

PREPARED_ONCE = frozenset({
    "test_bisect", "test_check", "test_check_baseline", "test_history_publish", "test_history_run", "test_memray_file",
    "test_profile", "test_sides",
})  # fmt: skip
"""Modules with dear fixtures of their own, which two workers would both make."""


def pytest_configure(config: pytest.Config) -> None:
    """Give a worker its CPU and its lock; let programs that tests start keep their compiled modules and hear Ctrl-C."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # half a second of each command would go into compiling
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts its background jobs
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGINT, signal.default_int_handler)
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not number.isdecimal() or not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")) <= len(allowed):
        os.sched_setaffinity(0, {allowed[int(number)]})
        lock = Path(tempfile.mkdtemp(prefix="perfbench-tests-")) / "lock"
        os.environ[VARIABLE] = str(lock)
        config.add_cleanup(lambda: _remove(lock))


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Put tests marked `engine` into one group (`--dist loadgroup`), and those of a module that prepare much once."""
    for item in items:
        if item.get_closest_marker("engine") is not None:
            item.add_marker(pytest.mark.xdist_group("engine"))
        elif item.path.stem in PREPARED_ONCE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _remove(lock: Path) -> None:
    lock.unlink(missing_ok=True)
    lock.parent.rmdir()
