"""Commits that cannot be installed, by what asv says of them.

asv gives such a commit's rows the same null as rows that failed. It says why only while it runs: the command that
failed with all that it printed, and then which environment it passes over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMIT = re.compile(r"· For .* commit ([0-9a-f]{8,40})\b")
_FAILED = re.compile(r"· Error running ")
_PASSED_OVER = re.compile(r"· Skipping (\S+)$")
_ERROR = re.compile(r"\s*(?:\w+(?:Error|Exception)|ERROR|error): \S")
_FOR_NOW = re.compile(
    r"(?i)connection|name resolution|resolve|timed? ?out|no matching distribution|no space left|memory|killed|retry"
)
"""What may be otherwise tomorrow: such a failure is none of the commit."""

_LINES = 500


@dataclass(frozen=True, slots=True)
class Uninstallable:
    """A commit (its abbreviated hash) that an environment cannot hold, and the last error said."""

    commit: str
    environment: str
    reason: str


class Installations:
    """Hears what asv says; `failed` are the commits that cannot be installed, whenever it is tried."""

    def __init__(self) -> None:
        self.failed: list[Uninstallable] = []
        self._commit = ""
        self._said: list[str] = []

    def hear(self, line: str) -> None:
        """One line of asv's."""
        if found := _COMMIT.search(line):
            self._commit, self._said = found[1], []
        elif _FAILED.search(line):
            self._said = [""]
        elif found := _PASSED_OVER.search(line):
            self._judge(found[1])
            self._said = []
        elif self._said and len(self._said) < _LINES:
            self._said.append(line.strip())

    def _judge(self, environment: str) -> None:
        errors = [line for line in self._said if _ERROR.match(line)]
        if self._commit and errors and not any(map(_FOR_NOW.search, self._said)):
            telling = [line for line in errors if re.match(r"\w+(Error|Exception): ", line)] or errors
            reason = f"the commit cannot be installed ({telling[-1][:300]})"
            self.failed.append(Uninstallable(self._commit, environment, reason))
