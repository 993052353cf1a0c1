"""Names that measuring gives of its own accord, by which what is stored is known again."""

from __future__ import annotations

from perfbench.model import BenchmarkId

CONTROL_ID = BenchmarkId("perfbench", "perfbench.control")
"""Fixed work that no commit changes."""

TWIN = "twin"
"""The label of base's second worker: what it measures is base's, and goes by its own name to be compared with it."""
