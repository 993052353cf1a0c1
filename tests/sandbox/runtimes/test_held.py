"""What is still there when its process ends."""

from __future__ import annotations

import subprocess
import sys

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes import held

PROGRAM = """
import os, sys
from perfbench.sandbox.runtimes import held

class Sandbox:
    def __init__(self, name):
        self.name = name
        held.hold(self)

    def remove(self):
        print("removed", self.name, os.getpid() == parent, flush=True)
        held.release(self)

parent = os.getpid()
forgotten, released = Sandbox("forgotten"), Sandbox("released")
held.release(released)
if not os.fork():
    sys.exit()
os.wait()
exec(sys.argv[1])
"""


def output_of(ending: str) -> str:
    argv = [sys.executable, "-c", PROGRAM, ending]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout


def test_what_was_forgotten_goes_at_the_end_and_only_from_its_own_process() -> None:
    assert output_of("pass") == "removed forgotten True\n"


def test_an_error_or_an_interrupt_makes_no_difference() -> None:
    assert output_of("raise KeyboardInterrupt") == "removed forgotten True\n"
    assert output_of("raise ValueError") == "removed forgotten True\n"


def test_what_cannot_be_removed_is_kept_for_another_try() -> None:
    class Stubborn:
        tries = 0

        def remove(self) -> None:
            self.tries += 1
            if self.tries == 1:
                raise SandboxError("the engine is busy")
            held.release(self)

    sandbox = Stubborn()
    held.hold(sandbox)
    held.abandon(sandbox)
    held.abandon(sandbox)
    assert sandbox.tries == 2
