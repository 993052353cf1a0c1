"""One HTML file with everything in it, that may run its own script, wear its own style and ask nobody for anything."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib import resources
from string import Template
from urllib.parse import quote

from perfbench.reports.names import plain

REPORTS = "perfbench.reports"
SITE = "perfbench.reports.site"
FLAME_GRAPH = "perfbench.reports.flame_graph"
"""The packages in whose `static` folder a style or a script lies; pages share the look of the published site."""

Static = tuple[str, str]
"""The package of a static file, and its name."""


def document(
    title: str, *, body: str, styles: Sequence[Static], scripts: Sequence[Static] = (), data: str = "null"
) -> str:
    """The page. `title` is text, `body` is HTML, `data` is a `data_block`, of which the scripts make what moves.

    Content-Security-Policy Level 3: only the script and the style with these hashes count, and no request is allowed;
    `data:` is for the icon. A block of JSON is no script, so it needs no hash. Without scripts none is allowed.
    """
    style = "".join(static_text(one) for one in styles)
    script = "".join(static_text(one) for one in scripts)
    blocks = f'<script type="application/json" id="data">{data}</script>\n<script>{script}</script>\n'
    return Template(static_text((REPORTS, "document.html"))).substitute(
        title=text(title), style=style, body=body, scripts=blocks if scripts else "",
        style_hash=_hash(style), script_hash=_hash(script) if scripts else "none",
    )  # fmt: skip


def static_text(static: Static) -> str:
    """The text of a file that comes with this package."""
    package, name = static
    return resources.files(package).joinpath("static", name).read_text(encoding="utf-8")


def text(words: str) -> str:
    """Text from outside, made one printable line and harmless in HTML and in its attributes."""
    return html.escape(plain(words))


def relative(path: str) -> str:
    """A path from outside as an address that cannot leave for another scheme or host."""
    return f"./{quote(path.encode('utf-8', 'replace'), safe='/')}"


def _hash(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode('utf-8')).digest()).decode('ascii')}"
