"""The suite that comes with perfbench: where it lies, and what its workers are lent of the tool's environment.

It measures the systems of projects that have no benchmarks. A side's environment holds that project, not
perfbench and not the libraries with which drivers talk to a container engine or a database.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from perfbench.errors import MissingComponentError

LENT_VARIABLE = "PERFBENCH_LENT"
"""The worker takes it out of its environment, and looks there for what it may borrow."""

PACKAGE = Path(__file__).parents[1]

BORROWED = (
    # The client of container engines, with what it is made of.
    "docker", "requests", "urllib3", "idna", "certifi", "charset_normalizer",
    # Clients of databases and of stores.
    "psycopg", "psycopg_binary", "psycopg_c", "redis", "async_timeout", "typing_extensions",
    # Files of settings, and the counter of allocations.
    "yaml", "_yaml", "memray",
)  # fmt: skip
"""A side that has one of these uses its own."""


def suite_folder() -> Path:
    """The benchmarks that come with perfbench. Raises MissingComponentError where an installation lacks them."""
    for folder in (PACKAGE / "suite" / "benchmarks", PACKAGE.parent / "benchmarks"):
        if (folder / "__init__.py").is_file():
            return folder
    raise MissingComponentError(
        "this installation of perfbench came without its benchmarks",
        "install it again: pip install perfbench-gate",
    )


@cache
def lending() -> Mapping[str, str]:
    """What the environment of a worker of the built-in suite needs."""
    folders = [str(PACKAGE.parent)]
    for name in BORROWED:
        spec = importlib.util.find_spec(name)
        if spec is None:
            continue
        places = list(spec.submodule_search_locations or ()) or [spec.origin or ""]
        folders += [str(Path(place).parent) for place in places if place]
    order = {
        "python": list(sys.version_info[:2]),
        "first": [PACKAGE.name],
        "last": list(BORROWED),
        "folders": list(dict.fromkeys(folders)),
    }
    return {LENT_VARIABLE: json.dumps(order)}
