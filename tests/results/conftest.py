"""Property tests here write to the disk, and a busy machine is no failure: no example has a deadline."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("perfbench", deadline=None)
settings.load_profile("perfbench")
