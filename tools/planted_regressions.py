"""Does the profile of a confirmed regression name the function that was planted?

    python tools/planted_regressions.py [--only lock,leak] [--keep FOLDER]

Makes a small project, and for each of ten causes a commit that adds one function to it and a call of that function.
`perfbench check --profile` then compares that commit with the one before, as in CI. A cause is found where a row has
regressed and the planted function is among the at most three frames that the report names for it. Prints a line for
each, and exits with 1 where fewer than nine of ten are found.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WANTED = 0.9

SERVICE = '''"""A service that answers requests from a table."""

import json
import threading

RECORDS = [{"id": number, "name": f"name {number % 97}", "tags": ["a", "b"]} for number in range(60)]
TABLE = {record["id"]: record for record in RECORDS}
BUSY = threading.Lock()


def find(number):
    return TABLE[number % len(RECORDS)]


def validate(record):
    return sorted(record) and all(isinstance(tag, str) for tag in record["tags"])


def encode(records):
    return json.dumps(records)


def answer(number):
    found = [find(number + step) for step in range(60)]
    if not all(validate(record) for record in found):
        raise ValueError(number)
    return encode(found)
'''

BENCHMARKS = """import service


def time_answer():
    for number in range(5):
        service.answer(number)


def peakmem_answers():
    for number in range(200):
        service.answer(number)


peakmem_answers.unit = "bytes"
"""

CALL = "    found = [find(number + step) for step in range(60)]\n"
ENCODING = "    return encode(found)\n"


@dataclass(frozen=True, slots=True)
class Plant:
    """A cause: the function called `name`, in `code`, and the call of it that takes the place of `instead`.

    One of `memory` is looked for in the row of peak memory as well.
    """

    cause: str
    name: str
    code: str
    call: str
    instead: str = CALL
    memory: bool = False


PLANTS = (
    Plant("a sleep", "back_off", """
import time

def back_off():
    time.sleep(0.0005)
""", CALL + "    back_off()\n"),
    Plant("a hot loop", "checksum", """
def checksum(number):
    state = number
    for _ in range(4000):
        state = (state * 5 + 3) & 0xFFFF
    return state
""", CALL + "    checksum(number)\n"),
    Plant("a lock", "in_turn", """
import time

def _hold():
    while True:
        with BUSY:
            time.sleep(0.001)
        time.sleep(0.0002)

threading.Thread(target=_hold, daemon=True).start()

def in_turn():
    with BUSY:
        return True
""", CALL + "    in_turn()\n"),
    Plant("quadratic growth", "without_doubles", """
def without_doubles(records):
    kept = []
    for record in records:
        if record not in kept:
            kept.append(record)
    return kept
""", CALL + "    found = without_doubles(found)\n"),
    Plant("extra allocation", "padded", """
def padded(records):
    return [bytearray(20_000) for _ in records]
""", CALL + "    padded(found)\n", memory=True),
    Plant("a leak", "remember", """
SEEN = []

def remember(records):
    SEEN.append([dict(record, seen=b"x" * 400) for record in records])
""", CALL + "    remember(found)\n", memory=True),
    Plant("an import at call time", "plugin", """
import importlib
import sys

def plugin():
    for name in [name for name in sys.modules if name.startswith("xml.dom")]:
        del sys.modules[name]
    return importlib.import_module("xml.dom.minidom")
""", CALL + "    plugin()\n"),
    Plant("a slower serializer", "encode_readably", """
def encode_readably(records):
    return json.dumps(records, indent=2, sort_keys=True)
""", "    return encode_readably(found)\n", ENCODING),
    Plant("a subprocess", "version_of_system", """
import subprocess

def version_of_system():
    return subprocess.run(["true"], capture_output=True).stdout
""", CALL + "    version_of_system()\n"),
    Plant("a storm of system calls", "is_stale", """
import os

def is_stale():
    return any(os.stat("/").st_mtime < 0 for _ in range(400))
