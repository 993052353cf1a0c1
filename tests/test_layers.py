"""Who may import whom, held against the real imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfbench.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "perfbench"

BASIS = {"errors", "model", "model_history", "model_profile", "params", "units"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "model": set(),
    "model_history": {"model"},
    "model_profile": {"model"},
    "params": set(),
    "units": set(),
    "settings_file": BASIS,
    "toml_file": BASIS | {"settings_file"},
    "yaml_file": BASIS | {"settings_file"},
    "json_file": BASIS | {"settings_file"},
    "config_file": BASIS | {"settings_file", "toml_file", "yaml_file", "json_file"},
    "config": BASIS
    | {"settings_file", "toml_file", "config_file", "config_harness", "config_history", "config_sut"},
    "config_harness": BASIS | {"settings_file"},
    "config_history": BASIS | {"settings_file"},
    "config_sut": BASIS | {"settings_file", "config_harness"},
    "acceptances": BASIS | {"config", "settings_file", "toml_file"},
    "continuous_integration": BASIS,
    "environment": BASIS,
    "judged": BASIS,
    "quietness": BASIS,
    "recording": set(),
    "machine_lock": BASIS,
    "memory_counting": set(),
    "sandbox": {"errors"},
    "sut": {"errors", "sandbox"},
    "measure": BASIS | {"recording"},
    "results": BASIS,
    "analysis": BASIS,
    "reports": BASIS,
    "profiling": BASIS,
    "scenarios": BASIS | {"measure", "analysis"},
    "project": BASIS,
    "lazy_group": {"errors"},
    "interruption": set(),
    "cli": {"errors", "interruption", "lazy_group"},
    "__main__": {"cli"},
    "__init__": {"analysis", "judged", "memory_counting", "model_history", "recording"},
}
"""Room → what it may import of ours beside itself. `commands` sees every room and is seen by none."""

FRONT_DOORS = {
    "perfbench.sandbox.commands",
    "perfbench.sandbox.files",
    "perfbench.sandbox.runtimes",
    "perfbench.sandbox.runtimes.ownership",
    "perfbench.sandbox.runtimes.runtime",
    "perfbench.sandbox.scripting",
    "perfbench.sandbox.sessions",
    "perfbench.sandbox.settings",
}
"""What the rest of the tool and the benchmarks know of the system under test."""

HEAVY = {
    "altair", "asv", "asv_runner", "docker", "gilknocker", "git", "httpx", "locust", "lupa", "mcp", "memray", "numpy",
    "plotly", "psycopg", "py_mini_racer", "pydantic", "pympler", "pyperf", "quickjs", "redis", "requests", "rich",
    "scipy", "starlark", "starlette", "uvicorn", "virtualenv", "wasmtime", "yaml",
}  # fmt: skip

ARITHMETIC = {
    f"perfbench.analysis.{name}"
    for name in (
        "changepoints",
        "jumps",
        "placing",
        "rank_scan",
        "segmentation",
        "series_changes",
        "short_levels",
        "watching",
    )
} | {"perfbench.commands.history_following"}
"""Whoever imports one of these wants a history searched, and NumPy with it: nobody does at the top of a module."""

IMPURE = {"datetime", "io", "logging", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "time"}

MODULES = sorted(PACKAGE.rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))


def room(path: Path) -> str:
    """The package or module directly below `perfbench` that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Full names of the modules that these nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield full if _is_module(full) else module


def at_import_time(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run on import: those outside of functions, of TYPE_CHECKING and of the script part."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and (
            "TYPE_CHECKING" in ast.dump(node.test) or "__main__" in ast.dump(node.test)
        ):
            continue
        yield node
        yield from at_import_time(node)


def _is_module(name: str) -> bool:
    if not name.startswith("perfbench."):
        return False
    place = ROOT.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def _shows_something(path: Path) -> bool:
    """Reports, and what a sub-command imports once it runs: there rich is at home."""
    sub_commands = {module for module, _ in COMMANDS.values()}
    return room(path) == "reports" or (room(path) == "commands" and path.stem not in sub_commands)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _ours(path: Path) -> set[str]:
    return {name for name in imported(ast.walk(_tree(path))) if name.partition(".")[0] == "perfbench"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    here = room(path)
    rooms = {name.split(".")[1] for name in _ours(path) if "." in name}
    if here == "commands":
        assert "cli" not in rooms
        return
    assert here in MAY_IMPORT, f"{here} is a new room: say here and in the plan what it may import"
    assert rooms - {here} <= MAY_IMPORT[here]


@pytest.mark.parametrize("path", MODULES + BENCHMARKS, ids=_name)
def test_the_system_under_test_is_reached_by_its_front_door(path: Path) -> None:
    if path in BENCHMARKS or room(path) != "sandbox":
        behind = {name for name in _ours(path) if name.startswith("perfbench.sandbox.")}
        assert behind <= FRONT_DOORS


@pytest.mark.parametrize("path", BENCHMARKS, ids=_name)
def test_benchmarks_import_the_sandbox_and_the_standard_library_alone(path: Path) -> None:
    names = set(imported(at_import_time(_tree(path))))
    ours = {name for name in names if name.startswith("perfbench")}
    allowed = FRONT_DOORS | {"perfbench.sut", "perfbench.sandbox"}
    assert ours <= allowed
    foreign = {name.partition(".")[0] for name in names - ours}
    assert foreign <= sys.stdlib_module_names | {"benchmarks"}


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_heavy_library_is_imported_at_the_top_of_a_module(path: Path) -> None:
    names = set(imported(at_import_time(_tree(path))))
    allowed = {"rich"} if _shows_something(path) else set()
    if f"perfbench.{'.'.join(path.relative_to(PACKAGE).with_suffix('').parts)}" in ARITHMETIC:
        allowed |= {"numpy"}
    else:
        modules = {name if _is_module(name) else name.rpartition(".")[0] for name in names}
        assert not modules & ARITHMETIC
    assert not {name.partition(".")[0] for name in names} & (HEAVY - allowed)


@pytest.mark.parametrize("path", sorted((PACKAGE / "analysis").glob("*.py")), ids=_name)
def test_analysis_reads_no_file_and_no_clock_and_prints_nothing(path: Path) -> None:
    tree = _tree(path)
    assert not {name.partition(".")[0] for name in imported(ast.walk(tree))} & IMPURE
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"print", "open", "input"}


def test_there_are_modules_to_hold_the_rules_against() -> None:
    assert {"cli", "sandbox", "measure", "commands"} <= {room(path) for path in MODULES}
