"""What this machine is, and whether two can be compared."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from perfbench import environment
from perfbench.environment import current, differences, incompatibility, machine_name, same_architecture
from perfbench.model import Environment

ONE = Environment(
    machine="box",
    cpu="Model 1",
    cores=2,
    memory=8 * 1024**3,
    kernel="Linux 6.1",
    governor="none",
    python="CPython 3.11.2",
    dependencies={"numpy": "2.0.0"},
    engine="docker 20.10",
    architecture="x86_64",
)


def test_this_machine_has_every_field() -> None:
    here = current("abc", True, {"numpy": "2.0"}, "docker 20.10")
    assert here.machine
    assert here.cpu
    assert 1 <= here.cores <= (os.cpu_count() or 1)
    assert here.memory > 0
    assert here.kernel.startswith(platform.system())
    assert here.governor
    assert here.python.endswith(platform.python_version())
    assert (here.commit, here.dirty, here.dependencies, here.engine) == (
        "abc",
        True,
        {"numpy": "2.0"},
        "docker 20.10",
    )


def test_the_measured_python_may_be_another() -> None:
    assert current(python="CPython 3.13.0").python == "CPython 3.13.0"


def test_looking_twice_gives_the_same() -> None:
    assert current() == current()
    assert incompatibility(current(), current()) == differences(current(), current()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="macOS is asked with sysctl")
def test_nothing_is_started_to_find_out() -> None:
    code = (
        "import sys\n"
        "starts = {'subprocess.Popen', 'os.fork', 'os.posix_spawn'}\n"
        "sys.addaudithook(lambda event, _: event in starts and sys.exit(event))\n"
        "from perfbench.environment import current\n"
        "current()\n"
        "assert not {'psutil', 'numpy', 'subprocess'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("ci-large", "ci-large"),
        (" two words/x ", "two-words-x"),
        ("../..", "unknown"),
        ("x" * 300, "x" * 100),
    ],
)
def test_machines_with_random_names_can_share_one(
    monkeypatch: pytest.MonkeyPatch, given: str, name: str
) -> None:
    monkeypatch.setenv("PERFBENCH_MACHINE", given)
    assert machine_name() == name


def test_without_a_given_name_the_host_name_counts_without_its_domain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PERFBENCH_MACHINE", raising=False)
    monkeypatch.setattr(platform, "node", lambda: "build-7.example.org")
    assert machine_name() == "build-7"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(ONE, machine="ci"), "the machine differs: box and ci"),
        (replace(ONE, architecture="aarch64"), "the architecture differs: x86_64 and aarch64"),
        (replace(ONE, cpu="Model 2"), "the CPU differs: Model 1 and Model 2"),
        (replace(ONE, cores=4), "the number of usable cores differs: 2 and 4"),
        (replace(ONE, memory=16 * 1024**3), "the memory differs: 8.0 GiB and 16.0 GiB"),
    ],
)
def test_other_hardware_cannot_be_compared(other: Environment, said: str) -> None:
    assert incompatibility(ONE, other) == [said]
    assert differences(ONE, other) == []


def test_architectures_are_the_same_only_where_both_are_known() -> None:
    unknown = replace(ONE, architecture="")
    assert same_architecture(ONE, ONE)
    assert not same_architecture(ONE, replace(ONE, architecture="aarch64"))
    assert not same_architecture(ONE, unknown)
    assert not same_architecture(unknown, unknown)


def test_memory_may_differ_by_what_kernels_keep() -> None:
    assert incompatibility(ONE, replace(ONE, memory=int(ONE.memory * 0.985))) == []
    assert incompatibility(ONE, replace(ONE, memory=int(ONE.memory * 0.97))) != []


def test_what_is_not_told_cannot_differ() -> None:
    unknown = Environment("", "", 0, 0, "", "", "")
    assert incompatibility(ONE, unknown) == incompatibility(unknown, ONE) == []
    assert differences(ONE, unknown) == differences(unknown, ONE) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(ONE, kernel="Linux 6.2"), "the kernel differs: Linux 6.1 and Linux 6.2"),
        (replace(ONE, governor="powersave"), "the CPU frequency governor differs: none and powersave"),
        (replace(ONE, python="CPython 3.12.0"), "the Python differs: CPython 3.11.2 and CPython 3.12.0"),
        (replace(ONE, engine="podman 4.3"), "the engine differs: docker 20.10 and podman 4.3"),
        (replace(ONE, dependencies={"numpy": "1.0"}), "dependencies differ: numpy 2.0.0 and 1.0"),
        (
            replace(ONE, dependencies=dict.fromkeys("abcd", "1")),
            "dependencies differ: a absent and 1, b absent and 1, c absent and 1, 2 more",
        ),
    ],
)
def test_other_software_is_a_warning(other: Environment, said: str) -> None:
    assert differences(ONE, other) == [said]
    assert incompatibility(ONE, other) == []


def test_commits_are_meant_to_differ() -> None:
    assert differences(ONE, replace(ONE, commit="def", dirty=True)) == []


@pytest.mark.parametrize(
    ("cpuinfo", "model"),
    [
        (
            "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R)  Xeon(R) CPU\n\nprocessor\t: 1\n",
            "Intel(R) Xeon(R) CPU",
        ),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", "ARM implementer 0x41 part 0xd0c"),
        ("processor : 0\nmodel name :\n", ""),
        ("", ""),
    ],
)
def test_the_cpu_is_named_as_the_kernel_names_it(cpuinfo: str, model: str) -> None:
    assert environment._cpu_model(cpuinfo) == model


def test_a_cgroup_quota_lowers_the_cores(tmp_path: Path) -> None:
    (tmp_path / "fs" / "a" / "b").mkdir(parents=True)
    (tmp_path / "self").write_text("0::/a/b\n")
    (tmp_path / "fs" / "a" / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "fs" / "a" / "b" / "cpu.max").write_text("max 100000\n")
    assert environment._cores(tmp_path / "self", tmp_path / "fs") == 1


def test_a_quota_of_the_older_cgroups_counts_too(tmp_path: Path) -> None:
    (tmp_path / "fs" / "cpu,cpuacct").mkdir(parents=True)
    (tmp_path / "self").write_text("4:cpu,cpuacct:/not/mounted/here\n2:memory:/\n")
    (tmp_path / "fs" / "cpu,cpuacct" / "cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "fs" / "cpu,cpuacct" / "cpu.cfs_period_us").write_text("100000\n")
    assert environment._cores(tmp_path / "self", tmp_path / "fs") == 1


@pytest.mark.parametrize("limit", ["max 100000", "-1", "", "x y", "100000 0", "900000000 100000"])
def test_a_quota_that_is_none_leaves_the_cores(tmp_path: Path, limit: str) -> None:
    (tmp_path / "fs").mkdir()
    (tmp_path / "self").write_text("0::/\n")
    (tmp_path / "fs" / "cpu.max").write_text(limit)
    assert environment._cores(tmp_path / "self", tmp_path / "fs") == current().cores


def test_a_cgroup_limit_lowers_the_memory(tmp_path: Path) -> None:
    (tmp_path / "fs" / "memory" / "box").mkdir(parents=True)
    (tmp_path / "self").write_text("4:memory:/box\n")
    (tmp_path / "fs" / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (tmp_path / "fs" / "memory" / "box" / "memory.limit_in_bytes").write_text("1048576\n")
    assert environment._memory(tmp_path / "self", tmp_path / "fs") == 1048576


def test_the_governors_in_use_are_named_once(tmp_path: Path) -> None:
    for number, governor in enumerate(["powersave", "performance", "powersave"]):
        (tmp_path / f"cpu{number}" / "cpufreq").mkdir(parents=True)
        (tmp_path / f"cpu{number}" / "cpufreq" / "scaling_governor").write_text(f"{governor}\n")
    assert environment._governor(tmp_path) == "performance, powersave"
    assert environment._governor(tmp_path / "nowhere") == "none"
