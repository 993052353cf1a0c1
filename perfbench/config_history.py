"""What `[history]` and `[[history.alert]]` of perfbench.toml say, read strictly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from msgspec import Struct

from perfbench.model_history import AlertRule
from perfbench.settings_file import KeyPath, SettingsFile
from perfbench.units import parse_ratio

LEAST_SURENESS = 0.5
"""Below it a change is more likely none."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}")


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """Where a history is kept and published, and who is told what of it.

    `folder` and `site` are paths from the top of the repository. `branches` is empty where asv.conf.json decides
    (else it is the main branch), `commit_url` None where its `show_commit_url` does. `webhook` is the name of the
    environment variable that holds the URL, never the URL itself; None sends nothing. Of the `alerts` that fit a row
    the last one counts; where none does, the default `AlertRule` holds.
    """

    folder: str = ".perfbench/history"
    site: str = ".perfbench/site"
    branches: tuple[str, ...] = ()
    commit_url: str | None = None
    webhook: str | None = None
    alerts: tuple[AlertRule, ...] = ()


_DEFAULTS = HistorySettings()
_DEFAULT_RULE = AlertRule()


class AlertTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[history.alert]]` as it stands in the file."""

    pattern: str
    size: str | float = _DEFAULT_RULE.size
    sureness: str | float = _DEFAULT_RULE.sureness
    improvements: bool = _DEFAULT_RULE.improvements


class HistoryTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[history]` as it stands in the file."""

    folder: str = _DEFAULTS.folder
    site: str = _DEFAULTS.site
    branches: tuple[str, ...] = ()
    commit_url: str | None = None
    webhook: str | None = None
    alert: tuple[AlertTable, ...] = ()


def history_settings(file: SettingsFile, key: KeyPath, table: HistoryTable) -> HistorySettings:
    """The settings of the table at `key`. Raises ConfigError with the line of what is wrong."""
    for name in ("folder", "site"):
        _require_folder(file, (*key, name), getattr(table, name))
    if _inside(table.folder, table.site) or _inside(table.site, table.folder):
        raise file.error(
            (*key, "site"),
            "the history and its site lie in each other",
            "choose folders apart from each other",
        )
    for index, branch in enumerate(table.branches):
        _require_text(file, (*key, "branches", index), "a branch", branch)
        if branch.startswith("-"):
            raise file.error((*key, "branches", index), f"{branch!r} is no branch", "name one, as 'main'")
    return HistorySettings(
        folder=table.folder,
        site=table.site,
        branches=tuple(dict.fromkeys(table.branches)),
        commit_url=_commit_url(file, (*key, "commit_url"), table.commit_url),
        webhook=_webhook(file, (*key, "webhook"), table.webhook),
        alerts=_rules(file, (*key, "alert"), table.alert),
    )


def _require_folder(file: SettingsFile, key: KeyPath, text: str) -> None:
    """A folder of our own: what lies in it is ours to replace, so the repository's top will not do."""
    _require_text(file, key, f"'{key[-1]}'", text)
    path = PurePosixPath(text)
    if ".." in path.parts or not path.name:
        raise file.error(key, f"'{key[-1]}' is {text!r}", "name a folder below the repository's top")


def _inside(outer: str, inner: str) -> bool:
    return PurePosixPath(inner).is_relative_to(PurePosixPath(outer))


def _commit_url(file: SettingsFile, key: KeyPath, url: str | None) -> str | None:
    """What a commit's hash is put behind. Raises ConfigError for what no browser should follow."""
    if url is None:
        return None
    _require_text(file, key, "'commit_url'", url)
    try:
        parts = urlsplit(url)
        host, secret = parts.hostname, parts.password
    except ValueError:
        host, secret = None, None
    if secret is not None:
        raise file.error(key, "'commit_url' holds a password, and every page would show it", "leave it out")
    if host is None or parts.scheme not in ("http", "https"):
        raise file.error(
            key,
            f"'commit_url' is {url!r}, no address of the web",
            "write 'https://example.org/project/commit/'",
        )
    return url


def _webhook(file: SettingsFile, key: KeyPath, name: str | None) -> str | None:
    """The variable's name. A complaint never shows what was written: it may be the URL, which is a secret."""
    if name is None:
        return None
    if _VARIABLE.fullmatch(name):
        return name
    if "://" in name or "/" in name:
        raise file.error(
            key,
            "'webhook' holds a URL, which is a secret and does not belong into a file",
            "name an environment variable that holds it, as 'PERFBENCH_WEBHOOK'",
        )
    raise file.error(key, "'webhook' names no environment variable", "write 'PERFBENCH_WEBHOOK'")


def _rules(file: SettingsFile, key: KeyPath, tables: Sequence[AlertTable]) -> tuple[AlertRule, ...]:
    return tuple(_rule(file, (*key, index), table) for index, table in enumerate(tables))


def _rule(file: SettingsFile, key: KeyPath, table: AlertTable) -> AlertRule:
    _require_text(file, (*key, "pattern"), "'pattern'", table.pattern)
    size = _share(file, (*key, "size"), table.size)
    if size < 0:
        raise file.error(
            (*key, "size"), f"the size {table.size} is negative", "write how large a change is, as '5 %'"
        )
    sureness = _share(file, (*key, "sureness"), table.sureness)
    if not LEAST_SURENESS <= sureness < 1:
        raise file.error(
            (*key, "sureness"),
            f"the sureness {table.sureness} is not from 50 % to below 100 %",
            "write '99 %'",
        )
    return AlertRule(table.pattern, size, sureness, table.improvements, file.place(key))


def _share(file: SettingsFile, key: KeyPath, text: str | float) -> float:
    try:
        share = parse_ratio(text)
    except ValueError as error:
        raise file.error(key, str(error)) from None
    if not isinstance(text, str) and share >= 1:
        raise file.error(key, f"'{key[-1]}' {text:g} would be {share:.0%}", f"write '{text:g} %'")
    return share


def _require_text(file: SettingsFile, key: KeyPath, name: str, text: str) -> None:
    if not text.strip():
        raise file.error(key, f"{name} is empty")
    if not text.isprintable():
        raise file.error(key, f"{name} holds a line break or a control character", "remove it")
