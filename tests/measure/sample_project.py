"""A tiny installable project in a git repository, which pip builds without downloading anything."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in {"NAME": "Ann", "EMAIL": "ann@example.org"}.items()
}

BARE = {"VIRTUALENV_NO_SEED": "1"}
"""Variables for builds that call no pip: without it and setuptools an environment is made in a third of the time."""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

# A PEP 517 backend in the tree: it packs sample.py, with what requires.txt names as its dependencies.
BACKEND = """
import pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    requires = pathlib.Path("requires.txt").read_text().split()
    metadata = "Metadata-Version: 2.1\\nName: sample\\nVersion: 1.0\\n"
    metadata += "".join(f"Requires-Dist: {one}\\n" for one in requires)
    info = "sample-1.0.dist-info"
    name = "sample-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.write("sample.py")
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


class SampleProject:
    """A repository at `root` with `sample.py`, benchmarks and an asv.conf.json; nothing is committed yet."""

    def __init__(self, root: Path, config: dict[str, Any] | None = None) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("pyproject.toml", PYPROJECT)
        self.write("backend.py", BACKEND)
        self.write("requires.txt", "")
        self.write("sample.py", "VALUE = 1\n")
        self.write("benchmarks/__init__.py", "")
        self.write("benchmarks/bench.py", "def track_value():\n    import sample\n    return sample.VALUE\n")
        self.write(
            "asv.conf.json", json.dumps({"version": 1, "project": "sample", "repo": ".", **(config or {})})
        )

    @property
    def config(self) -> Path:
        return self.root / "asv.conf.json"

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    """Run git without the configuration of whoever runs the tests."""
    environment = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ("git", "-c", "protocol.file.allow=always", *arguments),
        cwd=folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def write_wheel(folder: Path, name: str, version: str) -> None:
    """A wheel of one module that holds its version."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
