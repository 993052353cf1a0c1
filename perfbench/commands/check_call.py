"""The child process in which a user's own rule runs: `python check_call.py ROOT module:function ANSWER [RESULTS]`.

It writes to ANSWER, as JSON, the sentences of the rule or the fault that it ran into; without RESULTS (a
pickled `perfbench.Results`) it only looks whether there is such a function.
"""

from __future__ import annotations

import importlib
import itertools
import json
import pickle
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from perfbench.judged import Results  # first: the user's folder must not stand in its way

MOST_SENTENCES = 100


class FaultError(Exception):
    """Why there is no answer, in words."""


def main(root: Path, function: str, results: Path | None) -> dict[str, Any]:
    """The answer: `{"sentences": […]}`, or `{"fault": "…"}`."""
    try:
        call = _function(root, *function.split(":"))
        if results is None:
            return {"sentences": []}
        with results.open("rb") as file:
            found: Results = pickle.load(file)  # noqa: S301  (perfbench wrote it a moment ago)
        return {"sentences": _sentences(root, call, found)}
    except FaultError as fault:
        return {"fault": str(fault)}


def _function(root: Path, module: str, name: str) -> Callable[[Results], object]:
    sys.path.insert(0, str(root))
    try:
        found = getattr(importlib.import_module(module), name, None)
    except BaseException as error:  # SystemExit as well
        raise FaultError(_told(root, error)) from None
    if not callable(found):
        raise FaultError(f"there is no function {name} in {module}")
    return found  # type: ignore[no-any-return]


def _sentences(root: Path, call: Callable[[Results], object], results: Results) -> list[str]:
    """What the rule complains of; nothing where it is content."""
    try:
        answer = call(results)
        if answer is None or isinstance(answer, str):
            return [answer] if answer else []
        several = list(itertools.islice(answer, MOST_SENTENCES)) if isinstance(answer, Iterable) else [answer]
    except AssertionError as error:
        return [str(error) or _told(root, error)]
    except BaseException as error:
        raise FaultError(_told(root, error)) from None
    sentences: list[str] = []
    for one in several:
        if not isinstance(one, str):
            raise FaultError(f"it returned {one!r}, not None, a sentence or a list of sentences")
        sentences.append(one)
    return [one for one in sentences if one]


def _told(root: Path, error: BaseException) -> str:
    """The error, and the last line of the user's own that it went through."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root) and frame.filename != __file__
    ]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(root, error.filename)}:{error.lineno}: {error.msg}"
    if not frames:
        return what
    place = f"{_short(root, frames[-1].filename)}:{frames[-1].lineno}"
    if isinstance(error, AssertionError):
        return f"{place}: {frames[-1].line}"
    return f"{place}: {what}"


def _short(root: Path, filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(root)) if path.is_relative_to(root) else filename


if __name__ == "__main__":
    _root, _function_name, _answer, *_results = sys.argv[1:]
    _told_back = main(Path(_root), _function_name, Path(_results[0]) if _results else None)
    Path(_answer).write_text(json.dumps(_told_back), encoding="utf-8")
