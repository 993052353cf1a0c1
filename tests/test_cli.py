"""The frame of the command line: every end of it is one exit code and at most one line on stderr."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from perfbench import __version__
from perfbench.cli import COMMANDS, OUTPUT_GONE, main
from perfbench.errors import ExitCode

ROOT = Path(__file__).parents[1]

PROBE = """
import errno, signal, sys, types, click
import perfbench.cli as cli
from perfbench.errors import *

@click.command()
def command():
    {body}

sys.modules["perfbench.commands.probe"] = types.SimpleNamespace(command=command)
cli.COMMANDS["probe"] = ("probe", "A probe.")
sys.exit(cli.main(["probe"]))
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m perfbench` with these arguments."""
    return _python("-m", "perfbench", *arguments, **environment)


def probe(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line with one more sub-command, whose body this is."""
    # Under nohup, as CI may run, a hangup is ignored from the start.
    default = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    return _python("-c", default + PROBE.format(body=body), **environment)


def _python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        cwd=ROOT,
        env={**os.environ, "PERFBENCH_DEBUG": "", **environment},
        timeout=60,
        check=False,
    )


def test_version_names_the_package_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"perfbench {__version__}\n", "")


@pytest.mark.parametrize("group", ["history", "baseline", "config"])
def test_a_group_without_a_command_shows_its_help_and_is_no_success(group: str) -> None:
    done = run(group)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert done.stderr.startswith(f"Usage: perfbench {group} [OPTIONS] COMMAND")


def test_a_wrong_command_of_a_group_names_the_nearest() -> None:
    done = run("history", "sho")
    assert done.returncode == ExitCode.USAGE
    assert done.stderr == "perfbench: there is no command 'sho'; did you mean `perfbench history show`?\n"


def test_the_start_imports_no_sub_command_and_nothing_but_click() -> None:
    program = (
        "import sys, perfbench.cli; perfbench.cli.main(['--help']);"
        "print(*sorted(m for m in sys.modules if m.startswith('perfbench')), file=sys.stderr);"
        "print(*{m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names, file=sys.stderr)"
    )
    done = _python("-I", "-S", "-c", f"import sys; sys.path[:0] = {[str(ROOT), *sys.path]!r};{program}")
    ours, foreign = done.stderr.splitlines()
    assert ours.split() == [
        "perfbench", "perfbench.cli", "perfbench.errors", "perfbench.interruption", "perfbench.lazy_group",
    ]  # fmt: skip
    assert set(foreign.split()) <= {"click", "perfbench", "__main__"}


def test_help_lists_every_command_and_every_exit_code() -> None:
    done = run("--help")
    assert done.returncode == ExitCode.PASSED
    assert all(f"\n  {name}" in done.stdout for name in COMMANDS)
    assert all(str(int(code)) in done.stdout.partition("Exit codes")[2] for code in ExitCode)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == ExitCode.PASSED, done.stderr
    assert done.stdout.startswith(f"Usage: perfbench {name}")
    module = importlib.import_module(f"perfbench.commands.{COMMANDS[name][0]}")
    assert isinstance(module.command, click.Command)
    assert module.command.help


def test_nothing_asked_is_not_a_pass() -> None:
    done = run()
    assert done.returncode == ExitCode.USAGE
    assert "Commands:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chek"], "perfbench: there is no command 'chek'; did you mean `perfbench check`?\n"),
        (["zzzz"], "perfbench: there is no command 'zzzz'; `perfbench --help` lists them\n"),
        (["clean", "surplus"], "see `perfbench clean --help`\n"),
        (["clean", "--dry-rum"], "--dry-run"),
        (["--nothing"], "see `perfbench --help`\n"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_that_names_the_nearest(
    arguments: list[str], sentence: str
) -> None:
    done = run(*arguments)
    assert done.returncode == ExitCode.USAGE
    assert sentence in done.stderr
    assert done.stderr.startswith("perfbench: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("code", ExitCode)
def test_a_command_ends_with_the_code_it_returns(code: ExitCode) -> None:
    assert probe(f"return ExitCode({int(code)})").returncode == code


def test_a_command_that_returns_nothing_has_passed() -> None:
    assert probe("pass").returncode == ExitCode.PASSED


@pytest.mark.parametrize(
    ("error", "code"),
    [("UsageError", 2), ("MissingComponentError", 2), ("SandboxError", 2), ("MeasurementError", 3)],
)
def test_an_error_of_ours_is_its_sentence_its_remedy_and_its_code(error: str, code: int) -> None:
    done = probe(f"raise {error}('it is so', 'do this')")
    assert (done.returncode, done.stderr) == (code, "perfbench: it is so; do this\n")


def test_a_fault_is_one_line_that_asks_for_a_report() -> None:
    done = probe("raise KeyError('x\\ny')")
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.count("\n") == 1
    assert f"perfbench {__version__}" in done.stderr
    assert "KeyError" in done.stderr
    assert "perfbench/cli.py:" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_traceback_is_there_for_those_who_ask() -> None:
    assert "Traceback" in probe("raise KeyError('x')", PERFBENCH_DEBUG="1").stderr


def test_a_full_disk_is_a_sentence_with_its_remedy() -> None:
    done = probe("raise OSError(errno.ENOSPC, 'No space left on device', 'run.jsonl')")
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.startswith("perfbench: No space left on device (run.jsonl); ")
    assert "perfbench clean" in done.stderr


def test_a_name_that_is_too_long_is_a_sentence_with_its_remedy() -> None:
    done = probe("raise OSError(errno.ENAMETOOLONG, 'File name too long', 'long.html')")
    assert (done.returncode, done.stderr) == (
        ExitCode.USAGE, "perfbench: File name too long (long.html); name a shorter one\n",
    )  # fmt: skip


def test_ctrl_c_is_one_line() -> None:
    done = probe("signal.raise_signal(signal.SIGINT)")
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, "perfbench: interrupted\n")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_termination_unwinds_like_ctrl_c(name: str) -> None:
    done = probe(f"""
    try:
        signal.raise_signal(signal.{name})
    finally:
        click.echo("cleaned up")
    """)
    assert (done.returncode, done.stdout) == (ExitCode.INTERRUPTED, "cleaned up\n")
    assert done.stderr == "perfbench: interrupted\n"


HALF_MADE = """
    class HalfMade:
        def __init__(self):
            {interruption}
            self.open = True

        def __del__(self):
            self.open
"""


def test_what_an_interruption_leaves_half_made_says_nothing_of_it() -> None:
    body = HALF_MADE.format(interruption="signal.raise_signal(signal.SIGINT)") + "    HalfMade()"
    done = probe(body)
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, "perfbench: interrupted\n")
    assert "Traceback" in probe(body, PERFBENCH_DEBUG="1").stderr


def test_a_finalizer_that_fails_by_itself_is_seen() -> None:
    body = HALF_MADE.format(interruption="raise PerfbenchError('it is so')") + "    HalfMade()"
    assert "AttributeError" in probe(body).stderr


def test_an_interruption_that_falls_into_a_finalizer_is_not_lost() -> None:
    done = probe("""
    class Ended:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    import time
    Ended()
    time.sleep(60)
    """)
    assert done.returncode == ExitCode.INTERRUPTED
    assert done.stderr == "perfbench: interrupted\n"


def test_an_ignored_hangup_stays_ignored() -> None:
    """As under nohup."""
    program = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + PROBE.format(
        body="signal.raise_signal(signal.SIGHUP)"
    )
    assert _python("-c", program).returncode == ExitCode.PASSED


def test_signal_handlers_are_put_back() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers], sys.unraisablehook
    assert main(["--version"]) == 0
    assert ([signal.getsignal(number) for number in numbers], sys.unraisablehook) == before


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    body = "\n    ".join(["while True:", "    click.echo('line' * 100)"])
    command = subprocess.Popen(
        [sys.executable, "-c", PROBE.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.readline()
    command.stdout.close()
    assert command.stderr.read() == b""
    command.stderr.close()
    assert command.wait(60) == OUTPUT_GONE


def test_another_broken_pipe_is_not_taken_for_the_reader() -> None:
    done = probe("raise BrokenPipeError(32, 'Broken pipe')")
    assert done.returncode == ExitCode.USAGE
    assert "BrokenPipeError" in done.stderr


def test_what_the_terminal_cannot_show_is_replaced() -> None:
    done = probe("click.echo('12 µs ✗')", PYTHONIOENCODING="cp437", PYTHONUTF8="0")
    assert (done.returncode, done.stdout.encode(errors="surrogateescape")) == (0, "12 µs ?\n".encode("cp437"))


def test_windows_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["--version"]) == ExitCode.USAGE
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "Windows" in output.err


def test_completion_knows_the_commands() -> None:
    done = run(_PERFBENCH_COMPLETE="bash_complete", COMP_WORDS="perfbench ", COMP_CWORD="1")
    assert all(name in done.stdout for name in COMMANDS)
