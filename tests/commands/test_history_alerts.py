"""`perfbench history alerts` on a history that was imported: what is open, what is silent, and news told once."""

from __future__ import annotations

import http.server
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perfbench.cli import main
from perfbench.errors import ExitCode
from tests.commands.command_line import repository
from tests.results.history.trees import commit, store

VARIABLE = "PERFBENCH_TEST_WEBHOOK"
STEP = 20
"""The number of the commit that is a fifth slower."""

ACCEPTED = """\
[[accepted]]
pattern = "m.time_*"
reason = "safer parsing"
author = "Ann"
date = 2026-01-01
expires = 2099-12-31
ceiling = "+{ceiling} %"
"""


def fill(folder: Path, last: int) -> None:
    """Results of commits up to number `last`: two rows grow by a fifth at the same commit, one is steady."""
    drawn = random.Random(7)
    for number in range(1, last + 1):
        slow = 1.2 if number >= STEP else 1.0
        near = [1 + drawn.gauss(0, 0.005) for _ in range(3)]
        values = {
            "m.time_one": 0.1 * slow * near[0],
            "m.time_two": 3.0 * slow * near[1],
            "m.time_steady": near[2],
        }
        store(folder, number, values)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A repository whose history holds 40 commits, on one machine."""
    folder = repository(tmp_path / "project")
    fill(folder / "results", 40)
    monkeypatch.chdir(folder)
    assert main(["history", "import", "results"]) == 0
    capsys.readouterr()
    return folder


def alerts(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    code = main(["history", "alerts", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_open_alerts_are_shown_by_commit_and_end_it_with_1(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, shown, _ = alerts(capsys)
    assert code == ExitCode.REGRESSED
    assert shown.startswith("✗ 2 open alerts\n")
    assert shown.count(": 2 rows") == 1
    assert commit(STEP)[:8] in shown
    assert "steady" not in shown
    assert alerts(capsys)[1] == shown  # looking tells nobody


def test_rules_of_the_settings_count(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "perfbench.toml").write_text('[[history.alert]]\npattern = "m.time_one"\nsize = "30 %"\n')
    assert "✗ 1 open alert\n" in alerts(capsys)[1]
    (project / "perfbench.toml").write_text('[[history.alert]]\npattern = "*"\nsize = "30 %"\n')
    assert alerts(capsys)[:2] == (ExitCode.PASSED, "✓ no open alerts\n")


def test_accepted_ones_are_silent_up_to_their_ceiling(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "baselines").mkdir()
    (project / "baselines" / "accepted.toml").write_text(ACCEPTED.format(ceiling=30))
    code, shown, _ = alerts(capsys)
    assert (code, shown) == (ExitCode.PASSED, "✓ no open alerts · 2 accepted\n")
    assert "accepted: safer parsing" in " ".join(alerts(capsys, "--all")[1].split())
    (project / "baselines" / "accepted.toml").write_text(ACCEPTED.format(ceiling=5))
    assert alerts(capsys)[0] == ExitCode.REGRESSED


def test_a_pattern_and_filters_choose_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "✗ 1 open alert\n" in alerts(capsys, "m.time_two", "--machine", "box")[1]
    code, _, told = alerts(capsys, "m.time_oen")
    assert (code, told.count("\n")) == (ExitCode.USAGE, 1)
    assert "the nearest is m.time_one" in told


def test_every_file_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--json", "a.json", "--markdown", "a.md", "--atom", "a.atom")
    assert alerts(capsys, *files)[0] == ExitCode.REGRESSED
    listed = json.loads((project / "a.json").read_text())
    assert (listed["open"], len(listed["alerts"])) == (2, 2)
    assert (project / "a.atom").read_text().count("<entry>") == 2
    assert "**2 alerts**" in (project / "a.md").read_text()


def test_markdown_is_news_once_and_the_id_stays_as_points_come(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts(capsys, "--markdown", "first.md", "--json", "first.json")
    fill(project / "results", 60)
    main(["history", "import", "results"])
    code = alerts(capsys, "--markdown", "second.md", "--json", "second.json")[0]
    assert code == ExitCode.REGRESSED
    assert "**No alerts**" in (project / "second.md").read_text()
    assert "2 more open, told before" in (project / "second.md").read_text()
    first, second = (
        json.loads((project / f"{name}.json").read_text())["alerts"] for name in ("first", "second")
    )
    assert {alert["id"] for alert in first} == {alert["id"] for alert in second}
    assert [alert["told"] for alert in first + second] == [False, False, True, True]
    alerts(capsys, "--markdown", "all.md", "--all")
    assert "**2 alerts**" in (project / "all.md").read_text()


def test_a_memory_that_is_damaged_is_said_and_made_anew(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts(capsys, "--markdown", "first.md")
    (project / ".perfbench" / "history" / "told.json").write_text("{")
    code, _, told = alerts(capsys, "--markdown", "second.md")
    assert code == ExitCode.REGRESSED
    assert "told.json is damaged and is made anew" in told
    assert "**2 alerts**" in (project / "second.md").read_text()
    assert "damaged" not in alerts(capsys)[2]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch, project: Path) -> Iterator[list[Any]]:
    """What a real server was sent; it fails as long as the list begins with an int, its status."""
    received: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fails = bool(received) and isinstance(received[0], int)
            self.send_response(received[0] if fails else 200)
            self.end_headers()
            if not fails:
                received.append(json.loads(body))

        def log_message(self, *_arguments: object) -> None:
            pass

    (project / "perfbench.toml").write_text(f'[history]\nwebhook = "{VARIABLE}"\n')
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{server.server_port}/hush")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield received
        server.shutdown()
        thread.join()


def test_the_webhook_is_told_once_and_only_when_asked(
    webhook: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    alerts(capsys)
    assert webhook == []
    for _ in range(2):
        code, _, told = alerts(capsys, "--webhook")
        assert code == ExitCode.REGRESSED
        assert "hush" not in told
    (message,) = webhook
    assert [len(group["alerts"]) for group in message["groups"]] == [2]
    assert ": 2 new alerts\n" in message["text"]


def test_a_webhook_that_fails_is_said_and_told_again(
    webhook: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    webhook.append(503)
    code, shown, told = alerts(capsys, "--webhook")
    assert code == ExitCode.USAGE
    assert "✗ 2 open alerts" in shown
    assert f"the webhook in {VARIABLE} was not told: it answered 503" in told
    assert "hush" not in told
    webhook.clear()
    alerts(capsys, "--webhook")
    assert len(webhook) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--webhook",), "no webhook is configured"),
        (("--json", "no/such/a.json"), "there is no folder"),
        (("--history", "nowhere"), "there is no history in"),
        (("--history", "nowhere", "--markdown", "a.md"), "there is no history in"),
    ],
)
def test_what_cannot_be_is_exit_2_in_one_sentence(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    code, shown, said = alerts(capsys, *arguments)
    assert (code, shown, said.count("\n")) == (ExitCode.USAGE, "", 1)
    assert told in said
