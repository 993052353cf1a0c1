"""The page of a flame graph."""

from __future__ import annotations

from string import Template

from perfbench.model_profile import FlameGraph, ProfileManifest
from perfbench.reports.flame_graph.encoding import FrameTable, data_block, short, tree_columns
from perfbench.reports.flame_graph.frame_kinds import KIND_WORDS
from perfbench.reports.flame_graph.headings import beside, facts_table, heading, notes
from perfbench.reports.html_document import FLAME_GRAPH, SITE, Static, document, static_text, text
from perfbench.reports.names import plain
from perfbench.reports.profile_facts import lead
from perfbench.units import format_value

DIGITS = 5
"""So many significant digits of a weight go into a page: more than any eye or screen can tell apart."""

STYLES: tuple[Static, ...] = ((SITE, "site.css"), (FLAME_GRAPH, "viewer.css"))
VIEWER: tuple[Static, ...] = (
    (SITE, "parts.js"),
    *((FLAME_GRAPH, f"{name}.js") for name in ("tree", "colours", "icicle", "search", "table", "viewer")),
)
"""What both kinds of pages are made of."""


def flame_page(graph: FlameGraph, manifest: ProfileManifest | None = None) -> str:
    """One self-contained HTML file that shows the call tree, and the functions that take most.

    `manifest` says how the profile was taken; what lies beside it is linked. Weights are in `graph.unit` and keep 5
    significant digits.
    """
    table = FrameTable(graph.frames)
    functions = [
        [table.number(share.frame), short(share.inclusive, DIGITS), short(share.own, DIGITS)]
        for share in graph.functions
    ]
    data = {
        "title": plain(graph.title),
        "unit": plain(graph.unit),
        "tree": tree_columns(graph.parent, graph.frame, [graph.total], DIGITS),
        "functions": functions,
        "frames": table.columns(),
        "kinds": KIND_WORDS,
        "leftOut": graph.left_out,
    }
    return document(
        f"{graph.title} · flame graph",
        body=viewer_body(
            kind="Flame graph",
            heading=_heading(graph, manifest),
            table="Functions",
            below=_below(graph, manifest),
        ),
        styles=STYLES,
        scripts=(*VIEWER, (FLAME_GRAPH, "flame.js")),
        data=data_block(data),
    )


def viewer_body(*, kind: str, heading: str, table: str, below: str) -> str:
    """The body of a page with a viewer; all parts are HTML. `table` is what the table is called."""
    body = Template(static_text((FLAME_GRAPH, "viewer.html")))
    return body.substitute(kind=kind, heading=heading, table=table, below=below)


def _heading(graph: FlameGraph, manifest: ProfileManifest | None) -> str:
    whole = float(graph.total[0]) if len(graph.total) else 0.0
    rests_on = f'<p class="lead">{text(lead(manifest))}</p>' if manifest is not None else ""
    return (
        heading(graph.title, format_value(whole, graph.unit)) + rests_on + notes(graph.notes, graph.left_out)
    )


def _below(graph: FlameGraph, manifest: ProfileManifest | None) -> str:
    if manifest is None:
        return ""
    others = {
        name: path for name, path in manifest.files.items() if name not in ("flame_graph", "flame graph")
    }
    return facts_table([("", manifest)], graph.notes) + beside(others)
