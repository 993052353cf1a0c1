"""Text that stays text in GitHub-flavoured Markdown."""

from __future__ import annotations

import re

ACTIVE = re.compile(r"[\\`*_\[\]<>|~&#$]")

LINKED = re.compile(r"(?<=@)|(?<=#)|(?<=\bGH)(?=-\d)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE)
"""Where GitHub, after all Markdown is done, would see a mention, an issue or an address."""

BLOCK = re.compile(r"^(\d*)(?=[-+=.)])")
"""The beginning of what would be a list or a heading."""


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too; nobody is mentioned and nothing is linked."""
    return ACTIVE.sub(r"\\\g<0>", LINKED.sub("\N{ZERO WIDTH SPACE}", text))


def line(text: str) -> str:
    """Text that begins a line."""
    return BLOCK.sub(r"\1\\", escape(text))


def code(text: str) -> str:
    """Text as code, in a table too: fenced with more backticks than stand in a row in it.

    Code cannot hold a backslash before a pipe there (the backslash would free the pipe): that stays text.
    """
    if not text or "\\|" in text:
        return escape(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    room = " " if "`" in text else ""
    return f"{fence}{room}{text.replace('|', chr(92) + '|')}{room}{fence}"
