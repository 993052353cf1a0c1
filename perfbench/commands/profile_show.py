"""`perfbench profile show FILE`: a flame graph of a profile file of any kind."""

from __future__ import annotations

from perfbench.commands.profile_diff import show as command

__all__ = ["command"]
