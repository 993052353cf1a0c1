"""The first page of a folder of profiles: what was profiled, the newest first, and the way to each flame graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from perfbench.model_profile import ProfileManifest
from perfbench.reports.html_document import REPORTS, SITE, document, relative, text
from perfbench.reports.profile_facts import commit_words, moment, overhead_words, sample_words, tool_words

NO_MANIFEST = "Without a manifest"
"""The heading above profiles of which nothing is known but where they lie; it stands last."""

NOTHING_YET = "<p>Nothing was profiled yet: <code>perfbench profile run</code> does it.</p>"


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One profile of the folder, or a pair of them.

    `folder` and `page` are paths from the index: of the profile's folder, and of its flame graph, which is a
    `differential` one where two profiles were laid over one another; `page` is empty where there is none. `when` is in
    seconds since the epoch. `manifest` is that of head where there are two, and None where it could not be read.
    """

    manifest: ProfileManifest | None
    folder: str
    page: str
    differential: bool
    title: str
    when: float


def index_page(entries: Sequence[IndexEntry]) -> str:
    """One self-contained HTML file that lists the profiles by benchmark; it can be read without its script."""
    groups = _groups(entries)
    profiles = f"{len(entries):,} profile{'' if len(entries) == 1 else 's'}"
    found = "".join(_section(number, name, some) for number, (name, some) in enumerate(groups))
    body = (
        '<a class="skip" href="#main">To the content</a><main id="main" tabindex="-1">'
        f'<h1>Profiles</h1><p class="lead" id="count" role="status">{profiles}</p>'
        f"{_filter() if entries else NOTHING_YET}{found}</main>"
    )
    return document(
        "Profiles",
        body=body,
        styles=((SITE, "site.css"), (REPORTS, "profile_index.css")),
        scripts=((REPORTS, "profile_index.js"),),
    )


def _groups(entries: Iterable[IndexEntry]) -> list[tuple[str, list[IndexEntry]]]:
    """Entries by benchmark: that with the newest profile first, each with its newest first."""
    groups: dict[str, list[IndexEntry]] = {}
    for entry in sorted(entries, key=lambda one: (one.manifest is None, -one.when)):
        groups.setdefault("" if entry.manifest is None else entry.manifest.benchmark, []).append(entry)
    return list(groups.items())


def _filter() -> str:
    return (
        '<div class="filters" hidden><label class="wide">Find by benchmark, tool, commit or day'
        '<input type="search" id="filter" autocomplete="off" spellcheck="false"></label></div>'
    )


def _section(number: int, name: str, entries: Iterable[IndexEntry]) -> str:
    heading = text(name or NO_MANIFEST).replace(".", "<wbr>.")
    rows = "".join(map(_row, entries))
    return (
        f'<section class="group" aria-labelledby="group{number}"><h2 id="group{number}">{heading}</h2>'
        f'<ul class="profiles">{rows}</ul></section>'
    )


def _row(entry: IndexEntry) -> str:
    tag = ' <span class="tag">differential</span>' if entry.differential else ""
    known = "" if entry.manifest is None else _known(entry.manifest)
    title = f'<a class="name" href="{relative(entry.page)}">{text(entry.title)}</a>'
    if not entry.page:
        title = f'<span class="name">{text(entry.title)}</span>'
    return (
        f'<li><span class="when">{text(moment(entry.when))}</span>'
        f'<span class="what">{title}{tag}{known}</span>'
        f'<a class="folder" href="{relative(entry.folder)}">files</a></li>'
    )


def _known(manifest: ProfileManifest) -> str:
    words = (
        tool_words(manifest),
        commit_words(manifest),
        sample_words(manifest),
        f"overhead {overhead_words(manifest.overhead)}",
        manifest.environment.machine,
    )
    return f'<span class="where">{" · ".join(text(one) for one in words if one)}</span>'
