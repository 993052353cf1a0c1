"""Waits for locks, conditions, queues and threads that contend, and the timed locks themselves."""

from __future__ import annotations

import copy
import pickle
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.profiling.in_process.conftest import FOLDER, Recording, in_thread

PAUSE = 0.02


def take(lock: Any) -> None:
    with lock:
        pass


def test_a_thread_waits_for_a_lock_that_another_one_holds(recording: Recording) -> None:
    with recording:
        lock = threading.Lock()
        with lock:
            waiter = in_thread(lambda: take(lock), "waiter")
            time.sleep(PAUSE)
        waiter.join()
    wait = recording.wait("Lock.acquire", "take")
    assert wait.waits == 1
    assert __file__ in wait.created
    thread = recording.thread("waiter")
    assert 0 < thread.lock_wait == pytest.approx(wait.seconds)
    assert thread.lock_wait <= thread.seconds
    assert recording.thread("MainThread").lock_wait == 0
    (stack,) = [stack for stack in recording.stacks if "take" in stack]
    assert stack.rpartition(";")[2].startswith("take (")
    assert str(FOLDER) not in stack
    assert recording.stacks[stack] == pytest.approx(wait.seconds * 1e6, abs=1)
    assert recording.said["samples"] >= 1


def test_a_lock_that_is_free_is_not_waited_for(recording: Recording) -> None:
    with recording:
        for lock in (threading.Lock(), threading.RLock()):
            for _ in range(100):
                take(lock)
    assert recording.found.locks == ()
    assert recording.stacks == {}
    assert recording.said["samples"] == 0


def test_a_lock_that_is_owned_again_is_not_waited_for_but_one_of_another_thread_is(
    recording: Recording,
) -> None:
    with recording:
        lock = threading.RLock()
        with lock, lock:
            waiter = in_thread(lambda: take(lock), "waiter")
            time.sleep(PAUSE)
        waiter.join()
    assert recording.wait("RLock.acquire", "take").waits == 1


def test_an_attempt_that_gives_up_says_so(recording: Recording) -> None:
    with recording:
        lock = threading.Lock()
        with lock:
            assert lock.locked()
            assert not lock.acquire(False)
            assert not lock.acquire(timeout=0.001)
            with pytest.raises(ValueError, match="timeout"):
                lock.acquire(False, 1)
        assert lock.acquire(timeout=1)
        lock.release()
        with pytest.raises(RuntimeError):
            lock.release()
    assert recording.wait("Lock.acquire", "gives_up").waits == 1


def test_what_is_waited_for_has_the_name_of_the_call(recording: Recording) -> None:
    with recording:
        numbers: queue.Queue[int] = queue.Queue()
        waiter = in_thread(numbers.get, "getter")
        event = threading.Event()
        other = in_thread(event.wait, "eventful")
        barrier = threading.Barrier(2)
        third = in_thread(barrier.wait, "barred")
        time.sleep(PAUSE)
        numbers.put(1)
        event.set()
        barrier.wait()
        for thread in (waiter, other, third):
            thread.join()
    kinds = {one.kind for one in recording.found.locks}
    assert {"Queue.get", "Event.wait", "Barrier.wait"} <= kinds
    getter = recording.thread("getter")
    assert getter.other_wait > getter.lock_wait == 0


def test_a_condition_of_before_the_recording_is_timed_too(recording: Recording) -> None:
    numbers: queue.Queue[int] = queue.Queue()
    with recording:
        waiter = in_thread(lambda: numbers.get(timeout=10), "getter")
        time.sleep(PAUSE)
        numbers.put(1)
        waiter.join()
    assert recording.wait("Queue.get", "<lambda>").created == ""


def test_joining_and_executors_are_timed(recording: Recording) -> None:
    with recording:
        in_thread(lambda: time.sleep(PAUSE), "sleeper").join()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(time.sleep, PAUSE).result()
    assert recording.wait("Thread.join", "joining").seconds > 0
    assert recording.wait("Future.result", "joining").seconds > 0
    assert recording.wait("SimpleQueue.get", "_worker").seconds > 0


def test_a_wait_that_has_not_ended_counts_up_to_now(recording: Recording) -> None:
    with recording:
        lock = threading.Lock()
        lock.acquire()
        waiter = in_thread(lambda: take(lock), "waiter")
        time.sleep(PAUSE)
    lock.release()
    waiter.join()
    assert recording.wait("Lock.acquire", "take").waits == 1
    assert recording.thread("waiter").lock_wait > 0


def test_what_is_made_in_a_recording_works_after_it(recording: Recording) -> None:
    with recording:
        lock, owned, numbers = threading.Lock(), threading.RLock(), queue.SimpleQueue[int]()
        full: queue.Queue[int] = queue.Queue()
    with lock:
        waiter = in_thread(lambda: take(lock), "waiter")
    waiter.join()
    with owned, owned:
        pass
    numbers.put(1)
    assert numbers.get() == 1
    full.put(2)
    assert full.get() == 2
    assert "lock" in repr(lock)


def test_very_many_threads_are_counted_and_not_listed(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording:
        threads = recording.recorder._active._threads
        monkeypatch.setitem(type(threads).__init__.__globals__, "MOST_THREADS", 3)
        lock = threading.Lock()
        with lock:
            waiters = [in_thread(lambda: take(lock), f"waiter {number}") for number in range(6)]
            time.sleep(PAUSE)
        for waiter in waiters:
            waiter.join()
    assert len(recording.found.threads) == 3
    assert recording.wait("Lock.acquire", "take").waits >= 6
    assert "4 more threads are not listed" in recording.said["notes"]


def test_locks_pass_for_real_ones(recording: Recording) -> None:
    kinds = type(threading.Lock()), type(threading.RLock())
    real, real_queue = threading.Lock(), queue.SimpleQueue[int]()
    with recording:
        made, owned = threading.Lock(), threading.RLock()
        assert isinstance(made, type(threading.Lock()))
        assert isinstance(real, type(threading.Lock()))
        assert isinstance(real_queue, queue.SimpleQueue)
        assert isinstance(queue.SimpleQueue(), type(real_queue))
        lock: Any
        for lock in (made, owned):
            assert not isinstance(lock, kinds)
            for copied in (copy.copy, copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError, match="pickle"):
                    copied(lock)
        with pytest.raises(queue.Empty):
            queue.SimpleQueue[int]().get(timeout=0.001)
        with pytest.raises(queue.Empty):
            queue.SimpleQueue[int]().get(False)


def test_conditions_work_on_timed_locks(recording: Recording) -> None:
    with recording:
        for lock in (threading.Lock(), threading.RLock(), None):
            condition = threading.Condition(lock)
            with condition:
                other = in_thread(lambda condition=condition: told(condition), "teller")  # type: ignore[misc]
                assert condition.wait(10)
            other.join()
    assert all(one.created for one in recording.found.locks if one.kind == "Condition.wait")


def told(condition: threading.Condition) -> None:
    with condition:
        condition.notify()
