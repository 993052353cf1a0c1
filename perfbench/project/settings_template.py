"""A first file of settings: every table with its keys, commented out, so that the defaults hold until one is set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FORMS = ("toml", "yaml", "json")

_TITLE = (
    "Settings of perfbench, the regression gate. What is commented out shows the default, or an example.",
    "`perfbench config validate` checks this file; `perfbench config show` says which value comes from where.",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A key with a value to show; `is_default` tells a default from an example."""

    name: str
    value: Any
    text: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of settings, one entry of a list of tables with `is_entry`."""

    path: tuple[str, ...]
    text: str
    settings: tuple[Setting, ...]
    is_entry: bool = False


TABLES = (
    Table(
        ("measure",),
        "How hard a check tries, and where its files lie.",
        (
            Setting("rounds", 10, "rounds to begin with", is_default=True),
            Setting("quick_rounds", 6, "with --quick; fewer than 6 decide nothing", is_default=True),
            Setting("time_budget", "5 min", "then the undecided get no more rounds", is_default=True),
            Setting("main_branch", "main", "default: what git takes for it"),
            Setting("asv_config", "asv.conf.json", is_default=True),
            Setting(
                "baselines", "baselines", "folder of thresholds.toml and stored baselines", is_default=True
            ),
        ),
    ),
    Table(
        ("gate",),
        "The rows that are measured unless --all, --only or --bench says otherwise; default: every row.",
        (Setting("rows", ["container.Lifecycle.*", "command.Exec.time_exec(process)"]),),
    ),
    Table(
        ("benchmarks",),
        "What `perfbench run` does, and how many samples a row takes in a round at most.",
        (
            Setting("rounds", 10, "default: those of measure; in CI its quick_rounds"),
            Setting("iterations", 24, "default: 24"),
        ),
    ),
    Table(
        ("benchmarks", "areas"),
        "Areas (the modules of the benchmarks) that are measured; one that is not named is.",
        (Setting("container", True), Setting("memory", False, "measured only with --only memory")),
    ),
    Table(
        ("baseline",),
        "Stored baselines.",
        (Setting("stale_days", 30, "a warning names one that is older", is_default=True),),
    ),
    Table(
        ("sut", "container"),
        "A system of your own in place of perfbench's sandbox runner: the runtimes on which containers run.",
        (Setting("runtimes", ["docker:runc", "podman"]), Setting("image", "example.org/app:1")),
    ),
    Table(
        ("sut", "api"),
        "A service of your own; with start there is one for each side, at {port}, from the checkout {root}.",
        (
            Setting("url", "http://127.0.0.1:{port}"),
            Setting("start", ["python", "-m", "service", "--port", "{port}"]),
        ),
    ),
    Table(
        ("sut", "api", "endpoints", "health"),
        "An endpoint by the name that its rows get.",
        (Setting("path", "/health"), Setting("method", "GET"), Setting("status", 200)),
    ),
    Table(
        ("sut", "api", "headers"),
        "Taken from the environment when they are sent, and stored nowhere.",
        (Setting("Authorization", "Bearer ${TOKEN}"),),
    ),
    Table(
        ("harness",),
        "Any other tool that writes a file of results.",
        (Setting("name", "api"), Setting("command", "python -m pytest benches --benchmark-json={out}")),
        is_entry=True,
    ),
    Table(
        ("check",),
        "A rule of your own, asked once the verdicts are there.",
        (Setting("function", "perf_rules:tail_of_parse"),),
        is_entry=True,
    ),
    Table(
        ("history",),
        "Results of every commit: where they are kept and published, and who is told of changes.",
        (
            Setting("folder", ".perfbench/history", is_default=True),
            Setting("site", ".perfbench/site", is_default=True),
            Setting("branches", ["main"], "default: those of asv.conf.json, else the main one"),
            Setting("commit_url", "https://example.org/project/commit/", "default: of asv.conf.json"),
            Setting("webhook", "PERFBENCH_WEBHOOK", "the variable that holds the URL; default: none"),
        ),
    ),
    Table(
        ("history", "alert"),
        "Which changes raise an alert; of the entries that fit a row, the last one counts.",
        (
            Setting("pattern", "container.*"),
            Setting("size", "10 %", "how large it is at least; default: 5 %"),
            Setting("sureness", "99 %", "how sure it is at least; default: 99 %"),
            Setting("improvements", True, "they count too; default: false"),
        ),
        is_entry=True,
    ),
)


def render(form: str) -> str:
    """The file in `form`, one of FORMS. JSON has no comments, so that there the defaults are written out."""
    if form == "json":
        return json.dumps(_defaults(), indent=2) + "\n"
    lines = [f"# {line}" for line in _TITLE]
    for table in TABLES:
        lines += ["", f"# {table.text}"]
        lines += _toml(table) if form == "toml" else _yaml(table)
    return "\n".join(lines) + "\n"


def _defaults() -> dict[str, Any]:
    """The defaults that may stand in a file without changing anything.

    A time budget that is set counts in CI as well, where the default is shorter.
    """
    found: dict[str, Any] = {}
    for table in TABLES:
        settings = {one.name: one.value for one in table.settings if one.is_default}
        settings.pop("time_budget", None)
        if settings:
            found[table.path[0]] = settings
    return found | {"gate": {"rows": []}, "benchmarks": {"areas": {}}}


def _toml(table: Table) -> Iterator[str]:
    path = ".".join(table.path)
    yield f"#[[{path}]]" if table.is_entry else f"#[{path}]"
    for setting in table.settings:
        yield _explained(f"#{setting.name} = {_value(setting)}", setting)


def _yaml(table: Table) -> Iterator[str]:
    """Each table is written with those around it, since any of them may be used alone."""
    for depth, name in enumerate(table.path):
        first = depth == len(table.path) - 1 or not _continues(table, depth)
        if first:
            yield f"#{'  ' * depth}{name}:"
    indent = "  " * len(table.path)
    for number, setting in enumerate(table.settings):
        dash = "  " if number else "- "
        start = f"{indent}{dash}" if table.is_entry else indent
        yield _explained(f"#{start}{setting.name}: {_value(setting)}", setting)


def _continues(table: Table, depth: int) -> bool:
    """Whether the table before lies in the same one at that depth, so that its heading stands already."""
    before = TABLES[TABLES.index(table) - 1]
    return before.path[: depth + 1] == table.path[: depth + 1]


def _value(setting: Setting) -> str:
    """JSON's way to write a string, a number, a truth or a list is TOML's and YAML's as well."""
    return json.dumps(setting.value, ensure_ascii=False)


def _explained(line: str, setting: Setting) -> str:
    return f"{line:<36}  # {setting.text}" if setting.text else line
