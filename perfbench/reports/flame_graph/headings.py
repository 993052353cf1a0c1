"""What stands above and below the picture: title, what it rests on, notes, and all facts of the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from perfbench.model_profile import ProfileManifest
from perfbench.reports.html_document import relative, text
from perfbench.reports.profile_facts import facts


def heading(title: str, measured: str) -> str:
    """The title, which may break before a dot, and what was measured in all."""
    return f'<h1>{text(title).replace(".", "<wbr>.")} <span class="measured">{text(measured)}</span></h1>'


def notes(sentences: Iterable[str], left_out: int) -> str:
    """The notes of a graph, with a sentence about what is too small to be seen."""
    shown = [text(sentence) for sentence in sentences]
    if left_out:
        boxes = "1 box is" if left_out == 1 else f"{left_out:,} boxes are"
        shown.append(f"{boxes} too small to be drawn; their weight is in the boxes that called them.")
    if not shown:
        return ""
    return f'<ul class="notes">{"".join(f"<li>{sentence}</li>" for sentence in shown)}</ul>'


def facts_table(columns: Sequence[tuple[str, ProfileManifest | None]], said: Iterable[str]) -> str:
    """All facts, a column for each manifest that is there, and their notes without what was `said` above."""
    there = [(name, dict(facts(manifest)), manifest) for name, manifest in columns if manifest is not None]
    if not there:
        return ""
    names = dict.fromkeys(name for _, known, _ in there for name in known)
    rows = [
        f'<tr><th scope="row">{text(name)}</th>'
        + "".join(f"<td>{text(known.get(name, ''))}</td>" for _, known, _ in there)
        + "</tr>"
        for name in names
    ]
    head = ""
    if len(there) > 1:
        heads = "".join(f'<th scope="col">{text(name)}</th>' for name, _, _ in there)
        head = f"<thead><tr><td></td>{heads}</tr></thead>"
    more = dict.fromkeys(sentence for _, _, manifest in there for sentence in manifest.notes)
    for sentence in said:
        more.pop(sentence, None)
    return (
        '<section aria-labelledby="taken"><h2 id="taken">How it was taken</h2>'
        f'<table class="facts">{head}<tbody>{"".join(rows)}</tbody></table>{notes(more, 0)}</section>'
    )


def beside(files: Mapping[str, str]) -> str:
    """Links to what lies beside the page, by what it is called."""
    if not files:
        return ""
    links = " · ".join(f'<a href="{relative(path)}">{text(name)}</a>' for name, path in files.items())
    return f'<p class="beside">Beside this page: {links}</p>'
