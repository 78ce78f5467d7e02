"""What did not help is taken back, the last step first; what is in doubt is left to people."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from desk_automation.runs.model import Phase
from desk_contracts.events.automation import Outcome, RunEscalated, UndoState

from tests.support.automation_crashes import Crash
from tests.support.automation_engine import (
    NO_CONNECTION,
    OK,
    REFUSED,
    TIMEOUT,
    Engine,
    FakeTarget,
    act,
    cleared,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.spoken import english

SECOND = timedelta(seconds=1)


def undoable(id: str, effect: str = "keyed") -> dict[str, object]:
    """A step that says how it is taken back."""
    back = act(effect, id=f"{id}-back")
    undo = {name: value for name, value in back.items() if name not in {"id", "kind"}}
    return act(id=id, undo=undo)


def engine(*steps: Mapping[str, object], script: Sequence[object] = ()) -> Engine:
    target = FakeTarget(script=list(script))  # type: ignore[arg-type]  # answers and crashes
    return Engine((runbook(steps=list(steps)),), target)


async def not_helped(engine: Engine) -> RunEscalated:
    """The device stays as it was until the run is over."""
    await engine.hear(raised())
    await engine.settle(10 * SECOND)
    await engine.hear(measured(4.0, engine.clock.now()))
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    return last


def steps_of(engine: Engine) -> list[str]:
    return [call.step for call in engine.target.calls]


async def test_what_did_not_help_is_taken_back_in_reverse_order() -> None:
    desk = engine(undoable("stop"), undoable("move"))
    last = await not_helped(desk)
    assert steps_of(desk) == ["stop", "move", "move/undo", "stop/undo"]
    assert len({call.key for call in desk.target.calls}) == 4
    assert (last.outcome, last.undo) == (Outcome.NOT_HEALED, UndoState.UNDONE)
    assert english(last.reason).endswith("All that it did was taken back.")
    assert [line.step for line in last.evidence][-2:] == ["stop/undo", "verify"]
    run = await desk.run()
    assert (run.is_closed, run.may_be_corrected) == (True, False)


async def test_a_cure_is_not_taken_back() -> None:
    desk = engine(undoable("stop"))
    await desk.hear(raised())
    await desk.settle(5 * SECOND)
    await desk.hear(measured(40.0, desk.clock.now()))
    await desk.settle()
    assert (await desk.run()).phase is Phase.HEALED
    assert steps_of(desk) == ["stop"]


async def test_a_later_step_that_is_refused_takes_the_earlier_ones_back() -> None:
    desk = engine(undoable("stop"), act(id="move"), script=[OK, REFUSED])
    await desk.hear(raised())
    await desk.settle()
    last = desk.last()
    assert isinstance(last, RunEscalated)
    assert steps_of(desk) == ["stop", "move", "stop/undo"]
    assert last.undo is UndoState.UNDONE


async def test_a_step_without_undo_leaves_it_partly_undone() -> None:
    desk = engine(undoable("stop"), act(id="move"))
    last = await not_helped(desk)
    assert steps_of(desk) == ["stop", "move", "stop/undo"]
    assert last.undo is UndoState.PARTLY_UNDONE


async def test_an_undo_that_is_refused_ends_it_and_says_how_far_it_came() -> None:
    desk = engine(undoable("a"), undoable("b"), undoable("c"), script=[OK, OK, OK, OK, REFUSED])
    last = await not_helped(desk)
    assert steps_of(desk) == ["a", "b", "c", "c/undo", "b/undo"]
    assert (last.outcome, last.undo) == (Outcome.NOT_HEALED, UndoState.PARTLY_UNDONE)
    assert "b/undo failed" in english(last.reason)


async def test_an_undo_that_fails_at_once_says_that_nothing_was_taken_back() -> None:
    desk = engine(undoable("stop"), script=[OK, REFUSED])
    last = await not_helped(desk)
    assert last.undo is UndoState.CANNOT_UNDO


@pytest.mark.parametrize("samples", [0, 1])
async def test_what_nobody_can_judge_is_not_taken_back_unasked(samples: int) -> None:
    """Without a measurement nobody knows whether it helped; a try without an answer is in doubt."""
    desk = engine(undoable("stop"), act("once", id="move"), script=[OK, TIMEOUT][: samples + 1])
    await desk.hear(raised())
    await desk.settle()
    last = desk.last()
    assert isinstance(last, RunEscalated)
    assert steps_of(desk) == ["stop", "move"]
    assert last.undo is UndoState.NOT_UNDONE
    assert last.outcome is (Outcome.IN_DOUBT if samples else Outcome.INCONCLUSIVE)
    assert "decide whether it should be" in english(last.reason)


async def test_a_person_who_takes_it_over_decides_about_the_undo() -> None:
    rest = {"id": "rest", "kind": "wait", "for": "20s"}
    desk = engine(undoable("stop"), rest, act(id="move"))
    await desk.hear(raised())
    await desk.settle(5 * SECOND)
    await desk.brake(is_taken=True)
    await desk.settle()
    assert steps_of(desk) == ["stop"]
    last = desk.last()
    assert isinstance(last, RunEscalated)
    assert last.undo is UndoState.NOT_UNDONE


async def test_a_person_stops_the_undo_too() -> None:
    desk = engine(undoable("a"), undoable("b"), script=[OK, OK, NO_CONNECTION])
    await desk.hear(raised())
    await desk.settle(10 * SECOND)
    await desk.hear(measured(4.0, desk.clock.now()))
    while "b/undo" not in steps_of(desk):
        assert await desk.step(desk.clock.now() + timedelta(minutes=1))
    await desk.brake()
    await desk.settle()
    assert steps_of(desk) == ["a", "b", "b/undo"]
    last = desk.last()
    assert isinstance(last, RunEscalated)
    assert last.undo is UndoState.CANNOT_UNDO
    assert "ana stopped it" in english(last.reason)


async def test_an_undo_whose_answer_is_lost_is_in_doubt_and_never_repeated() -> None:
    desk = engine(undoable("stop", "once"), script=[OK, Crash])
    last = await not_helped(desk)
    assert steps_of(desk) == ["stop", "stop/undo"]
    assert last.outcome is Outcome.IN_DOUBT
    assert last.undo is UndoState.IN_DOUBT


async def test_a_keyed_undo_whose_worker_died_is_sent_again_under_its_key() -> None:
    desk = engine(undoable("stop"), script=[OK, Crash])
    last = await not_helped(desk)
    assert [(call.step, call.key) for call in desk.target.calls][1:] == [
        ("stop/undo", desk.target.calls[1].key)
    ] * 2
    assert last.undo is UndoState.UNDONE


async def test_guards_and_a_signal_that_clears_do_not_stop_an_undo() -> None:
    desk = Engine((runbook(guards=[guard()], steps=[undoable("stop")]),))
    await desk.hear(raised())
    await desk.settle(10 * SECOND)
    desk.target.script = []
    await desk.hear(cleared(raised(), desk.clock.now()), measured(4.0, desk.clock.now()))
    await desk.settle()
    assert steps_of(desk) == ["is-needed", "stop", "stop/undo"]


@pytest.mark.parametrize("side", ["before", "after"])
async def test_death_at_any_write_takes_each_step_back_once(side: str) -> None:
    whole = engine(undoable("a"), undoable("b"))
    await not_helped(whole)
    for number in range(1, whole.boundary.changes + 1):
        desk = engine(undoable("a"), undoable("b"))
        setattr(desk.boundary, side, number)
        last = await not_helped(desk)
        assert desk.target.distinct_effects == 4, number
        assert last.undo is UndoState.UNDONE, number
        done = [entry.step for entry in (await desk.run()).journal if entry.status == "done"]
        assert done == ["a", "b", "b/undo", "a/undo"], number
