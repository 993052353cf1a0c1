"""An interrupt waits for the end of a block."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from perfbench.sandbox.runtimes.interrupts import put_off


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_comes_when_the_block_has_ended() -> None:
    done = []

    def work() -> None:
        with put_off():
            interrupt()
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_gets_through() -> None:
    done = []

    def work() -> None:
        with put_off():
            interrupt()
            done.append("something")
            interrupt()
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["something"]


def test_blocks_may_lie_in_one_another() -> None:
    done = []

    def work() -> None:
        with put_off():
            with put_off():
                interrupt()
            done.append("the outer one too")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the outer one too"]


def test_an_error_in_the_block_is_not_lost_without_an_interrupt() -> None:
    with pytest.raises(ValueError, match="mine"), put_off():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_are_left_alone() -> None:
    seen = []

    def work() -> None:
        with put_off():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
