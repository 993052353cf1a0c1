"""One service for the tests that leave it as they find it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.service.served import Served, serving

for library in ("starlette", "uvicorn", "httptools"):
    pytest.importorskip(library, reason=f"{library} is not installed: pip install 'perfbench-gate[service]'")


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """With small limits, so that each can be reached."""
    options = ("--body", "100000", "--output", "10000", "--sandboxes", "8", "--seconds", "20")
    with serving(*options) as service:
        yield service


@pytest.fixture
def sandbox(served: Served) -> Iterator[str]:
    """The id of a sandbox of the service, removed again."""
    id = served.sandbox()
    yield id
    served.ask("DELETE", f"/sandboxes/{id}")
