from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.measure.without_asv import config_without_asv


@pytest.mark.parametrize(
    ("file", "text", "installed"),
    [
        ("setup.py", "", True),
        ("pyproject.toml", '[project]\nname = "x"\n', True),
        ("pyproject.toml", "[build-system]\nrequires = []\n", True),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", False),
        ("pyproject.toml", "not toml", False),
        ("Cargo.toml", '[package]\nname = "x"\n', False),
    ],
)
def test_only_what_pip_can_install_is_installed(
    tmp_path: Path, file: str, text: str, installed: bool
) -> None:
    (tmp_path / file).write_text(text)
    config = config_without_asv(tmp_path, tmp_path / "perfbench.toml")
    # None stands for asv's own commands, which install the project.
    assert (config.build_command, config.install_command) == ((None, None) if installed else ((), ()))
    assert config.project == tmp_path.name
