"""What all tests share: tests on one Docker engine run one after the other, in one worker of pytest-xdist."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import settings

# The machines that tests run on are shared: a slow example is no failure.
settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Put tests marked `engine` into one group (`--dist loadgroup`)."""
    for item in items:
        if item.get_closest_marker("engine") is not None:
            item.add_marker(pytest.mark.xdist_group("engine"))
