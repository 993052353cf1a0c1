"""The preview serves a site's files on loopback, and nothing else to nobody else."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfbench.commands.preview import PreviewServer
from perfbench.commands.site_folder import MARK

from .command_line import perfbench

HIDDEN = "not for you"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site beside which lies a secret, to which a link leads as well."""
    folder = tmp_path / "site"
    (folder / "data").mkdir(parents=True)
    (folder / "index.html").write_text("<p>it")
    (folder / "data" / "overview.js").write_text("perfbench.overview({});")
    (folder / "alerts.atom").write_text("<feed/>")
    (folder / MARK).write_text("{}")
    (folder / ".hidden").write_text(HIDDEN)
    (tmp_path / "secret.txt").write_text(HIDDEN)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def server(site: Path) -> Iterator[PreviewServer]:
    """It serves the site on a free port."""
    with PreviewServer(site, 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def ask(
    server: PreviewServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, str, str]:
    """Status, content type and text of an answer; the path goes out as it is."""
    port = server.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    connection.close()
    return found


def test_files_come_with_their_types(server: PreviewServer) -> None:
    assert ask(server, "/") == (200, "text/html", "<p>it")
    assert ask(server, "/data/overview.js?x=1")[:2] == (200, "text/javascript")
    assert ask(server, "/alerts.atom")[:2] == (200, "application/atom+xml")
    assert ask(server, "/index.html", "HEAD") == (200, "text/html", "")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/data/../../secret.txt", "/link.txt", "/.hidden",
     "//../secret.txt", "/data", "/data/", "/nothing", "/%00", "/data/%2e%2e/%2e%2e/secret.txt", "/" + "a/" * 3000],
)  # fmt: skip
def test_nothing_but_the_sites_files_is_served(server: PreviewServer, path: str) -> None:
    status, _, text = ask(server, path)
    assert status in (301, 404)
    assert HIDDEN not in text
    assert "overview.js" not in text, "no folder is listed"


def test_another_host_is_refused(server: PreviewServer) -> None:
    port = server.server_address[1]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"localhost.evil.example:{port}"):
        assert ask(server, "/", host=host)[0] == 421
    assert ask(server, "/", host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "CONNECT"])
def test_nothing_can_be_done_but_read(server: PreviewServer, method: str) -> None:
    assert ask(server, "/", method)[0] == 501


def test_it_listens_on_loopback_alone(server: PreviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}/"


def test_serve_tells_where_and_ends_well_with_ctrl_c(site: Path) -> None:
    command = [sys.executable, "-m", "perfbench", "history", "serve", str(site), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(line.partition("127.0.0.1:")[2].partition("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"<p>it"
        connection.close()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    assert told.strip() == ""


def test_a_port_in_use_and_a_folder_that_is_no_site_are_said(site: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = perfbench("history", "serve", str(site), "--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert result.returncode == 2
    assert "take a free port: --port 0" in result.stderr
    result = perfbench("history", "serve", str(tmp_path), cwd=tmp_path)
    assert result.returncode == 2
    assert "holds no published site; write one: perfbench history publish" in result.stderr
