"""Does the gate stay silent on identical trees, and does it find a planted slowdown?

    eval "$(tools/engine start)"; python tools/planted.py identical --times 10
    python tools/planted.py sleep --times 10 --milliseconds 50

Works on a clone of this repository's HEAD in a temporary folder. `identical` compares HEAD with itself and wants
exit 0. `sleep` puts `time.sleep` into the start of the Docker driver, in the working tree, and wants exit 1, with
every gated row that starts a Docker container alone named as regressed, and none that starts none. What follows
`--` goes to `perfbench check`. Exits 1 when a run was not as wanted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DRIVER = Path("perfbench/sandbox/runtimes/docker_sandbox.py")
START = "    def start(self) -> None:\n"
STARTS = (
    "time_start(docker:",
    "time_first_command(docker:",
    "time_first_start(docker:",
    "time_cycle(docker:",
)
"""Rows whose clock runs over one start: these must be found."""
MAY_START = (*STARTS, "Concurrent.time_until_all_answer(docker:")
"""Rows whose clock runs over a start somewhere: no others may be named."""


def main() -> int:
    """Run the check as often as asked, a line for each."""
    options = _options()
    wanted = 0
    with tempfile.TemporaryDirectory(prefix="perfbench-planted-") as folder:
        clone = Path(folder) / "clone"
        _git("clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
        if options.what == "sleep":
            plant(clone / DRIVER, options.milliseconds / 1000)
        for number in range(1, options.times + 1):
            started = time.monotonic()
            code, report = _check(clone, Path(folder) / f"{number}.json", options.arguments)
            good, told = _identical(code, report) if options.what == "identical" else _found(code, report)
            wanted += good
            mark = "as wanted" if good else "NOT as wanted"
            print(f"{number}: exit {code}, {told}, {time.monotonic() - started:.0f} s, {mark}", flush=True)
    print(f"{wanted} of {options.times} as wanted")
    return int(wanted < options.times)


def _identical(code: int, report: dict[str, Any]) -> tuple[bool, str]:
    counts = report.get("counts", {})
    return code == 0, ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number)


def _found(code: int, report: dict[str, Any]) -> tuple[bool, str]:
    rows = {verdict["benchmark"]["id"]: verdict["outcome"] for verdict in report.get("verdicts", ())}
    regressed = {row for row, outcome in rows.items() if outcome == "regressed"}
    must = {
        row for row, outcome in rows.items() if outcome != "skipped" and any(part in row for part in STARTS)
    }
    wrong = {row for row in regressed if not any(part in row for part in MAY_START)}
    told = f"found {len(regressed & must)} of {len(must)}, wrongly named {sorted(wrong) or 'none'}"
    return code == 1 and bool(must) and must <= regressed and not wrong, told


def _check(clone: Path, report: Path, arguments: list[str]) -> tuple[int, dict[str, Any]]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "perfbench",
        "check",
        "--base",
        "HEAD",
        "--quiet",
        "--json",
        str(report),
    ]
    done = subprocess.run([*command, *arguments], cwd=clone, capture_output=True, text=True, check=False)
    if not report.exists():
        print(done.stderr.strip(), file=sys.stderr)
        return done.returncode, {}
    content: dict[str, Any] = json.loads(report.read_text())
    return done.returncode, content


def plant(driver: Path, seconds: float) -> None:
    """Let every container's start sleep first. Raises SystemExit for a driver of another shape."""
    text = driver.read_text()
    if text.count(START) != 1:
        raise SystemExit(f"{driver} has no single start to plant a sleep in")
    driver.write_text(text.replace(START, f"{START}        __import__('time').sleep({seconds})\n"))


def _git(*arguments: str, cwd: Path) -> None:
    subprocess.run(["git", *arguments], cwd=cwd, check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("identical", "sleep"))
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--milliseconds", type=float, default=50.0)
    own, _, given = " ".join(sys.argv[1:]).partition(" -- ")
    options = parser.parse_args(own.split())
    options.arguments = given.split()
    return options


if __name__ == "__main__":
    sys.exit(main())
