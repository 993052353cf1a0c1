"""Profiles as plain text, for a log or a terminal without a browser: what takes most, or what moved most."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

from perfbench.model_profile import DifferentialGraph, FlameGraph, Frame, ProfileManifest
from perfbench.reports.flame_graph.differential import whole
from perfbench.reports.flame_graph.encoding import NAMELESS
from perfbench.reports.names import plain
from perfbench.reports.page import Page
from perfbench.reports.profile_facts import (
    commit_words,
    machine_words,
    overhead_words,
    sample_words,
    tool_words,
)
from perfbench.reports.sheets import PlainSheet
from perfbench.units import NO_VALUE, format_pair, format_percent, format_ratio, format_value

WIDTH = 100
GAP = "  "

PATH_ENDS = (12, 24)
"""Of a long path so many calls are shown from its root and from its end."""


def summary(graph: FlameGraph, manifest: ProfileManifest | None, most: int = 20) -> str:
    """The `most` functions that take most, and the path of the heaviest calls; in 100 columns, without colour."""
    file, page = _paper()
    all_of_it = _whole(graph)
    page.paragraph(f"{plain(graph.title)}: {plain(format_value(all_of_it, graph.unit))}")
    _taken(page, manifest)
    page.line()
    _functions(page, graph, all_of_it, most)
    page.line()
    _hottest_path(page, graph, all_of_it)
    _notes(page, [*graph.notes, *(() if manifest is None else manifest.notes)], graph.left_out)
    return file.getvalue()


def moved_summary(graph: DifferentialGraph, most: int = 20) -> str:
    """The `most` frames that moved most from base to head; in 100 columns, without colour."""
    file, page = _paper()
    before, after = whole(graph)
    was, became = map(plain, format_pair(before, after, graph.unit))
    change = format_ratio(after / before if before else math.nan)
    page.paragraph(f"{plain(graph.title)}: {was} → {became}, {change}")
    page.paragraph(f"base {plain(graph.base_title)}, head {plain(graph.head_title)}")
    page.paragraph(f"normalised: {plain(graph.normalised)}")
    page.line()
    _moved(page, graph, after - before, most)
    _notes(page, graph.notes, graph.left_out)
    return file.getvalue()


def _paper() -> tuple[io.StringIO, Page]:
    file = io.StringIO()
    return file, Page(PlainSheet(file, WIDTH))


def _whole(graph: FlameGraph) -> float:
    return float(graph.total[0]) if len(graph.total) else 0.0


def _taken(page: Page, manifest: ProfileManifest | None) -> None:
    """What the profile rests on, in two lines."""
    if manifest is None:
        return
    first = (tool_words(manifest), commit_words(manifest), machine_words(manifest))
    page.paragraph(" · ".join(filter(None, first)))
    page.paragraph(f"{sample_words(manifest)} · overhead {overhead_words(manifest.overhead)}")


def _functions(page: Page, graph: FlameGraph, all_of_it: float, most: int) -> None:
    shown = graph.functions[:most]
    if not shown:
        page.line(("no function took anything", ""))
        return
    rows = [
        (
            plain(format_value(share.own, graph.unit)),
            _share(share.own, all_of_it),
            plain(format_value(share.inclusive, graph.unit)),
            _share(share.inclusive, all_of_it),
        )
        for share in shown
    ]
    _table(page, ("own", "", "inclusive", ""), rows, [share.frame for share in shown])
    _left(page, len(graph.functions) - len(shown), "function")


def _moved(page: Page, graph: DifferentialGraph, change: float, most: int) -> None:
    shown = graph.moved[:most]
    if not shown:
        page.line(("no frame moved", ""))
        return
    rows = []
    for one in shown:
        base, head = map(plain, format_pair(one.base, one.head, graph.unit))
        rows.append(
            (
                base if one.base else NO_VALUE,
                head if one.head else NO_VALUE,
                _signed(one.head - one.base, graph.unit),
                _share(one.head - one.base, change),
                _signed(one.head_own - one.base_own, graph.unit),
            )
        )
    _table(page, ("base", "head", "change", "share", "own change"), rows, [one.frame for one in shown])
    _left(page, len(graph.moved) - len(shown), "frame")


def _table(
    page: Page, headings: Sequence[str], rows: Sequence[Sequence[str]], frames: Sequence[Frame]
) -> None:
    """Columns of quantities to the right, and the frame that they are of, folded where it is long."""
    widths = [page.widest(column) for column in zip(headings, *rows, strict=True)]
    for texts, last in [(headings, "function"), *zip(rows, map(_frame, frames), strict=True)]:
        start = "".join(page.right(text, width) + GAP for text, width in zip(texts, widths, strict=True))
        page.paragraph(last, indent=len(start), first=((start, ""),))


def _hottest_path(page: Page, graph: FlameGraph, all_of_it: float) -> None:
    """From the root on, at each call the one below it that takes most."""
    path = _heaviest(graph)
    first, last = PATH_ENDS
    skipped = len(path) - first - last if len(path) > first + last + 1 else 0
    page.line(("hottest path", ""))
    shown = [*path[:first], *path[first + skipped :]] if skipped else path
    takes = [graph.total[node] for node in shown]
    rows = [(_share(total, all_of_it), plain(format_value(total, graph.unit))) for total in takes]
    widths = [page.widest(column) for column in zip(*rows, strict=True)] if rows else []
    for place, (node, texts) in enumerate(zip(shown, rows, strict=True)):
        if skipped and place == first:
            page.line((" " * (sum(widths) + 2 * len(GAP)) + f"… {skipped:,} more", ""))
        start = "".join(page.right(text, width) + GAP for text, width in zip(texts, widths, strict=True))
        name = _frame(graph.frames[graph.frame[node]]) if node else "all"
        page.paragraph(name, indent=len(start), first=((start, ""),))


def _heaviest(graph: FlameGraph) -> list[int]:
    """Nodes from the root to a leaf."""
    best: dict[int, int] = {}
    for node in range(1, len(graph.parent)):
        above = graph.parent[node]
        if above not in best or graph.total[node] > graph.total[best[above]]:
            best[above] = node
    path = [0] if len(graph.parent) else []
    while path and path[-1] in best:
        path.append(best[path[-1]])
    return path


def _notes(page: Page, sentences: Iterable[str], left_out: int) -> None:
    told = list(dict.fromkeys(map(plain, sentences)))
    if left_out:
        told.append(f"{left_out:,} boxes of the flame graph are too small to be drawn.")
    if told:
        page.line()
    for sentence in told:
        page.paragraph(sentence, indent=2, first=(("· ", ""),))


def _left(page: Page, number: int, noun: str) -> None:
    if number > 0:
        page.line((f"{number:,} more {noun}{'' if number == 1 else 's'}", ""))


def _frame(frame: Frame) -> str:
    return plain(str(frame)) or NAMELESS


def _share(part: float, of: float) -> str:
    return format_percent(part / of) if of else NO_VALUE


def _signed(value: float, unit: str) -> str:
    words = plain(format_value(value, unit))
    return f"+{words}" if value > 0 else words
