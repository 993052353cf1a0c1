"""Every command that the pages show exists, with every option and session that is shown."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from perfbench.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/manual.md",
    "docs/history.md",
    "docs/profiles.md",
    "profiles/README.md",
]

NEEDED_BY_NOX = "python3 -m venv .venv && .venv/bin/pip install nox"


def shown() -> list[tuple[str, str]]:
    """(page, command) for every line of every code block that is a command."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        fenced = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        indented = re.findall(r"^    (.+)$", text, re.MULTILINE)
        for line in "".join(fenced).splitlines() + indented:
            found += [(page, part.strip()) for part in line.split("&&") if part.strip()]
    return found


def commands(*programs: str) -> list[tuple[str, list[str]]]:
    """(page, arguments) of the shown commands that run one of these programs."""
    split = [(page, shlex.split(line.partition(" | ")[0], comments=True)) for page, line in shown()]
    return [
        (page, words) for page, words in split if words and words[0].removeprefix(".venv/bin/") in programs
    ]


def _name(case: object) -> str:
    return " ".join(case) if isinstance(case, list) else str(case)


def sessions() -> set[str]:
    """The names of the noxfile's sessions, read and not run: nox need not be here."""
    found = set()
    for node in ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and (decorators := node.decorator_list):
            named = re.search(r"value='([\w-]+)'", ast.dump(decorators[0]))
            found.add(named[1] if named else node.name)
    return found


def parse(words: list[str], folder: Path) -> None:
    """Let click parse a `perfbench` command without running it; files that it names exist in `folder`."""
    name, *arguments = words[1:]
    module = importlib.import_module(f"perfbench.commands.{COMMANDS[name][0]}")
    command: click.Command = module.command
    while isinstance(command, click.Group):
        name, *arguments = arguments
        nested = command.get_command(click.Context(command), name)
        if nested is None and (default := getattr(command, "default", None)):
            arguments = [name, *arguments]
            nested = command.get_command(click.Context(command), default)
        assert nested is not None, f"there is no {name}"
        command = nested
    for argument in arguments:
        if argument.endswith(".jsonl"):
            (folder / argument).touch()
    command.make_context(name, arguments)


@pytest.mark.parametrize(("page", "words"), commands("perfbench"), ids=_name)
def test_every_perfbench_command_is_understood(
    page: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    parse(words, tmp_path)
    assert words[1] in COMMANDS


@pytest.mark.parametrize(("page", "words"), commands("nox", "pipx", "uv"), ids=_name)
def test_every_session_exists_and_its_options_too(
    page: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = words[words.index("-s") + 1]
    assert session in sessions()
    if session == "perf-regression" and "--" in words:
        parse(["perfbench", "check", *words[words.index("--") + 1 :]], tmp_path)


def test_the_readme_opens_with_two_lines_for_every_machine() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for session in ("perf-regression", "tests"):
        assert f"\n{NEEDED_BY_NOX} && .venv/bin/nox -s {session}\n" in text


def test_ci_runs_the_readmes_own_test_command() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert f"\n{NEEDED_BY_NOX} && .venv/bin/nox -s tests\n" in script


def test_the_noxfile_runs_as_a_script() -> None:
    """As `pipx run noxfile.py` and `uv run noxfile.py` want it (PEP 723)."""
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    header = re.match(r"# /// script\n((?:#.*\n)+?)# ///\n", text)
    assert header is not None
    metadata = tomllib.loads(re.sub(r"^# ?", "", header[1], flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["requires-python"] == project["requires-python"]
    assert any(dependency.startswith("nox") for dependency in metadata["dependencies"])
    assert text.endswith('if __name__ == "__main__":\n    nox.main()\n')


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_sent_to_the_other_perfbench(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.search(r"pipx? (install|run) +['\"]?perfbench(?!-gate)", text)


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md", "docs/glossary.md"])
def test_every_link_into_the_repository_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_the_readme_names_the_lowest_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = project["requires-python"].removeprefix(">=")
    assert f"Python {lowest}" in (ROOT / "README.md").read_text(encoding="utf-8")
