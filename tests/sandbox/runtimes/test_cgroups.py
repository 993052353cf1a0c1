"""The control group of a process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.cgroups import cgroup_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has control groups")


def test_a_process_is_in_the_group_it_is_said_to_be_in() -> None:
    group = cgroup_of(os.getpid())
    if group is None:
        pytest.skip("no control groups are mounted here")
    assert str(os.getpid()) in (group / "cgroup.procs").read_text().split()


def test_a_process_that_is_gone_is_an_error() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with pytest.raises(SandboxError, match=f"process {ended.pid} is gone"):
        cgroup_of(ended.pid)
