"""What a command line tells of the files it imports, where they do not say it themselves."""

from __future__ import annotations

import hashlib

import msgspec


class Told(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`commit` and `date` (seconds since the epoch) help out; the rest counts instead of what a file says.

    As JSON it lies beside the files that it is about, so that the index can be built again from them. `source`
    is the file that was imported, empty for a tree.
    """

    project: str = ""
    commit: str = ""
    date: float | None = None
    branch: str = ""
    machine: str = ""
    environment: str = ""
    source: str = ""

    @property
    def digest(self) -> str:
        """Short, and another one wherever anything else is told; where a file came from does not matter."""
        told = msgspec.structs.replace(self, source="")
        return hashlib.blake2b(msgspec.json.encode(told), digest_size=4).hexdigest()


NOTHING = Told()