""", CALL + "    is_stale()\n"),
)  # fmt: skip

FILES = {
    "install.py": """import pathlib, shutil, sysconfig

shutil.copy(pathlib.Path(__file__).with_name("service.py"), sysconfig.get_path("purelib"))
""",
    "asv.conf.json": json.dumps(
        {
            "version": 1,
            "project": "service",
            "repo": ".",
            "branches": ["main"],
            "environment_type": "virtualenv",
            "build_command": [],
            "install_command": ["python {build_dir}/install.py"],
            "benchmark_dir": "benchmarks",
        }
    ),
    ".gitignore": ".perfbench/\nprofiles/\n",
    "benchmarks/__init__.py": "",
    "benchmarks/bench.py": BENCHMARKS,
}


def main() -> int:
    """Plant each cause and print whether it was named."""
    options = _options()
    wanted = [
        plant for plant in PLANTS if not options.only or any(word in plant.cause for word in options.only)
    ]
    found = 0
    with tempfile.TemporaryDirectory(prefix="perfbench-planted-") as temporary:
        folder = options.keep or Path(temporary)
        for plant in wanted:
            started = time.monotonic()
            place = folder / plant.name
            base = make_project(place, plant)
            report = check(place, base, memory=plant.memory)
            named, told = _told(report, plant)
            found += named
            seconds = time.monotonic() - started
            print(
                f"{'named ' if named else 'missed'}  {plant.cause:26} {told}  ({seconds:.0f} s)", flush=True
            )
    print(f"{found} of {len(wanted)} named")
    return 0 if found >= WANTED * len(wanted) else 1


def make_project(folder: Path, plant: Plant) -> str:
    """The project with the plant in its last commit; returns the commit before."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "service.py").write_text(SERVICE)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    base = _commit(folder, "Base")
    if SERVICE.count(plant.instead) != 1:
        raise ValueError(f"{plant.cause}: there is no one place for it")
    planted = SERVICE.replace(plant.instead, plant.call)
    at = planted.index("def find(")
    (folder / "service.py").write_text(f"{planted[:at]}{plant.code.lstrip()}\n\n{planted[at:]}")
    _commit(folder, "Head")
    return base


def check(folder: Path, base: str, *, memory: bool) -> dict[str, Any]:
    """The report of a check of the last commit against `base`, on its time or with its `memory`."""
    file = folder / "report.json"
    command = [sys.executable, "-m", "perfbench", "check", "--base", base, "--profile", "--quiet"]
    command += ["--all"] if memory else ["--bench", "time_answer"]
    done = subprocess.run(
        [*command, "--json", str(file)], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"CI": "false"},
    )  # fmt: skip
    if not file.is_file():
        raise RuntimeError(f"perfbench check ended with {done.returncode}: {done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(file.read_text())
    return report


def _told(report: dict[str, Any], plant: Plant) -> tuple[bool, str]:
    """Whether the planted function is named, and what was said."""
    words = []
    named = False
    for explanation in report["explanations"]:
        frames = explanation["frames"]
        named |= any(plant.name in frame["function"] for frame in frames)
        row = explanation["benchmark"]["name"].rpartition(".")[2]
        said = (
            ", ".join(f"{frame['function']} {frame['share']:.0%}" for frame in frames)
            or explanation["reason"]
        )
        words.append(f"{row}: {said} ({explanation['tool']})")
    outcomes = ", ".join(f"{one['benchmark']['name']} {one['outcome']}" for one in report["verdicts"])
    return named, "; ".join(words) or f"nothing has regressed ({outcomes})"


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _commit(folder: Path, subject: str) -> str:
    _git(folder, "add", "--all")
    author = ("-c", "user.name=planted", "-c", "user.email=planted@localhost", "-c", "commit.gpgSign=false")
    _git(folder, *author, "commit", "--quiet", "--message", subject)
    return _git(folder, "rev-parse", "HEAD")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=lambda text: text.split(","), help="causes with one of these words")
    parser.add_argument("--keep", type=Path, help="make the projects here, and leave them")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
