"""The control groups of this machine, on the machine itself."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

import pytest

from perfbench.sandbox.runtimes import hierarchies


@pytest.fixture
def group() -> Path:
    place = hierarchies.MOUNT if hierarchies.is_v2() else hierarchies.MOUNT / "memory"
    made = place / f"perfbench-test-{secrets.token_hex(5)}"
    try:
        made.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error.strerror}")
    return made


def test_one_layout_at_most_is_found() -> None:
    assert not (hierarchies.is_v2() and hierarchies.is_hybrid())


def test_a_group_goes_with_all_that_runs_in_it(group: Path) -> None:
    (group / "below").mkdir()
    with subprocess.Popen(["sleep", "1000"]) as above, subprocess.Popen(["sleep", "1000"]) as below:
        (group / "cgroup.procs").write_text(str(above.pid))
        (group / "below/cgroup.procs").write_text(str(below.pid))
        hierarchies.remove_groups(group.name)
        assert (above.wait(), below.wait()) == (-9, -9)
    assert not group.exists()


def test_no_other_group_is_touched(group: Path) -> None:
    try:
        hierarchies.remove_groups(f"{group.name}-other")
        hierarchies.remove_groups(group.name[:-1])
        assert group.exists()
    finally:
        hierarchies.remove_groups(group.name)


def test_controllers_are_those_that_are_mounted() -> None:
    found = hierarchies.controllers()
    if not found:
        pytest.skip("no cgroup controller is mounted here")
    if not hierarchies.is_v2():
        assert all(os.path.ismount(hierarchies.MOUNT / name) for name in found - {"cpu", "cpuacct"})
    assert "perfbench" not in found
