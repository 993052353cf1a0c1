"""What tests of profiling share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _set_aside() -> Iterator[None]:
    """Collections look at what a test has made alone: thousands of tests before it have left a large heap."""
    gc.freeze()
    yield
    gc.unfreeze()
