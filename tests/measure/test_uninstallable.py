from __future__ import annotations

import pytest

from perfbench.measure.uninstallable import Installations, Uninstallable

SAID = """\
· Discovering benchmarks
·· Error running /env/bin/python benchmark.py discover (exit status 1)
   STDERR -------->
   ImportError: cannot import name 'new'
[50.00%] · For perfbench-gate commit 4095cf20 <main~310>:
[50.00%] ·· Building for virtualenv-py3.11
[50.00%] ··· Error running /env/bin/python -m pip install project (exit status 1)
             STDERR -------->
               error: subprocess-exited-with-error
                   OSError: {reason}
             error: metadata-generation-failed

[75.00%] ·· Skipping virtualenv-py3.11
[75.52%] ··· container.Lifecycle.time_create skipped
[76.00%] · For perfbench-gate commit aaaaaaaa:
[76.00%] ·· Benchmarking virtualenv-py3.11
[77.00%] ··· session.Id.time_new_id                                  1.58±0.1μs
"""


def heard(said: str) -> list[Uninstallable]:
    installations = Installations()
    for line in said.splitlines():
        installations.hear(line)
    return installations.failed


def test_a_commit_that_cannot_be_installed_is_known_with_the_error_that_says_why() -> None:
    assert heard(SAID.format(reason="Readme file does not exist: README.md")) == [
        Uninstallable(
            "4095cf20",
            "virtualenv-py3.11",
            "the commit cannot be installed (OSError: Readme file does not exist: README.md)",
        )
    ]


@pytest.mark.parametrize("reason", ["Connection refused", "read timed out", "No space left on device"])
def test_what_may_be_otherwise_tomorrow_is_none_of_the_commits(reason: str) -> None:
    assert heard(SAID.format(reason=reason)) == []


def test_a_commit_that_nobody_names_and_output_without_an_error_tell_nothing() -> None:
    assert heard("·· Skipping virtualenv-py3.11") == []
    assert heard("· For x commit 4095cf20:\n·· Skipping virtualenv-py3.11") == []
