"""Files of speedscope: sampled, evented, and broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfbench.errors import PerfbenchError, UsageError
from perfbench.model_profile import Frame
from perfbench.profiling.readers import Profile, json_file, read_profile, speedscope_file
from tests.profiling.readers.stacks_in_words import stacks_of

FRAMES = [
    {"name": "main", "file": "/srv/w.py", "line": 8, "col": None},
    {"name": "work (w.py:3)"},
    {"name": "idle {[]}", "file": "", "line": None},
]
SAMPLED = {
    "type": "sampled", "name": "Thread 1", "unit": "milliseconds", "startValue": 0, "endValue": 9,
    "samples": [[0, 1], [0], [], [0, 1], [2]], "weights": [2, 1.5, 100, 3, 1],
}  # fmt: skip
EVENTED = {
    "type": "evented", "name": "Thread 2", "unit": "milliseconds", "startValue": 10, "endValue": 30,
    "events": [
        {"type": "O", "frame": 0, "at": 11}, {"type": "O", "frame": 1, "at": 13}, {"type": "C", "frame": 1, "at": 17},
        {"type": "C", "frame": 0, "at": 18}, {"type": "O", "frame": 2, "at": 25},
    ],
}  # fmt: skip
MAIN, WORK, IDLE = "main (/srv/w.py:8)", "work (w.py:3)", "idle {[]}"


def document(*profiles: dict[str, Any], **more: object) -> dict[str, Any]:
    schema = "https://www.speedscope.app/file-format-schema.json"
    return {"$schema": schema, "profiles": profiles, "shared": {"frames": FRAMES}, **more}


def read(path: Path, found: object) -> Profile:
    path.write_text(json.dumps(found), encoding="utf-8")
    return read_profile(path)


def test_samples_are_stacks_with_their_weights_in_base_units(tmp_path: Path) -> None:
    found = read(tmp_path / "s.json", document(SAMPLED))
    assert stacks_of(found.tree) == {
        (MAIN, WORK): pytest.approx(0.005), (MAIN,): pytest.approx(0.0015), (IDLE,): pytest.approx(0.001),
    }  # fmt: skip
    assert (found.unit, found.samples, found.problems) == ("seconds", 4, ())
    assert found.tree.frames == (Frame("main", "/srv/w.py", 8), Frame("work", "w.py", 3), Frame("idle {[]}"))


def test_events_are_what_passes_between_them(tmp_path: Path) -> None:
    found = read(tmp_path / "s.json", document(EVENTED))
    assert stacks_of(found.tree) == {
        (MAIN,): pytest.approx(0.003), (MAIN, WORK): pytest.approx(0.004), (IDLE,): pytest.approx(0.005),
    }  # fmt: skip
    assert found.problems == ()


def test_threads_of_both_kinds_are_laid_together(tmp_path: Path) -> None:
    both = stacks_of(read(tmp_path / "both.json", document(SAMPLED, EVENTED, SAMPLED)).tree)
    assert both[(MAIN, WORK)] == pytest.approx(0.014)
    assert sum(both.values()) == pytest.approx(0.027)


def test_only_profiles_of_the_active_ones_unit_count(tmp_path: Path) -> None:
    counted = {**SAMPLED, "unit": "none"}
    sizes = {**SAMPLED, "unit": "bytes"}
    found = read(tmp_path / "s.json", document(counted, sizes, activeProfileIndex=1))
    assert (found.unit, found.tree.total()[0], len(found.problems)) == ("bytes", 7.5, 1)
    first = read(tmp_path / "s.json", document(counted, sizes, activeProfileIndex=None))
    assert (first.unit, first.problems[0].message) == (
        "samples",
        "profile 1 counts bytes, not none: left out",
    )


def test_what_cannot_be_is_told_and_left_out(tmp_path: Path) -> None:
    samples = {**SAMPLED, "samples": [[0], [0, 7], [-1], [1], [2], [2]], "weights": [1, 1, 1, -1, 1e30, 2, 3]}
    found = read(tmp_path / "s.json", document(samples, {**SAMPLED, "type": "other"}))
    assert sum(stacks_of(found.tree).values()) == pytest.approx(0.003)
    assert len(found.problems) == 6
    events = [{"type": kind, "frame": frame, "at": at} for kind, frame, at in
              [("C", 0, 1), ("O", 9, 2), ("O", 0, 3), ("C", 1, 4), ("O", 1, 2), ("X", 0, 5), ("C", 0, 6)]]  # fmt: skip
    found = read(tmp_path / "s.json", document({**EVENTED, "startValue": 0, "endValue": 6, "events": events}))
    assert stacks_of(found.tree) == {(MAIN,): pytest.approx(0.003)}
    assert len(found.problems) == 5


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (document(), "holds no samples"),
        (document({**SAMPLED, "samples": [], "weights": []}), "holds no samples"),
        (document({**SAMPLED, "weights": [0] * 5}), "holds no samples"),
        (document({**EVENTED, "events": [], "endValue": 10}), "holds no samples"),
        (document({**SAMPLED, "unit": "parsecs"}), "there is no unit 'parsecs'"),
        (document({**SAMPLED, "weights": ["a"]}), "is no file of speedscope"),
        (document({**SAMPLED, "samples": [[0.5]]}), "sample 1"),
        (document({**EVENTED, "events": [{"type": "O"}]}), "event 1"),
        (document({"name": "x"}), "is no file of speedscope"),
        ({"shared": {}, "profiles": []}, "is no file of speedscope"),
        ({"shared": {"frames": [{}]}, "profiles": []}, "is no file of speedscope"),
        ({"profiles": []}, "is no profile"),
        ({}, "is no profile"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, found: object, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read(tmp_path / "s.json", found)


def test_a_file_that_is_cut_off_or_broken_is_told_apart(tmp_path: Path) -> None:
    path, whole = tmp_path / "s.json", json.dumps(document(SAMPLED))
    path.write_text(whole[:-40], encoding="utf-8")
    with pytest.raises(UsageError, match="is cut off before its end"):
        read_profile(path)
    path.write_text(whole.replace("[2]", "[2}"), encoding="utf-8")
    with pytest.raises(UsageError, match="is not valid JSON"):
        read_profile(path)
    path.write_text(whole.replace("1.5", "NaN"), encoding="utf-8")
    with pytest.raises(UsageError, match="is not valid JSON"):
        read_profile(path)
    path.write_text('{"a":' * 100_000, encoding="utf-8")
    with pytest.raises(UsageError):
        read_profile(path)


@pytest.mark.parametrize(
    ("module", "bound"),
    [(json_file, "MOST_BYTES"), (speedscope_file, "MOST_PROFILES"), (speedscope_file, "MOST_NODES")],
)
def test_a_file_with_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, bound: str
) -> None:
    monkeypatch.setattr(module, bound, 1)
    with pytest.raises(UsageError, match="profile for a shorter time"):
        read(tmp_path / "s.json", document(EVENTED, SAMPLED))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(["type", "unit", "samples", "weights", "events", "startValue", "endValue"])


@given(st.sampled_from([SAMPLED, EVENTED]), keys, json_values)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_value_anywhere_is_read_or_refused(
    tmp_path: Path, profile: dict[str, Any], key: str, value: object
) -> None:
    try:
        found = read(tmp_path / "s.json", document({**profile, key: value}))
    except PerfbenchError:
        return
    assert found.tree.total()[0] > 0
