"""The command line's frame: finds the sub-command, and turns every end of it into one exit code.

A sub-command lives in `perfbench/commands/`, is imported only when it is called, and returns an
`ExitCode` (None counts as passed) or raises a `PerfbenchError`. `_run` is the one place that catches.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from perfbench import __version__
from perfbench.errors import ExitCode, PerfbenchError
from perfbench.interruption import signals_unwind
from perfbench.lazy_group import LazyGroup

COMMANDS = {
    "check": ("check", "Tell whether head is slower or fatter than base."),
    "run": ("run", "Measure the current tree alone."),
    "compare": ("compare", "Judge one result file against another."),
    "judge": ("judge", "Judge lists of numbers, one pair a line."),
    "convert": ("convert", "Write result files in another format."),
    "list": ("listing", "Show every benchmark and every runtime."),
    "history": ("history", "Keep results of every commit, find where they changed, publish them."),
    "profile": ("profile", "Show where the time or the memory of a benchmark goes, and what moved."),
    "baseline": ("baseline", "Save, list, show and remove stored baselines."),
    "config": ("configuration", "Write, check and show the settings."),
    "doctor": ("doctor", "Say what works here, what does not, and what that costs."),
    "clean": ("clean", "Remove what runs have left behind."),
}
"""Sub-command → its module in `perfbench.commands` and its summary, so that help imports none of them."""

OUTPUT_GONE = 128 + 13
"""The reader of the output went away: what a shell sees of a program that SIGPIPE (13) has ended."""

_OS_REMEDIES = {
    errno.ENOSPC: "free some space, `perfbench clean --all` helps, and run again",
    errno.EDQUOT: "free some of the quota, `perfbench clean --all` helps, and run again",
    errno.EROFS: "run in a folder that can be written",
    errno.EACCES: "run as a user who may do this",
    errno.EPERM: "run as a user who may do this",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENOMEM: "free some memory and run again",
}


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 passed · 1 regressed · 2 usage or a missing part · 3 nothing measured · "
    "4 undecided, with --strict · 130 interrupted.",
)
@click.version_option(__version__, prog_name="perfbench", message="%(prog)s %(version)s")
@click.pass_context
def perfbench(ctx: click.Context) -> ExitCode | None:
    """Tell whether a change made a system that runs code for others slower, and why it thinks so."""
    if ctx.invoked_subcommand is not None:
        return None
    # Nothing was asked, so nothing has passed: help, but not exit 0.
    click.echo(ctx.get_help(), err=True)
    return ExitCode.USAGE


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; every error of ours becomes one line on stderr."""
    if sys.platform == "win32":
        _say("Windows is not supported; run it on Linux, on macOS or in WSL")
        return ExitCode.USAGE
    _print_any_character()
    with signals_unwind():
        return _run(sys.argv[1:] if argv is None else list(argv))


def _run(arguments: list[str]) -> int:
    try:
        code = _dispatch(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return ExitCode.INTERRUPTED
    except PerfbenchError as error:
        _debug()
        _say(str(error))
        return error.exit_code
    except click.ClickException as error:
        if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
            # A group without a command (click 8.2): its message is the whole help.
            click.echo(error.format_message(), err=True)
        else:
            _say(_usage_sentence(error))
        return ExitCode.USAGE
    except Exception as error:  # noqa: BLE001, RUF100  (the last line of defence)
        return _unforeseen(error)


def _dispatch(arguments: list[str]) -> int:
    """Parse and call. Not by click's own `main`: it ends a broken pipe with 1, which is "regressed" here."""
    if "_PERFBENCH_COMPLETE" in os.environ:
        perfbench.main(args=arguments, prog_name="perfbench")  # shell completion; it exits by itself
    try:
        with perfbench.make_context("perfbench", arguments) as ctx:
            code = perfbench.invoke(ctx)
    except click.exceptions.Exit as end:  # --help, --version
        return end.exit_code
    return ExitCode.PASSED if code is None else int(code)


def _usage_sentence(error: click.ClickException) -> str:
    """click's message in our form: the sentence, then where help is."""
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else "perfbench"
    return f"{message[:1].lower()}{message[1:]}; see `{path} --help`"


def _unforeseen(error: Exception) -> int:
    """What nobody caught: a reader that went away, the operating system's refusal, or a bug.

    All but the first end with 2: nothing was judged, and the cause is not the code under test.
    """
    if isinstance(error, BrokenPipeError) and _reader_gone():
        # The interpreter flushes once more at its end; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return OUTPUT_GONE
    _debug()
    if isinstance(error, OSError) and error.errno in _OS_REMEDIES:
        place = f" ({error.filename})" if error.filename else ""
        _say(f"{error.strerror or error}{place}; {_OS_REMEDIES[error.errno]}")
        return ExitCode.USAGE
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    _say(
        f"a fault in perfbench {__version__} itself: {what} at {_place(error)}; please report this line and "
        "the output of `perfbench doctor --json` (PERFBENCH_DEBUG=1 adds the traceback)"
    )
    return ExitCode.USAGE


def _reader_gone() -> bool:
    """Whether stdout is a pipe without a reader; a broken pipe may as well be a worker's or an engine's."""
    import select  # noqa: PLC0415

    poll = select.poll()
    poll.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _place(error: Exception) -> str:
    """File and line of the last frame of ours that the error went through."""
    import traceback  # noqa: PLC0415

    package = os.path.dirname(__file__)  # noqa: PTH120  (pathlib is not needed otherwise)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(package)]
    last = frames[-1]
    return f"{os.path.relpath(last.filename, os.path.dirname(package))}:{last.lineno}"  # noqa: PTH120


def _print_any_character() -> None:
    """Replace what a terminal's encoding cannot show instead of failing over it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _debug() -> None:
    if os.environ.get("PERFBENCH_DEBUG") == "1":
        import traceback  # noqa: PLC0415

        traceback.print_exc()


def _say(sentence: str) -> None:
    with suppress(OSError):  # stderr may be gone as well
        print(f"perfbench: {sentence}", file=sys.stderr, flush=True)  # noqa: T201
