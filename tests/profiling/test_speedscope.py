"""Call trees as speedscope reads them: by its published form, and read again by ourselves."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import CallTree, StackCollector
from perfbench.profiling.readers import read_profile
from perfbench.profiling.speedscope import SCHEMA, speedscope
from tests.profiling.readers.stacks_in_words import stacks_of

frames = st.builds(
    Frame,
    st.sampled_from(["f", "g (x.py:3)", "", "<módulo>"]),
    st.sampled_from(["", "a/b.py"]),
    st.sampled_from([0, 7]),
)
stacks = st.lists(st.tuples(st.lists(frames, min_size=1, max_size=6), st.floats(1e-6, 1e6)), max_size=20)

NUMBER = {"type": "number"}
FORM = {
    "type": "object",
    "required": ["$schema", "shared", "profiles"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": SCHEMA},
        "name": {"type": "string"},
        "exporter": {"type": "string"},
        "activeProfileIndex": NUMBER,
        "shared": {
            "type": "object",
            "required": ["frames"],
            "properties": {
                "frames": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string"}, "file": {"type": "string"}, "line": NUMBER, "col": NUMBER,
                        },
                    },
                }
            },
        },
        "profiles": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "name", "unit", "startValue", "endValue", "samples", "weights"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "sampled"},
                    "name": {"type": "string"},
                    "unit": {
                        "enum": ["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]
                    },
                    "startValue": NUMBER,
                    "endValue": NUMBER,
                    "samples": {"type": "array", "items": {"type": "array", "items": NUMBER}},
                    "weights": {"type": "array", "items": NUMBER},
                },
            },
        },
    },
}  # fmt: skip
"""SampledProfile and what it stands in, of speedscope's file-format-spec.ts."""


def tree_of(found: list[tuple[list[Frame], float]]) -> CallTree:
    collector = StackCollector()
    for stack, weight in found:
        collector.add([collector.number(frame) for frame in stack], weight)
    return collector.tree()


@given(stacks, st.sampled_from(["seconds", "bytes", "samples", "allocations", "share"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_a_tree_is_of_the_published_form_and_is_read_again(
    tmp_path: Path, found: list[tuple[list[Frame], float]], unit: str
) -> None:
    tree = tree_of(found)
    document = speedscope(tree, name="app.Load.time_load", unit=unit)
    jsonschema.validate(document, FORM)
    assert len(document["profiles"][0]["samples"]) == len(document["profiles"][0]["weights"])
    if not found:
        return
    path = tmp_path / "app.speedscope.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    again = read_profile(path)
    assert stacks_of(again.tree) == pytest.approx(stacks_of(tree))
    assert again.unit == (unit if unit in ("seconds", "bytes") else "samples")


def test_stacks_stand_beside_those_that_they_share_most_with() -> None:
    names = {letter: Frame(letter) for letter in "abcd"}
    words = ["ab", "cd", "ac", "c", "ad", "cda"]
    weights = [1.0, 20.0, 3.0, 1.0, 2.0, 5.0]
    tree = tree_of(
        [([names[letter] for letter in word], one) for word, one in zip(words, weights, strict=True)]
    )
    document = speedscope(tree, name="", unit="samples")
    (profile,) = document["profiles"]
    shown = [
        "".join(document["shared"]["frames"][at]["name"] for at in stack) for stack in profile["samples"]
    ]
    assert shown == ["c", "cd", "cda", "ac", "ad", "ab"]
    assert profile["endValue"] == sum(weights)
