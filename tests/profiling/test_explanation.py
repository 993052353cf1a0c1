"""What a regression is blamed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perfbench.model_profile import Frame
from perfbench.profiling.call_tree import StackCollector
from perfbench.profiling.explanation import Explained, SideProfile, explain

OWN = {"bench", "planted", "store", "encode", "helper"}
FILES = {"import": "importlib._bootstrap.py", "module": "heavy.py"}
SAMPLE = 0.01


def side(stacks: Mapping[str, float], calls: int = 100, per_sample: float = SAMPLE) -> SideProfile:
    """Stacks as `bench;planted;dumps`, in seconds."""
    collector = StackCollector()
    for stack, seconds in stacks.items():
        frames = [Frame(name, FILES.get(name, f"{name}.py"), own=name in OWN) for name in stack.split(";")]
        collector.add([collector.number(frame) for frame in frames], seconds)
    return SideProfile(collector.tree(), calls, per_sample)


def named(found: Explained) -> list[str]:
    return [frame.function for frame in found.frames]


def test_what_a_library_takes_is_blamed_on_who_calls_it() -> None:
    found = explain(
        side({"bench;store": 1.0, "bench;store;dumps": 1.0}),
        side({"bench;store": 1.0, "bench;store;dumps": 1.0, "bench;store;planted;dumps;iterencode": 3.0}),
    )
    assert named(found)[0] == "planted"
    assert found.frames[0].share == 1.0
    assert found.frames[0].caller == "store (store.py)"


def test_what_an_import_takes_is_blamed_on_who_imports() -> None:
    base = side({"bench;store": 1.0})
    head = side(
        {"bench;store": 1.0, "bench;planted;import;module": 2.0, "bench;planted;import;module;helper": 1.0}
    )
    assert named(explain(base, head)) == ["planted"]


def test_without_code_of_its_own_the_deepest_frame_is_blamed() -> None:
    found = explain(side({"json;dumps": 1.0}), side({"json;dumps": 1.0, "json;dumps;slow": 2.0}))
    assert named(found) == ["slow"]


def test_work_that_moved_but_did_not_grow_is_no_regression() -> None:
    found = explain(side({"bench;store": 2.0}), side({"bench;encode": 2.0}))
    assert found.frames == ()
    assert "no more than base" in found.reason


def test_each_side_is_divided_by_its_calls() -> None:
    found = explain(side({"bench;store": 2.0}, calls=200), side({"bench;store": 2.0}, calls=100))
    assert named(found) == ["store"]
    assert found.change == 0.01


def test_what_sampling_alone_may_move_explains_nothing() -> None:
    found = explain(side({"bench;store": 1.0}), side({"bench;store": 1.05}))
    assert found.frames == ()


def test_where_the_clock_knows_the_cost_samples_only_share_it() -> None:
    base = replace(side({"bench;store": 1.0}), cost=0.010)
    head = replace(side({"bench;store": 0.9, "bench;planted": 0.1}), cost=0.0112)
    found = explain(base, head)
    assert named(found) == ["planted"]
    assert round(found.change, 4) == 0.0012
    assert explain(base, replace(head, cost=0.01005)).reason.endswith("no more than base")


def test_a_comprehension_is_its_function() -> None:
    nested = "planted.<locals>.<listcomp>.<locals>.<genexpr>"
    collector = StackCollector()
    frames = [
        Frame("bench", "b.py", own=True),
        Frame("planted", "p.py", own=True),
        Frame(nested, "p.py", own=True),
    ]
    collector.add([collector.number(frame) for frame in frames], 2.0)
    found = explain(side({"bench": 1.0}), SideProfile(collector.tree(), 100, SAMPLE))
    assert named(found) == ["planted"]
    unqualified = explain(side({"bench": 1.0}), side({"bench": 1.0, "bench;planted;<listcomp>": 2.0}))
    assert named(unqualified) == ["planted"]


def test_exact_weights_need_no_margin() -> None:
    found = explain(side({"bench;store": 1.0}, per_sample=0.0), side({"bench;store": 1.05}, per_sample=0.0))
    assert named(found) == ["store"]


def test_a_change_that_is_spread_thin_is_said_to_be_spread() -> None:
    base = {f"bench;f{number}": 1.0 for number in range(12)}
    head = {f"bench;f{number}": 2.0 for number in range(12)}
    found = explain(side(base), side(head))
    # The benchmark's own code calls them all, so that it is what is blamed.
    assert named(found) == ["bench"]
    spread = explain(
        side({stack.replace("bench;", ""): seconds for stack, seconds in base.items()}),
        side({stack.replace("bench;", ""): seconds for stack, seconds in head.items()}),
    )
    assert spread.frames == ()
    assert "spread over many frames" in spread.reason


def test_at_most_three_frames_are_named_the_largest_first() -> None:
    head = {"bench;store": 4.0, "bench;encode": 3.0, "bench;helper": 2.0, "bench;planted": 1.0}
    found = explain(side({"bench": 1.0}), side({"bench": 1.0, **head}))
    assert named(found) == ["store", "encode", "helper"]
    assert [round(frame.share, 1) for frame in found.frames] == [0.4, 0.3, 0.2]


def test_a_side_that_never_called_says_so() -> None:
    assert "made no call" in explain(side({}, calls=0), side({"bench": 1.0})).reason
