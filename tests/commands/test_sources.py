"""Where benchmarks are defined."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from perfbench.commands.sources import LONGEST_SOURCE, sources

MODULE = """
class Lifecycle:
    def time_start(self): ...

class Cycle(Lifecycle):
    class Inner:
        def time_deep(self): ...

def time_alone(): ...
"""


def located(folder: Path, *names: str) -> dict[str, str]:
    return sources(folder, PurePosixPath("benchmarks"), names)


def test_functions_and_methods_are_found_by_their_line(tmp_path: Path) -> None:
    (tmp_path / "container.py").write_text(MODULE)
    names = ("container.time_alone", "container.Lifecycle.time_start", "container.Cycle.Inner.time_deep")
    assert located(tmp_path, *names) == {
        "container.time_alone": "benchmarks/container.py:9",
        "container.Lifecycle.time_start": "benchmarks/container.py:3",
        "container.Cycle.Inner.time_deep": "benchmarks/container.py:7",
    }


def test_an_inherited_benchmark_has_the_line_of_its_class(tmp_path: Path) -> None:
    (tmp_path / "container.py").write_text(MODULE)
    assert located(tmp_path, "container.Cycle.time_start") == {
        "container.Cycle.time_start": "benchmarks/container.py:5"
    }


def test_modules_may_lie_in_folders(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "http.py").write_text("def time_get(): ...\n")
    assert located(tmp_path, "net.http.time_get") == {"net.http.time_get": "benchmarks/net/http.py:1"}


def test_what_cannot_be_found_or_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def time_x(:\n")
    (tmp_path / "binary.py").write_bytes(b"\0\xff")
    (tmp_path / "long.py").write_text("#" * LONGEST_SOURCE + "\n\ndef time_x(): ...\n")
    (tmp_path / "made.py").write_text("globals()['time_x'] = print\n")
    names = [f"{module}.time_x" for module in ("broken", "binary", "long", "made", "absent")]
    assert located(tmp_path, *names, "time_x", "", "../made.time_x") == {}
