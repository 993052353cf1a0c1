"""What baselines/accepted.toml says, read strictly: regressions that were taken on, up to a ceiling and a day."""

from __future__ import annotations

import datetime
from pathlib import Path

from msgspec import Struct

from perfbench.config import METRIC_UNITS
from perfbench.model import Acceptance
from perfbench.settings_file import KeyPath, SettingsFile
from perfbench.toml_file import read_toml
from perfbench.units import parse_quantity, parse_ratio

ACCEPTED_FILE = "accepted.toml"


class _Accepted(Struct, frozen=True, forbid_unknown_fields=True):
    pattern: str
    reason: str
    author: str
    date: datetime.date
    expires: datetime.date
    ceiling: str | float
    metric: str = "time"


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    accepted: tuple[_Accepted, ...] = ()


def load_acceptances(path: Path) -> tuple[Acceptance, ...]:
    """The entries of `path`, in the order of the file; none where it does not exist.

    Raises ConfigError, with the line, for a file that is wrong.
    """
    if not path.exists():
        return ()
    file = read_toml(path)
    table = file.decode(_Table)
    return tuple(_acceptance(file, ("accepted", index), entry) for index, entry in enumerate(table.accepted))


def parse_ceiling(text: str | float, metric: str) -> tuple[float | None, float | None]:
    """`+12 %` as (0.12, None), `3 ms` as (None, 0.003) of that metric; one of the two is always None.

    Raises ValueError with a sentence for anything else.
    """
    if isinstance(text, str) and text.rstrip().endswith("%"):
        share = parse_ratio(text)
        if share <= 0:
            raise ValueError(f"the ceiling {text!r} allows nothing; write how much worse, as '+12 %'")
        return share, None
    if any(sign in metric for sign in "*?["):
        raise ValueError(f"a ceiling such as {text!r} needs one metric; add metric = 'time'")
    if metric in METRIC_UNITS and not any(character.isalpha() for character in str(text)):
        raise ValueError(f"the ceiling {text} has no unit; write '+12 %' or '3 ms'")
    limit = parse_quantity(text, METRIC_UNITS.get(metric))
    if metric in METRIC_UNITS and limit <= 0:
        raise ValueError(f"the ceiling {text!r} allows nothing")
    return None, limit


def utc_day(moment: float) -> str:
    """The ISO date of a moment, the same one on every machine."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).date().isoformat()


def _acceptance(file: SettingsFile, key: KeyPath, entry: _Accepted) -> Acceptance:
    for name in ("pattern", "metric", "reason", "author"):
        text: str = getattr(entry, name)
        if not text.strip():
            raise file.error((*key, name), f"{name!r} is empty", _REMEDIES.get(name, ""))
        if not text.isprintable():
            raise file.error((*key, name), f"{name!r} holds a line break or a control character")
    if entry.expires < entry.date:
        raise file.error((*key, "expires"), f"it expires on {entry.expires}, before it begins ({entry.date})")
    try:
        share, limit = parse_ceiling(entry.ceiling, entry.metric)
    except ValueError as error:
        raise file.error((*key, "ceiling"), str(error)) from None
    line = file.line(key)
    return Acceptance(
        pattern=entry.pattern,
        metric=entry.metric,
        reason=entry.reason.strip(),
        author=entry.author.strip(),
        date=entry.date.isoformat(),
        expires=entry.expires.isoformat(),
        share=share,
        limit=limit,
        origin=file.path.name if line is None else f"{file.path.name}:{line}",
    )


_REMEDIES = {"reason": "say why the regression is taken on", "author": "say who takes it on"}
