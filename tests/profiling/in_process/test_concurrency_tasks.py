"""Tasks of loops that run, and callbacks that hold them."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from tests.profiling.in_process.conftest import Recording, in_thread

PAUSE = 0.02


async def sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def forever() -> None:
    await asyncio.Event().wait()


def test_tasks_of_a_loop_that_begins_later_are_followed(recording: Recording) -> None:
    async def main() -> None:
        await asyncio.gather(*(sleep(PAUSE) for _ in range(3)))

    with recording:
        asyncio.run(main())
    (group,) = recording.tasks("sleep")
    assert (group.count, group.state, group.awaiting) == (3, "finished", "")
    assert group.ran is not None
    assert 0 < group.ran < group.waited
    assert f"main ({__file__}:" in group.created
    assert any("gather" in line for line in group.stack)


def test_a_task_that_nobody_awaits_is_alive_with_where_it_was_made_and_what_it_awaits(
    recording: Recording,
) -> None:
    loop = asyncio.new_event_loop()

    async def leak() -> asyncio.Task[None]:
        return asyncio.create_task(forever())

    with recording:
        task = loop.run_until_complete(leak())
        loop.run_until_complete(sleep(0))
    (group,) = recording.tasks("forever")
    assert (group.count, group.state) == (1, "alive")
    assert "leak" in group.created
    assert [line.partition(" (")[0] for line in group.awaiting.split(" > ")] == ["forever", "Event.wait"]
    assert group.oldest > 0
    assert recording.found.tasks[0] == group
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_a_task_whose_loop_never_ran_it_has_not_started(recording: Recording) -> None:
    loop = asyncio.new_event_loop()
    with recording:
        task = loop.create_task(sleep(0))
    assert recording.tasks("sleep")[0].awaiting == "not started"
    loop.run_until_complete(task)
    loop.close()


def test_tasks_that_are_cancelled_or_forgotten_are_told_from_those_that_finish(recording: Recording) -> None:
    async def main() -> None:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        # Nothing but the future that it awaits refers to this one, and nobody holds that.
        asyncio.create_task(forever())  # noqa: RUF006
        await asyncio.sleep(0)
        gc.collect()

    with recording:
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # it would tell of the task that was destroyed
        loop.run_until_complete(main())
        loop.close()
    assert {group.state for group in recording.tasks("forever")} == {"cancelled", "collected"}


def test_tasks_from_before_the_recording_are_followed_from_their_next_step(recording: Recording) -> None:
    loop = asyncio.new_event_loop()
    task = loop.create_task(sleep(PAUSE))
    loop.run_until_complete(asyncio.sleep(0))
    with recording:
        loop.run_until_complete(task)
    loop.close()
    (group,) = recording.tasks("sleep")
    assert (group.created, group.state) == ("(before the recording)", "finished")


def test_a_callback_that_holds_its_loop_is_told_of(recording: Recording) -> None:
    async def hold() -> None:
        time.sleep(PAUSE)

    async def main() -> None:
        asyncio.get_running_loop().call_soon(time.sleep, PAUSE)
        await hold()
        await asyncio.sleep(0)

    recording.options["slow"] = PAUSE / 2
    with recording:
        asyncio.run(main())
    names = {one.name.partition(" (")[0].rpartition(".")[2] for one in recording.found.slow_callbacks}
    assert names == {"main", "sleep"}
    assert all(one.longest <= one.seconds for one in recording.found.slow_callbacks)


def test_quick_callbacks_are_not_told_of(recording: Recording) -> None:
    with recording:
        asyncio.run(sleep(PAUSE))
    assert recording.found.slow_callbacks == ()


def test_loops_in_several_threads_are_followed(recording: Recording) -> None:
    with recording:
        threads = [in_thread(lambda: asyncio.run(sleep(PAUSE)), f"loop {number}") for number in range(3)]
        for thread in threads:
            thread.join()
    assert sum(group.count for group in recording.tasks("sleep") if group.name == "sleep") == 3


def test_the_tasks_of_uvloop_are_told_of_without_how_long_they_ran(recording: Recording) -> None:
    uvloop = pytest.importorskip("uvloop")
    with recording:
        loop = uvloop.new_event_loop()
        loop.run_until_complete(asyncio.wait_for(loop.create_task(sleep(PAUSE)), None))
        loop.close()
    (group,) = recording.tasks("sleep")
    assert (group.count, group.state, group.ran) == (1, "finished", None)
    assert any("not asyncio's own" in note for note in recording.found.notes)
    assert "create_task" not in vars(uvloop.Loop)
