"""Profiles as files, of whatever profiler: told apart by their content, and read within bounds."""

from perfbench.profiling.readers.profile import Profile
from perfbench.profiling.readers.reading import read_profile

__all__ = ["Profile", "read_profile"]
