"""Commands: registered by name, found, and called by a line of text that no shell ever sees."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfbench.errors import CommandError
from perfbench.sandbox.commands import LONGEST_LINE, Invocation, Registry


def echo(*words: str) -> tuple[str, ...]:
    """Give back its words.

    More is not said.
    """
    return words


def run(
    program: str,
    tries: int = 1,
    *arguments: str,
    timeout: float = 10.0,
    max_size: int = 0,
    quiet: bool = False,
) -> tuple[object, ...]:
    return (program, tries, arguments, timeout, max_size, quiet)


def move(source: str, target: str, *, mode: str) -> tuple[str, str, str]:
    return (source, target, mode)


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.register("echo", echo, aliases=("say", "print"))
    registry.register("run", run, summary="Run a program")
    registry.register("move", move)
    return registry


def complaint(registry: Registry, line: str) -> str:
    with pytest.raises(CommandError) as caught:
        registry.dispatch(line)
    return str(caught.value)


# Registration and look-up


def test_a_command_is_found_by_its_name_and_its_aliases(registry: Registry) -> None:
    assert registry.find("echo") is registry.find("say") is registry.find("print")
    assert registry.names() == ["echo", "move", "run"]


def test_a_summary_is_given_or_the_first_line_of_the_docstring(registry: Registry) -> None:
    summaries = [registry.find(name).summary for name in registry.names()]
    assert summaries == ["Give back its words.", "", "Run a program"]


def test_a_command_that_is_none_gives_the_nearest(registry: Registry) -> None:
    with pytest.raises(CommandError, match=r"no command 'ecko'; did you mean 'echo'\?"):
        registry.find("ecko")
    with pytest.raises(CommandError, match="there are echo, move, print, run, say"):
        registry.find("zzz")
    with pytest.raises(CommandError, match="none is registered"):
        Registry().find("echo")


@pytest.mark.parametrize("name", ["echo", "say"])
def test_a_name_that_is_taken_cannot_be_registered(name: str, registry: Registry) -> None:
    with pytest.raises(CommandError, match="there is a command"):
        registry.register(name, echo)
    with pytest.raises(CommandError, match="there is a command"):
        registry.register("new", echo, aliases=(name,))
    assert "new" not in registry.names()


@pytest.mark.parametrize("name", ["", "Echo", "-x", "a b", "a;b", "x" * 61, "é"])
def test_a_name_must_be_a_plain_word(name: str) -> None:
    with pytest.raises(CommandError, match="is no name of a command"):
        Registry().register(name, echo)


def test_an_alias_must_be_another_name() -> None:
    with pytest.raises(CommandError, match="the same name twice"):
        Registry().register("echo", echo, aliases=("echo",))


def anything(**options: str) -> dict[str, str]:
    return options


@pytest.mark.parametrize("function", [anything, type, 3])
def test_a_function_that_lines_cannot_call_is_refused(function: Any) -> None:
    with pytest.raises(CommandError, match=r"takes any option|cannot be seen"):
        Registry().register("odd", function)


# Parsing


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("run ls", ("ls", 1, (), 10.0, 0, False)),
        ("run ls 3 a b", ("ls", 3, ("a", "b"), 10.0, 0, False)),
        ("run --timeout 5 ls", ("ls", 1, (), 5.0, 0, False)),
        ("run ls --timeout=5", ("ls", 1, (), 5.0, 0, False)),
        ("run ls --max-size 7", ("ls", 1, (), 10.0, 7, False)),
        ("run ls --max_size=7", ("ls", 1, (), 10.0, 7, False)),
        ("run --quiet ls", ("ls", 1, (), 10.0, 0, True)),
        ("run --quiet=false ls", ("ls", 1, (), 10.0, 0, False)),
        ("run ls -- 2 --quiet --", ("ls", 2, ("--quiet", "--"), 10.0, 0, False)),
        ("run ls -1 -x", ("ls", -1, ("-x",), 10.0, 0, False)),
        ("run --timeout -1 ls", ("ls", 1, (), -1.0, 0, False)),
        ("run 'a b' 1 \"c 'd'\" e\\ f", ("a b", 1, ("c 'd'", "e f"), 10.0, 0, False)),
        ("  run\tls  ", ("ls", 1, (), 10.0, 0, False)),
        ("run ''", ("", 1, (), 10.0, 0, False)),
    ],
)
def test_a_line_becomes_arguments_options_and_flags(
    line: str, wanted: tuple[object, ...], registry: Registry
) -> None:
    assert registry.dispatch(line) == wanted


def test_parsing_calls_nothing(registry: Registry) -> None:
    invocation = registry.parse("move a b --mode fast")
    assert invocation == Invocation(registry.find("move"), ("a", "b"), {"mode": "fast"})
    assert invocation.call() == ("a", "b", "fast")


def test_characters_of_a_shell_are_characters(registry: Registry) -> None:
    line = "echo $HOME `id` $(id) ; | & > /tmp/x * ~ # #no-comment !! {a,b}"
    assert registry.dispatch(line) == tuple(line.split()[1:])


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20), max_size=8))
def test_words_that_are_quoted_arrive_as_they_are(words: list[str]) -> None:
    registry = Registry()
    registry.register("echo", echo)
    assert registry.dispatch(shlex.join(["echo", "--", *words])) == tuple(words)


@given(st.text(max_size=60))
def test_every_line_is_called_or_refused(line: str) -> None:
    registry = Registry()
    registry.register("run", run)
    try:
        registry.dispatch(f"run {line}")
    except CommandError as error:
        assert error.message  # noqa: PT017  (either way is right)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "the line is empty; the commands are echo, move, run"),
        ("   ", "the line is empty"),
        ("ecko a", "there is no command 'ecko'; did you mean 'echo'?"),
        ("echo 'a", "a quote of the line has no end"),
        ('echo "a', "a quote of the line has no end"),
        ("echo a\\", "a quote of the line has no end"),
        ("echo a\0b", "the line holds a NUL character"),
        ("echo " + "x" * LONGEST_LINE, "use at most 65536"),
        ("run", "run: it lacks program"),
        ("move a", "move: it lacks target"),
        ("move a b", "move: it lacks --mode; write --mode=…"),
        ("move a b c --mode x", "move: 'c' is one argument too many"),
        ("move a b --mode", "move: --mode has no value"),
        ("move a b --mode --other", "move: --mode has no value"),
        ("run ls --timeout", "run: --timeout has no value"),
        ("run ls --timeout soon", "run: --timeout must be a number, not 'soon'"),
        ("run ls much", "run: tries must be a whole number, not 'much'"),
        ("run ls --quiet=maybe", "run: --quiet must be true or false, not 'maybe'"),
        ("run ls --quiet --quiet", "run: --quiet stands there twice"),
        ("run ls --timeuot 1", "run: there is no option --timeuot; did you mean '--timeout'?"),
        ("run ls --=1", "run: there is no option --;"),
        ("echo --loud", "echo: there is no option --loud; it takes none; write -- before"),
    ],
    ids=lambda value: value[:30],
)
def test_a_line_that_does_not_fit_says_why(line: str, said: str, registry: Registry) -> None:
    assert said in complaint(registry, line)


def test_types_are_those_of_annotations_else_of_defaults() -> None:
    def plain(a, b=2, *, c=1.5, d=False):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, RUF100
        return (a, b, c, d)

    registry = Registry()
    registry.register("plain", plain)
    registry.register("strict", eval("lambda x: x", {}), summary="A function without a name")  # noqa: S307
    assert registry.dispatch("plain 1 2 --c 3 --d") == ("1", 2, 3.0, True)
    assert registry.dispatch("strict x") == "x"


def test_what_a_command_raises_is_passed_on(registry: Registry) -> None:
    def fail() -> None:
        raise ZeroDivisionError("as it happens")

    registry.register("fail", fail)
    with pytest.raises(ZeroDivisionError, match="as it happens"):
        registry.dispatch("fail")


def test_methods_are_commands_too() -> None:
    class Counter:
        total = 0

        def add(self, number: int) -> int:
            self.total += number
            return self.total

    add: Callable[[int], int] = Counter().add
    registry = Registry()
    registry.register("add", add)
    assert [registry.dispatch("add 2"), registry.dispatch("add 3")] == [2, 5]
