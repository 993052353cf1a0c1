"""The page of a differential flame graph: two profiles over one another, to be looked at from either side.

After Brendan Gregg, "Differential Flame Graphs" (2014): widths are those of one profile, and colours say how far the
other one lies from it. As a stack that is gone has no width in head, and a new one none in base, both can be shown.
"""

from __future__ import annotations

import math

from perfbench.model_profile import DifferentialGraph, ProfileManifest
from perfbench.reports.flame_graph.encoding import FrameTable, data_block, short, tree_columns
from perfbench.reports.flame_graph.frame_kinds import KIND_WORDS
from perfbench.reports.flame_graph.headings import facts_table, heading, notes
from perfbench.reports.flame_graph.page import STYLES, VIEWER, viewer_body
from perfbench.reports.html_document import FLAME_GRAPH, document, text
from perfbench.reports.names import plain
from perfbench.reports.profile_facts import lead
from perfbench.units import format_pair, format_ratio

DIGITS = 7
"""Two more than a flame graph's: what is shown is the difference of two weights that may be nearly the same."""


def differential_page(
    graph: DifferentialGraph, base: ProfileManifest | None = None, head: ProfileManifest | None = None
) -> str:
    """One self-contained HTML file that shows the change of every call, and the frames that moved most.

    Boxes are as wide as head's weights, or as base's on request. `base` and `head` say how the profiles were taken.
    """
    table = FrameTable(graph.frames)
    moved = [
        [table.number(one.frame), *(short(value, DIGITS) for value in (one.base, one.head, one.base_own, one.head_own))]
        for one in graph.moved
    ]  # fmt: skip
    data = {
        "title": plain(graph.title),
        "unit": plain(graph.unit),
        "sides": [plain(graph.base_title), plain(graph.head_title)],
        "whole": whole(graph),
        "tree": tree_columns(graph.parent, graph.frame, [graph.base, graph.head], DIGITS),
        "moved": moved,
        "frames": table.columns(),
        "kinds": KIND_WORDS,
        "leftOut": graph.left_out,
    }
    return document(
        f"{graph.title} · differential flame graph",
        body=viewer_body(
            kind="Differential flame graph",
            heading=_heading(graph, base, head),
            table="What moved most",
            below=facts_table([("base", base), ("head", head)], graph.notes),
        ),
        styles=STYLES,
        scripts=(*VIEWER, (FLAME_GRAPH, "differential.js")),
        data=data_block(data),
    )


def whole(graph: DifferentialGraph) -> tuple[float, float]:
    """The weights of all of base and of all of head, exact: shares of the change are shares of their difference."""
    return (float(graph.base[0]), float(graph.head[0])) if len(graph.base) else (0.0, 0.0)


def _heading(graph: DifferentialGraph, base: ProfileManifest | None, head: ProfileManifest | None) -> str:
    before, after = whole(graph)
    was, became = format_pair(before, after, graph.unit)
    change = format_ratio(after / before if before else math.nan)
    leads = "".join(
        f'<p class="lead side">{name}: {text(lead(manifest))}</p>'
        for name, manifest in (("base", base), ("head", head))
        if manifest is not None
    )
    return (
        heading(graph.title, f"{was} → {became}, {change}")
        + f'<p class="lead"><strong>base</strong> {text(graph.base_title)}'
        f' <span aria-hidden="true">→</span> <strong>head</strong> {text(graph.head_title)}</p>'
        f'<p class="lead">Normalised: {text(graph.normalised)}</p>'
        f"{leads}{notes(graph.notes, graph.left_out)}"
    )
