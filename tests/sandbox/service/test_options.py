"""The command line of the service."""

from __future__ import annotations

import pytest

from perfbench.errors import UsageError
from perfbench.sandbox.service.options import options

SECRET = "an-ascii-token-of-some-length"  # noqa: S105


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_TOKEN", raising=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    chosen = options(["--host", host])
    assert (chosen.local, chosen.token) == (True, None)


ELSEWHERE = ["0.0.0.0", "::", "192.0.2.1", "runner.example", "localhost.example", ""]  # noqa: S104


@pytest.mark.parametrize("host", ELSEWHERE)
def test_any_other_host_needs_one(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"can be reached from other machines; put a token .* SANDBOX_TOKEN"):
        options(["--host", host])
    monkeypatch.setenv("SANDBOX_TOKEN", SECRET)
    chosen = options(["--host", host])
    assert (chosen.local, chosen.token) == (False, SECRET)


def test_a_token_is_asked_for_on_loopback_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_TOKEN", SECRET)
    assert options([]).token == SECRET


@pytest.mark.parametrize("token", ["short", "ü" * 20])
def test_a_weak_token_is_refused_without_being_shown(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_TOKEN", token)
    with pytest.raises(UsageError, match="SANDBOX_TOKEN is too weak") as caught:
        options([])
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "-1"],
        ["--port", "65536"],
        ["--port", "http"],
        ["--body", "0"],
        ["--requests", "1.5"],
        ["--seconds", "nan"],
        ["--seconds", "0"],
        ["--store", "paper"],
        ["more"],
    ],
    ids=" ".join,
)
def test_nonsense_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        options(arguments)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err
