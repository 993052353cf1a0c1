"""Rows of a language model, against a stand-in on loopback that behaves well or badly."""

from __future__ import annotations

import json
import math
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _chat, llm
from perfbench import sut
from tests.benchmarks.llm_server import Model, serving
from tests.benchmarks.rows import run

Configure = Callable[..., None]
KEY = "sk-very-secret"
ROWS = ("time_completion", "track_first_token", "track_tokens_per_second")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Model, str]]:
    with serving() as found:
        yield found


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, served: tuple[Model, str]) -> Configure:
    """Configure a model of a project's own: the stand-in, unless a URL is given."""
    monkeypatch.setenv("LLM_KEY", KEY)

    def to(**table: object) -> None:
        whole = {
            "url": served[1],
            "models": ["good"],
            "headers": {"Authorization": "Bearer ${LLM_KEY}"},
            **table,
        }
        monkeypatch.setenv(sut.VARIABLE, json.dumps({"llm": whole}))

    to()
    return to


def measure(model: str, row: str = "time_completion") -> Any:
    """One call of a row, as asv makes it."""
    chat = llm.Chat()
    try:
        chat.setup(model)
        return getattr(chat, row)(model)
    finally:
        chat.teardown(model)
        assert chat.connection is None


def complaint(model: str, row: str = "time_completion") -> str:
    with pytest.raises(RuntimeError) as caught:
        measure(model, row)
    assert KEY not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("row", ROWS)
def test_without_a_configured_model_the_rows_are_skipped_with_the_remedy(
    row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(sut.VARIABLE, raising=False)
    assert math.isnan(run(f"llm.Chat.{row}(none)", tmp_path))
    assert "no [sut.llm] is configured; add url and models under [sut.llm]" in capsys.readouterr().out


def test_what_is_asked_is_what_is_configured(configure: Configure, served: tuple[Model, str]) -> None:
    configure(prompt="Say hello.", max_tokens=7)
    measure("good")
    assert served[0].requests[-1] == {
        "path": "/v1/chat/completions",
        "model": "good",
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert served[0].keys[-1] == f"Bearer {KEY}"


@pytest.mark.parametrize(("model", "tokens"), [("good", 25), ("uncounted", 20), ("thinking", 21)])
def test_tokens_are_counted_by_the_server_or_else_by_pieces(
    model: str, tokens: int, served: tuple[Model, str]
) -> None:
    connection = _chat.Connection(served[1], {})
    try:
        assert connection.ask(model, "Count.", 64).tokens == tokens
    finally:
        connection.close()


def test_an_answer_begins_before_it_ends(served: tuple[Model, str]) -> None:
    connection = _chat.Connection(served[1], {})
    answer = connection.ask("good", "Count.", 64)
    connection.close()
    assert 0 < answer.first < answer.last <= answer.end


@pytest.mark.parametrize("row", ROWS)
def test_each_row_asks_once(row: str, configure: Configure, served: tuple[Model, str]) -> None:
    before = len(served[0].requests)
    value = measure("good", row)
    assert value is None if row.startswith("time") else value > 0
    assert len(served[0].requests) == before + 1


def test_the_rate_is_that_of_the_tokens_after_the_first() -> None:
    assert _chat.Answer(first=1.0, last=3.0, end=3.5, tokens=21).tokens_per_second() == 10.0


def test_the_rate_is_better_when_higher_and_the_times_when_lower() -> None:
    rate = llm.Chat.track_tokens_per_second
    assert (rate.unit, rate.better) == ("tokens/s", "higher")  # type: ignore[attr-defined]
    assert llm.Chat.track_first_token.unit == "seconds"  # type: ignore[attr-defined]
    assert not hasattr(llm.Chat.track_first_token, "better")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("dies", "broke off"),
        ("stops", "broke off after 3 pieces of its answer"),
        ("nonsense", "sent what is no event of a chat: b'{beautiful'"),
        ("list", "sent what is no event of a chat: b'[1, 2]'"),
        ("babble", "gave no answer (+OK ready"),
        ("empty", "gave an answer without a single token"),
        ("error", "gave up: out of memory"),
        ("denied", "answered 401 Unauthorized: no such key: …"),
        ("broken", "answered 500 Internal Server Error"),
        ("moved", "answered 302 Found"),
        ("plain", "answered with application/json and no stream"),
        ("wide", "sent a line of more than 1024 KiB"),
    ],
)
def test_a_server_that_misbehaves_fails_its_row_in_plain_words(
    model: str, said: str, configure: Configure
) -> None:
    assert said in complaint(model)


def test_an_answer_in_one_piece_has_no_rate(configure: Configure) -> None:
    assert "so its tokens have no rate" in complaint("whole", "track_tokens_per_second")
    measure("whole", "track_first_token")


def test_a_server_that_falls_silent_is_left(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chat, "SILENCE", 0.1)
    assert "broke off in the middle of its answer (nothing came for 0.1 s)" in complaint("silent")


def test_an_answer_without_end_is_left(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chat, "LARGEST", 1000)
    assert "sent more than 0 MiB" in complaint("slow")


def test_an_answer_that_takes_too_long_is_left(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chat, "LONGEST", 0.1)
    assert "did not come to an end within 0.1 s" in complaint("slow")


def test_a_server_that_is_down_fails_its_row(configure: Configure) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        configure(url=f"http://user:word@127.0.0.1:{nobody.getsockname()[1]}/v1")
        message = complaint("good")
    assert "does not answer (Connection refused); is it started?" in message
    assert "user:word" not in message


def test_a_key_that_is_not_set_is_named(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_KEY")
    with pytest.raises(NotImplementedError, match="the environment variable LLM_KEY is not set"):
        measure("good")


def test_a_key_that_no_header_can_hold_is_not_shown(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_KEY", f"{KEY}\r\nX: y")
    assert "a header of [sut.llm] holds what no header can" in complaint("good")


def test_https_is_spoken_to_servers_whose_certificate_is_accepted(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    pem = tmp_path / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem, "-out", tmp_path / "c"],
        check=True, capture_output=True,
    )  # fmt: skip
    pem.write_bytes(pem.read_bytes() + (tmp_path / "c").read_bytes())
    with serving(pem) as (_, url):
        configure(url=url)
        assert "its certificate is not accepted" in complaint("good")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c"))
        assert measure("good", "track_first_token") > 0
