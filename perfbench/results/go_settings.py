"""What the settings of Go's benchmark text (`key: value`) say: the machine, and which side a block is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from perfbench.model import Environment
from perfbench.results.result_file import HEAD, shortened

Settings = Mapping[str, str]

_MOMENT = re.compile(r"(?:.*-)?(?:date|time)|.*stamp")
"""Settings that differ from run to run without meaning another thing to measure."""

_HARDWARE = {"goos", "goarch", "cpu", "machine", "architecture", "cores", "memory"}

SOFT = ("kernel", "governor", "python", "engine", "commit")
"""What perfbench writes as a comment: as a setting it would keep benchstat from comparing two files."""

_LONGEST = 60
_ARCHITECTURES = {"amd64": "x86_64", "386": "i686"}
"""What the operating system calls the processors for which Go has a name of its own."""


def side_labels(blocks: Sequence[Settings], rows: Iterable[Sequence[int]]) -> list[str]:
    """The side of each block of settings: the values of those under which some row comes again.

    `rows` are the numbers of the blocks in which each row stands.
    """
    pairs = {(first, other) for first, *others in rows for other in others}
    both = [(blocks[first], blocks[other]) for first, other in pairs]
    differing = {key for one, two in both for key in {*one, *two} if _differs(key, one, two)}
    keys = sorted(filter(_tells_sides, differing))
    if len(keys) == 1:
        return _labels([block.get(keys[0], f"no {keys[0]}") for block in blocks])
    return _labels([", ".join(f"{key}={block.get(key, '')}" for key in keys) for block in blocks])


def _differs(key: str, one: Settings, two: Settings) -> bool:
    """Whether two blocks have another value; what one of them does not tell of the machine cannot differ."""
    if key in _HARDWARE and not (key in one and key in two):
        return False
    return one.get(key) != two.get(key)


def _tells_sides(key: str) -> bool:
    return not key.startswith("#") and key not in {"pkg", "suite"} and not _MOMENT.fullmatch(key)


def _labels(texts: Sequence[str]) -> list[str]:
    """Short labels; texts that begin alike are numbered, so that no two of them become one side."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for text in dict.fromkeys(texts):
        plain = shortened(text, _LONGEST) or HEAD
        found[text] = f"{plain} #{len(found) + 1}" if plain in used else plain
        used.add(found[text])
    return [found[text] for text in texts]


def environment_of(settings: Settings) -> Environment:
    """What the settings tell: those of `go test`, and those that perfbench writes."""
    system = "/".join(settings[key] for key in ("goos", "goarch") if key in settings)
    soft = {key: settings.get(f"#{key}", settings.get(key, "")) for key in SOFT}
    return Environment(
        machine=settings.get("machine", ""),
        cpu=settings.get("cpu", ""),
        cores=_count(settings.get("cores", "")),
        memory=_count(settings.get("memory", "")),
        kernel=soft["kernel"] or system,
        governor=soft["governor"],
        python=soft["python"],
        commit=soft["commit"],
        engine=soft["engine"],
        architecture=settings.get("architecture", "") or _architecture(settings),
    )


def _architecture(settings: Settings) -> str:
    name = settings.get("goarch", "")
    if name == "arm64" and settings.get("goos") != "darwin":
        return "aarch64"
    return _ARCHITECTURES.get(name, name)


def _count(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else 0
