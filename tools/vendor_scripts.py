"""Get the scripts that asv's own site loads from elsewhere, so that the wheel carries them and the site needs no net.

    python tools/vendor_scripts.py          # into perfbench/reports/asv_site/vendor, which git ignores

The build does so by itself (hatch_build.py). Versions and checksums are pinned in vendor_scripts.json; a package of
another checksum is never used. They come by `npm pack`, from whatever registry npm is set up with; nothing of
them is run.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = Path(__file__).with_suffix(".json")
TARGET = ROOT / "perfbench" / "reports" / "asv_site" / "vendor"
STAMP = "manifest.sha512"
PATIENCE = 90.0
# What npm has in its cache needs no network, and without either the build does not wait for it.
OPTIONS = ("--ignore-scripts", "--silent", "--prefer-offline", "--fetch-retries=0", "--fetch-timeout=20000")
LARGEST_FILE = 4 * 1024**2


class NotVendoredError(Exception):
    """The scripts cannot be had here; says why."""


def main() -> int:
    """Get what is missing; 1 where that cannot be done."""
    try:
        fetched = vendor()
    except NotVendoredError as error:
        print(f"vendor_scripts: {error}", file=sys.stderr)
        return 1
    print(f"{TARGET.relative_to(ROOT)}: {'complete' if fetched else 'was complete already'}")
    return 0


def vendor(target: Path = TARGET) -> bool:
    """Fill the folder, all of it or nothing; False where it was there already.

    Raises NotVendoredError where npm is missing or fails, or a package is not the one that is pinned.
    """
    stamp = hashlib.sha512(MANIFEST.read_bytes()).hexdigest()
    if (target / STAMP).is_file() and (target / STAMP).read_text(encoding="ascii") == stamp:
        return False
    packages = json.loads(MANIFEST.read_text(encoding="utf-8"))["packages"]
    npm = shutil.which("npm")
    if npm is None:
        raise NotVendoredError("npm is not installed: apt-get install npm")
    with tempfile.TemporaryDirectory(prefix="perfbench-vendor-") as folder:
        work = Path(folder)
        _pack(npm, packages, work)
        made = work / "made"
        made.mkdir()
        for package in packages:
            _unpack(work / f"{package['name']}-{package['version']}.tgz", package, made)
        (made / STAMP).write_text(stamp, encoding="ascii")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    return True


def _pack(npm: str, packages: list[dict[str, Any]], work: Path) -> None:
    names = [f"{package['name']}@{package['version']}" for package in packages]
    command = [npm, "pack", *OPTIONS, "--pack-destination", str(work), *names]
    try:
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotVendoredError(f"npm pack failed: {error}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise NotVendoredError(f"npm pack failed: {last[:200]}")


def _unpack(archive: Path, package: dict[str, Any], made: Path) -> None:
    if not archive.is_file():
        raise NotVendoredError(f"npm pack has not made {archive.name}")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode("ascii")
    if not hmac.compare_digest(f"sha512-{found}", package["integrity"]):
        raise NotVendoredError(f"{archive.name} is not the package that vendor_scripts.json pins")
    with tarfile.open(archive) as tar:
        for source, name in package["files"].items():
            try:
                member = tar.extractfile(f"package/{source}")
            except KeyError:
                member = None
            if member is None:
                raise NotVendoredError(f"{archive.name} holds no file {source}")
            (made / name).write_bytes(member.read(LARGEST_FILE))


if __name__ == "__main__":
    sys.exit(main())
