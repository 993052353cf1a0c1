"""What disturbs a measurement is named, with what to do about it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from perfbench.quietness import (
    Look,
    Process,
    busy_sentences,
    governor_sentences,
    look,
    pressure_sentences,
    quietness,
    steal_sentences,
    swap_sentences,
)

OWN = 10
BEFORE = Look(
    moment=100.0,
    busy=50.0,
    stolen=1.0,
    total=200.0,
    swapped=4096,
    processes={
        (OWN, 1.0): Process("perfbench", 1, 5.0, 0),
        (11, 2.0): Process("worker", OWN, 5.0, 1),
        (12, 2.0): Process("grandchild", 11, 5.0, 1),
        (20, 1.0): Process("python3", 1, 7.0, 1),
        (21, 1.0): Process("idle", 1, 7.0, 0),
    },
)


def after(seconds: float = 1.0, *, unseen: float = 0.0, **used: float) -> Look:
    """The machine that much later; `used` are CPU seconds by process name, `unseen` those of nobody."""
    processes = {
        key: replace(process, seconds=process.seconds + used.get(process.name, 0.0))
        for key, process in BEFORE.processes.items()
    }
    return replace(
        BEFORE,
        moment=BEFORE.moment + seconds,
        busy=BEFORE.busy + sum(used.values()) + unseen,
        total=BEFORE.total + 2 * seconds,
        processes=processes,
    )


def test_a_busy_process_is_named_with_its_share_and_cpu() -> None:
    assert busy_sentences(BEFORE, after(0.5, python3=0.315), OWN) == [
        "python3 (pid 20) uses 63 % of CPU 1: stop it, or expect wider intervals"
    ]


def test_perfbench_and_its_own_children_do_not_disturb_it() -> None:
    assert busy_sentences(BEFORE, after(perfbench=0.9, worker=0.9, grandchild=0.9), OWN) == []


def test_a_little_work_is_no_disturbance() -> None:
    assert busy_sentences(BEFORE, after(python3=0.05, idle=0.02, unseen=0.1), OWN) == []


def test_a_process_on_several_cpus_is_not_said_to_be_on_one() -> None:
    assert "170 % of a CPU (several at once)" in busy_sentences(BEFORE, after(python3=1.7), OWN)[0]


def test_a_pid_that_was_used_again_is_another_process() -> None:
    later = after()
    again = {**later.processes, (20, 99.0): Process("new", 1, 300.0, 0)}
    assert busy_sentences(BEFORE, replace(later, processes=again), OWN) == []


def test_many_busy_processes_are_summed_up() -> None:
    many = {(n, 1.0): Process(f"p{n}", 1, 1.0, 0) for n in range(30, 36)}
    before = replace(BEFORE, processes=many)
    later = replace(after(unseen=1.2), processes={k: replace(p, seconds=1.2) for k, p in many.items()})
    found = busy_sentences(before, later, OWN)
    assert len(found) == 4
    assert found[-1] == "3 more processes use 60 % of a CPU together"


def test_work_of_nobody_in_sight_is_told() -> None:
    assert busy_sentences(BEFORE, after(unseen=0.8), OWN)[0].startswith("80 % of a CPU goes to something")


def test_steal_is_told() -> None:
    assert steal_sentences(BEFORE, replace(after(), stolen=BEFORE.stolen + 0.24))[0].startswith(
        "the host takes 12 % of this machine's CPU time"
    )
    assert steal_sentences(BEFORE, replace(after(), stolen=BEFORE.stolen + 0.02)) == []


def test_swapping_is_told_and_swapped_memory_at_rest_is_not() -> None:
    assert "2.0 MiB" in swap_sentences(BEFORE, replace(after(), swapped=BEFORE.swapped + 2 * 1024**2))[0]
    assert swap_sentences(BEFORE, after()) == []


def test_waiting_for_memory_is_told(tmp_path: Path) -> None:
    file = tmp_path / "memory"
    file.write_text("some avg10=12.50 avg60=1.0 avg300=0 total=5\nfull avg10=9.00 avg60=0 avg300=0 total=1\n")
    assert pressure_sentences(file) == ["processes wait for memory 12 % of the time: stop what fills it"]
    file.write_text("some avg10=0.20 avg60=1.0 avg300=0 total=5\n")
    assert pressure_sentences(file) == []
    file.write_text("some avg10=x")
    assert pressure_sentences(file) == []
    assert pressure_sentences(tmp_path / "absent") == []


def test_a_governor_that_follows_the_load_is_told(tmp_path: Path) -> None:
    governor = tmp_path / "cpu0" / "cpufreq" / "scaling_governor"
    governor.parent.mkdir(parents=True)
    governor.write_text("powersave\n")
    assert "frequency-set -g performance" in governor_sentences(tmp_path)[0]
    governor.write_text("performance\n")
    assert governor_sentences(tmp_path) == []


def test_a_real_look_sees_who_uses_the_cpus() -> None:
    busy = subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        assert busy.stdout is not None
        busy.stdout.readline()
        before = look()
        while _seconds(later := look(), busy.pid) < _seconds(before, busy.pid) + 0.2:
            pass
        said = busy_sentences(before, later, own=busy.pid + 10**8)
        assert any("use" in sentence and "% of" in sentence for sentence in said)
        assert not any(f"(pid {busy.pid})" in each for each in busy_sentences(before, later, os.getpid()))
    finally:
        busy.kill()
        busy.communicate()


def _seconds(seen: Look, pid: int) -> float:
    return sum(process.seconds for (number, _), process in seen.processes.items() if number == pid)


def test_every_sentence_of_the_real_machine_says_what_to_do() -> None:
    found = quietness(0.05)
    assert all(": " in sentence or "more processes" in sentence for sentence in found)
