"""A server for one folder of static files, on loopback: what `perfbench history serve` shows a site with."""

from __future__ import annotations

import http.server
import urllib.parse
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

ADDRESS = "127.0.0.1"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

TYPES = {".atom": "application/atom+xml", ".js": "text/javascript", ".svg": "image/svg+xml"}


class PreviewServer(http.server.ThreadingHTTPServer):
    """Serves `folder` on 127.0.0.1; port 0 takes one that is free. Raises OSError as `bind` does."""

    daemon_threads = True
    # A port that somebody listens on is refused, rather than shared.
    allow_reuse_port = False

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.resolve()
        super().__init__((ADDRESS, port), partial(_Handler, directory=str(self.folder)))

    @property
    def url(self) -> str:
        """Where the site is."""
        return f"http://{ADDRESS}:{self.server_address[1]}/"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the folder, and nothing else: no listing, nothing that a link leads out to, no other host."""

    server: PreviewServer
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012
    timeout = 30

    def send_head(self) -> Any:
        """Refuse what is not asked of this server itself: a page elsewhere may have a name lead here."""
        port = self.server.server_address[1]
        host = self.headers.get("Host", "").lower()
        if host not in (f"{ADDRESS}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if not self._is_inside():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:  # noqa: ARG002
        """A folder without an index page is nothing."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Say in every answer how little it may be used for."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is whose started it."""

    def version_string(self) -> str:
        """No more than the name."""
        return "perfbench"

    def _is_inside(self) -> bool:
        try:
            path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
            # Dot files are marks and leftovers of publishing.
            if "\0" in path or any(part.startswith(".") for part in path.split("/")):
                return False
            return Path(self.translate_path(self.path)).resolve().is_relative_to(self.server.folder)
        except (ValueError, OSError, RuntimeError):
            return False
