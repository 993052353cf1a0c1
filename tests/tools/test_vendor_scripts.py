"""The scripts of asv's site come by npm, are the ones that are pinned, or do not come at all."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import shutil
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The tool, with one package to get from an npm that copies what lies in a folder."""
    monkeypatch.syspath_prepend(str(TOOLS))
    module = importlib.import_module("vendor_scripts")
    store = tmp_path / "store"
    (store / "package" / "dist").mkdir(parents=True)
    (store / "package" / "dist" / "a.js").write_text("a();")
    with tarfile.open(store / "thing-1.0.0.tgz", "w:gz") as tar:
        tar.add(store / "package", "package")
    digest = hashlib.sha512((store / "thing-1.0.0.tgz").read_bytes()).digest()
    package = {
        "name": "thing", "version": "1.0.0", "license": "MIT",
        "integrity": f"sha512-{base64.b64encode(digest).decode()}", "files": {"dist/a.js": "a.min.js"},
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps({"packages": [package]}))
    monkeypatch.setattr(module, "MANIFEST", tmp_path / "manifest.json")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\nexec cp {store}/*.tgz .\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    return module


def changed(tool: ModuleType, **values: object) -> None:
    """The manifest with other values of its package."""
    content = json.loads(tool.MANIFEST.read_text())
    content["packages"][0].update(values)
    tool.MANIFEST.write_text(json.dumps(content))


def test_a_package_that_is_pinned_comes_once(tool: ModuleType, tmp_path: Path) -> None:
    assert tool.vendor(tmp_path / "vendor")
    assert (tmp_path / "vendor" / "a.min.js").read_text() == "a();"
    assert not tool.vendor(tmp_path / "vendor"), "it is there already"


def test_another_manifest_gets_them_anew(tool: ModuleType, tmp_path: Path) -> None:
    tool.vendor(tmp_path / "vendor")
    changed(tool, files={"dist/a.js": "b.min.js"})
    assert tool.vendor(tmp_path / "vendor")
    assert not (tmp_path / "vendor" / "a.min.js").exists()


def test_a_package_of_another_checksum_is_never_used(tool: ModuleType, tmp_path: Path) -> None:
    tool.vendor(tmp_path / "vendor")
    changed(tool, integrity=f"sha512-{base64.b64encode(bytes(64)).decode()}")
    with pytest.raises(tool.NotVendoredError, match=r"is not the package that vendor_scripts\.json pins"):
        tool.vendor(tmp_path / "vendor")
    assert (tmp_path / "vendor" / "a.min.js").exists(), "what was there stays"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("#!/bin/sh\necho no network >&2; exit 1\n", "npm pack failed: no network"),
        ("#!/bin/sh\n", "has not made"),
    ],
)
def test_an_npm_that_fails_is_named(tool: ModuleType, tmp_path: Path, script: str, reason: str) -> None:
    (tmp_path / "bin" / "npm").write_text(script)
    with pytest.raises(tool.NotVendoredError, match=reason):
        tool.vendor(tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_without_npm_it_says_how_to_get_it(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tool.NotVendoredError, match="npm is not installed: apt-get install npm"):
        tool.vendor(tmp_path / "vendor")


def test_a_file_that_a_package_has_not_is_named(tool: ModuleType, tmp_path: Path) -> None:
    changed(tool, files={"dist/none.js": "a.js"})
    with pytest.raises(tool.NotVendoredError, match=r"thing-1\.0\.0\.tgz holds no file dist/none\.js"):
        tool.vendor(tmp_path / "vendor")


def test_every_script_is_pinned_by_version_and_checksum() -> None:
    packages = json.loads((TOOLS / "vendor_scripts.json").read_text())["packages"]
    assert {package["name"] for package in packages} == {
        "jquery", "flot", "flot-orderbars", "stupid-table-plugin", "blueimp-md5", "bootstrap",
    }  # fmt: skip
    assert all(
        len(base64.b64decode(package["integrity"].removeprefix("sha512-"))) == 64 for package in packages
    )
    names = [name for package in packages for name in package["files"].values()]
    assert len(names) == len(set(names))


def test_the_tools_own_npm_is_not_asked_by_these_tests(tool: ModuleType, tmp_path: Path) -> None:
    assert shutil.which("npm") == str(tmp_path / "bin" / "npm")
