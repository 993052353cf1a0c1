"""What the runner gives back, as members of a JSON answer."""

from __future__ import annotations

from base64 import b64encode

from perfbench.sandbox.service.execution import Answer
from perfbench.sandbox.sessions import Session


def shown_answer(answer: Answer) -> dict[str, object]:
    """A command's answer: text where both streams are UTF-8, else both in base64, and `encoding` says which."""
    members: dict[str, object] = {"exit_code": answer.exit_code, "truncated": answer.truncated}
    try:
        streams = {"stdout": answer.stdout.decode(), "stderr": answer.stderr.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError:
        streams = {
            "stdout": b64encode(answer.stdout).decode(),
            "stderr": b64encode(answer.stderr).decode(),
            "encoding": "base64",
        }
    return {**members, **streams}


def shown_content(content: bytes) -> dict[str, object]:
    """A file's content, as text where it is UTF-8, else in base64."""
    try:
        return {"content": content.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"content": b64encode(content).decode(), "encoding": "base64"}


def shown_session(session: Session) -> dict[str, object]:
    """All of a session; `created` is in seconds since the epoch."""
    return {
        "id": session.id,
        "state": session.state,
        "history": session.history,
        "created": session.created,
    }
