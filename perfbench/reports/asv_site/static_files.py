"""asv's own page, made to work without a network: its external scripts are those of the wheel."""

from __future__ import annotations

import re
import shutil
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from perfbench.errors import MissingComponentError

VENDOR = "vendor"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""No request leaves, and no script runs but those that lie here: asv puts names into HTML as they are."""

_EXTERNAL = re.compile(r"""<(script|link)\b[^>]*?\b(?:src|href)="https?://[^"]*/([^"/?]+)"[^>]*>""")
_INLINE = re.compile(r"<script[^>]*>\s*function js_load_failure.*?</script>", re.DOTALL)
_HEAD = re.compile(r"<head>\s*")


def write_static(folder: Path) -> None:
    """Write asv's page, styles and scripts.

    Raises MissingComponentError where asv is not installed, is of an unknown version, or its external scripts
    are not there.
    """
    pages = _asv_pages()
    page = (pages / "index.html").read_text(encoding="utf-8")
    vendored = resources.files("perfbench.reports.asv_site").joinpath(VENDOR)
    wanted = sorted({match[2] for match in _EXTERNAL.finditer(page)})
    missing = [name for name in wanted if not vendored.joinpath(name).is_file()]
    if missing or not wanted:
        what = ", ".join(missing) or "the scripts that it should name"
        raise MissingComponentError(
            f"asv's own site is left out: {what} of its page did not come with this installation",
            "install perfbench where npm and the npm registry can be reached, or run "
            "`python tools/vendor_scripts.py` in a checkout",
        )
    shutil.copytree(pages, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    target = folder / VENDOR
    target.mkdir()
    for source in vendored.iterdir():
        (target / source.name).write_bytes(source.read_bytes())
    (folder / "index.html").write_text(offline(page), encoding="utf-8")


def offline(page: str) -> str:
    """asv's page with its external scripts and styles beside it, and a policy that allows no others."""
    page = _INLINE.sub("", page)
    page = _EXTERNAL.sub(_local, page)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return _HEAD.sub(f"<head>\n    {policy}\n    ", page, count=1)


def _local(match: re.Match[str]) -> str:
    name = match[2]
    if match[1] == "script":
        return f'<script src="{VENDOR}/{name}">'
    return f'<link rel="stylesheet" href="{VENDOR}/{name}">'


def _asv_pages() -> Path:
    """The folder of asv's static files. asv itself is not imported: it would take a second."""
    spec = find_spec("asv")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "www"
        if (folder / "index.html").is_file():
            return folder
    raise MissingComponentError(
        "asv's own site is left out: asv is not installed", "pip install 'perfbench-gate[asv]'"
    )
