"""Flame graphs as pages: one file each, which needs no server, no network and nothing beside it."""

from perfbench.reports.flame_graph.differential import differential_page
from perfbench.reports.flame_graph.page import flame_page

__all__ = ["differential_page", "flame_page"]
