"""The matrix of an asv configuration: the combinations of Python, requirements and variables it asks for.

The rules are those of asv's `environment.py` (`iter_matrix`, `match_rule`), for one environment type.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perfbench.measure.asv_document import AsvDocument, nearest

MOST_COMBINATIONS = 4096
KINDS = ("req", "env", "env_nobuild")
PLATFORM = ("environment_type", "sys_platform")

Key = tuple[str, str]
"""(kind, name): ("req", "numpy"), or (name, "") for python, environment_type and sys_platform."""

_VERSION = re.compile(r"[0-9][\w.+!*-]*")
_SPECIFIER = re.compile(r"[<>=!~].*")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w., -]*\])?")


@dataclass(frozen=True, slots=True)
class Combination:
    """One environment of the matrix.

    `requirements` are what pip is given; `env` variables hold while building and measuring,
    `env_nobuild` ones while measuring alone.
    """

    python: str
    requirements: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    env_nobuild: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        variables = [f"{name}={value}" for name, value in {**self.env, **self.env_nobuild}.items()]
        return ", ".join([f"Python {self.python}", *self.requirements, *variables])


def combinations(
    document: AsvDocument, pythons: Sequence[str], environment_type: str
) -> tuple[Combination, ...]:
    """All combinations in asv's order: the product, less what `exclude` names, then what `include` adds.

    Raises ConfigError for a matrix that asv would refuse, an empty one and one of unreasonable size.
    """
    if environment_type == "existing":  # asv makes nothing there, and so reads no matrix
        return tuple(Combination(python) for python in pythons)
    platform = {("environment_type", ""): environment_type, ("sys_platform", ""): sys.platform}
    listed = itertools.chain(
        _product(document, pythons, platform),
        _included(document, platform),
    )
    found = list(itertools.islice(listed, MOST_COMBINATIONS + 1))
    if not found:
        raise document.wrong("exclude", "the matrix is empty", 'loosen "exclude" or "pythons"')
    if len(found) > MOST_COMBINATIONS:
        raise document.wrong("matrix", f"the matrix has more than {MOST_COMBINATIONS} combinations")
    return tuple(_combination(document, entries) for entries in found)


def _product(
    document: AsvDocument, pythons: Sequence[str], platform: Mapping[Key, str]
) -> Iterator[dict[Key, str]]:
    axes = [
        (key, _axis(document, key[1], value))
        for key, value in _keyed(document, "matrix", document.table("matrix")).items()
    ]
    excluded = [_rule(document, "exclude", rule) for rule in document.tables("exclude")]
    names = [("python", ""), *(key for key, _ in axes)]
    for tried, values in enumerate(itertools.product(pythons, *(values for _, values in axes))):
        if tried > MOST_COMBINATIONS:
            raise document.wrong("matrix", f"the matrix has more than {MOST_COMBINATIONS} combinations")
        entries = {key: value for key, value in zip(names, values, strict=True) if value is not None}
        if not any(_matches(document, {**entries, **platform}, rule) for rule in excluded):
            yield entries


def _included(document: AsvDocument, platform: Mapping[Key, str]) -> Iterator[dict[Key, str]]:
    for table in document.tables("include"):
        if "python" not in table:
            raise document.wrong("include", 'every entry of "include" must name its "python"')
        rule = _rule(document, "include", table)
        condition = {key: rule.pop(key) for key in list(rule) if key[0] in PLATFORM}
        if _matches(document, platform, condition):
            yield {key: value for key, value in rule.items() if value is not None}


def _keyed(document: AsvDocument, where: str, table: Mapping[str, Any]) -> dict[Key, Any]:
    """The entries of a matrix or rule by kind; the old flat form holds requirements alone."""
    if not any(kind in table for kind in KINDS):
        if "python" in table:
            raise document.wrong("python", f'"python" in "{where}" reads as a package', 'use "pythons"')
        return {("req", name): value for name, value in table.items()}
    keyed: dict[Key, Any] = {}
    for kind, entries in table.items():
        if kind not in KINDS:
            raise document.wrong(kind, f'unknown key "{kind}" in "{where}"', nearest(kind, KINDS))
        if not isinstance(entries, dict):
            raise document.wrong(kind, f'"{kind}" in "{where}" must be an object')
        keyed |= {(kind, name): value for name, value in entries.items()}
    return keyed


def _rule(document: AsvDocument, where: str, table: Mapping[str, Any]) -> dict[Key, str | None]:
    bare = {(name, ""): table[name] for name in ("python", *PLATFORM) if name in table}
    rest = {name: value for name, value in table.items() if (name, "") not in bare}
    rule = {**bare, **_keyed(document, where, rest)}
    for (kind, name), value in rule.items():
        if value is not None and not isinstance(value, str):
            raise document.wrong(where, f'"{name or kind}" in "{where}" must be a string or null')
    return rule


def _axis(document: AsvDocument, name: str, value: object) -> Sequence[str | None]:
    """The values of one key: a list, or one value; an empty list means the latest version."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    axis = []
    for item in values:
        if item is not None and not isinstance(item, str):
            raise document.wrong(name, f'the values of "{name}" must be strings or null', f'write "{item}"')
        axis.append(item)
    return axis or [""]


def _matches(document: AsvDocument, target: Mapping[Key, str], rule: Mapping[Key, str | None]) -> bool:
    """Whether every pattern of the rule fits the whole value, or, if null, that the value is absent."""
    for key, pattern in rule.items():
        value = target.get(key)
        if pattern is None or value is None:
            if pattern is not None or value is not None:
                return False
            continue
        try:
            if not re.fullmatch(pattern, value):
                return False
        except re.error as error:
            raise document.wrong(
                key[1] or key[0], f'"{pattern}" is not a regular expression: {error}'
            ) from None
    return True


def _combination(document: AsvDocument, entries: Mapping[Key, str]) -> Combination:
    def of(kind: str) -> dict[str, str]:
        return {name: value for (found, name), value in entries.items() if found == kind}

    return Combination(
        entries["python", ""],
        tuple(_requirement(document, name, value) for name, value in of("req").items()),
        of("env"),
        of("env_nobuild"),
    )


def _requirement(document: AsvDocument, key: str, version: str) -> str:
    """What pip understands of `"pip+name": "1.2"`; an empty version is the latest."""
    name = key.removeprefix("pip+").strip()
    version = version.strip()
    if not version and not name.startswith("-"):
        return name
    if _NAME.fullmatch(name):
        if _VERSION.fullmatch(version):
            return f"{name}=={version}"
        if _SPECIFIER.fullmatch(version):
            return f"{name}{version}"
        if version.startswith(("git+", "https://", "file://")):
            return f"{name} @ {version}"
    raise document.wrong(
        key, f'requirement "{key}": "{version}" is not supported', "give a version, a specifier or a URL"
    )
