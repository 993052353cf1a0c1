"""A small foreign repository with two commits, whose difference in speed is known exactly.

An installable module of eight pure functions, from about 70 µs to 4 ms a call, with asv benchmarks outside it.
The second commit changes a comment, or lets one function, a plain loop, make more of the same steps.
"""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

STEPS = 20_000
"""Steps of the loop that a commit may lengthen: about a millisecond, so that the call itself is 0.01 % of it."""

SLOWED = "work.time_accumulate"
"""The full id of that loop's benchmark."""

_MODULE = '''"""Eight things to do with a processor."""

import json
import re

STEPS = {steps}
WORDS = "the quick brown fox jumps over the lazy dog while seven wizards box".split() * 180
TEXT = " ".join(f"{{word}} 2024-{{n % 12 + 1:02}}-{{n % 28 + 1:02}}" for n, word in enumerate(WORDS[:400]))
RECORDS = [{{"id": n * 7919 % 1009, "name": f"name {{n % 97}}", "tags": ["a", "b"]}} for n in range(400)]


def accumulate():
    # {comment}
    state = 1
    for _ in range(STEPS):
        state = (state * 5 + 3) & 0xFFFF
    return state


def sieve(limit=12_000):
    prime = bytearray([1]) * limit
    for n in range(2, int(limit**0.5) + 1):
        if prime[n]:
            prime[n * n :: n] = bytes(len(range(n * n, limit, n)))
    return sum(prime)


def count_words():
    counts = {{}}
    for word in WORDS:
        counts[word] = counts.get(word, 0) + 1
    return counts


def find_dates(pattern=re.compile(r"(\\d{{4}})-(\\d\\d)-(\\d\\d)")):
    return [match.groups() for match in pattern.finditer(TEXT)]


def sort_records():
    return sorted(RECORDS, key=lambda record: (record["name"], record["id"]))


def round_trip():
    return json.loads(json.dumps(RECORDS))


def fibonacci(n=19):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def edit_distance(first="kitten sitting on the mitten" * 4, second="sitting kitten in the kitchen" * 4):
    above = list(range(len(second) + 1))
    for row, left in enumerate(first, 1):
        line = [row]
        for column, right in enumerate(second, 1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (left != right)))
        above = line
    return above[-1]
'''

_BENCHMARKS = """import quarry


def time_accumulate():
    quarry.accumulate()


def time_sieve():
    quarry.sieve()


def time_count_words():
    quarry.count_words()


def time_find_dates():
    quarry.find_dates()


def time_sort_records():
    quarry.sort_records()


def time_round_trip():
    quarry.round_trip()


def time_fibonacci():
    quarry.fibonacci()


def time_edit_distance():
    quarry.edit_distance()
"""

# Both tools find setuptools in each environment that virtualenv makes: no backend is fetched for every build.
_FILES = {
    ".gitignore": ".asv/\n",
    "pyproject.toml": """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "quarry"
version = "1.0"

[tool.setuptools]
py-modules = ["quarry"]
""",
    "asv.conf.json": """{
    "version": 1,
    "project": "quarry",
    "repo": ".",
    "branches": ["main"],
    "environment_type": "virtualenv",
    "build_command": [],
    "install_command": ["in-dir={env_dir} python -m pip install --no-build-isolation --no-deps {build_dir}"],
    "benchmark_dir": "benchmarks",
    "env_dir": ".asv/env",
    "results_dir": ".asv/results",
    "html_dir": ".asv/html"
}
""",
    "benchmarks/__init__.py": "",
    "benchmarks/work.py": _BENCHMARKS,
}


def make_project(folder: Path, percent: Fraction) -> None:
    """Make the repository in `folder`; its last commit has `percent` more steps, or with 0 another comment.

    Raises ValueError where that many steps are not a whole number, and CalledProcessError where git fails.
    """
    steps = STEPS * (1 + percent / 100)
    if steps.denominator != 1:
        raise ValueError(f"{float(percent):g} % of {STEPS} steps is no whole number of steps")
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, "Base", STEPS, "A linear congruential generator.")
    comment = (
        "A linear congruential generator." if percent else "A linear congruential generator, period 2 ** 16."
    )
    _commit(folder, "Head", int(steps), comment)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def _commit(folder: Path, subject: str, steps: int, comment: str) -> None:
    (folder / "quarry.py").write_text(_MODULE.format(steps=steps, comment=comment))
    _git(folder, "add", "--all")
    author = ("-c", "user.name=quarry", "-c", "user.email=quarry@localhost", "-c", "commit.gpgSign=false")
    _git(folder, *author, "commit", "--quiet", "--message", subject)
