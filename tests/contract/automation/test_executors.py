"""What every executor keeps to, the fake of the tests included: one suite over all of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from desk_automation.actions.answer import Result
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_contracts.errors import DependencyDown
from desk_testing import slapd

from tests.support import sshd
from tests.support.executor_device import device_side
from tests.support.executor_machines import directory_side, kubernetes_side, ssh_side
from tests.support.executor_sides import (
    SECRET,
    FarSide,
    attempt_of,
    fake_side,
    http_side,
    is_closed,
    is_open,
    script_side,
    wait_side,
)
from tests.support.spoken import english

SIDES = {
    "http": http_side,
    "device": device_side,
    "ssh": ssh_side,
    "kubernetes": kubernetes_side,
    "directory": directory_side,
    "script": script_side,
    "wait": wait_side,
    "fake": fake_side,
}
MISSING = {
    "ssh": None if sshd.is_installed() else sshd.MISSING,
    "directory": None if slapd.is_installed() else slapd.MISSING,
}
# A wait has no target. A directory keeps no keys, and says nothing that is repeated to anybody.
ALL = sorted(SIDES)
WITH_TARGET = [name for name in ALL if name != "wait"]
WITH_KEYS = [name for name in WITH_TARGET if name != "directory"]


@pytest.fixture
async def far_side(request: pytest.FixtureRequest) -> AsyncIterator[FarSide]:
    if reason := MISSING.get(request.param):
        pytest.skip(reason)
    async with SIDES[request.param]() as side:
        yield side


def over(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("far_side", names, indirect=True)


@over(ALL)
async def test_what_is_taken_is_answered_once_with_yes(far_side: FarSide) -> None:
    far_side.take()
    answer = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_open)
    assert (answer.result, answer.is_sent) == (Result.OK, True)
    assert far_side.effects() == (0 if attempt_of(far_side).call.action.get("pause") else 1)


@over(WITH_TARGET)
async def test_a_refusal_is_none_that_may_have_had_an_effect(far_side: FarSide) -> None:
    far_side.refuse()
    answer = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_open)
    assert (answer.result, far_side.effects()) == (Result.REFUSED, 0)


@over(WITH_TARGET)
async def test_silence_after_sending_is_in_doubt_and_ends_with_the_timeout(
    far_side: FarSide,
) -> None:
    far_side.fall_silent()
    async with asyncio.timeout(far_side.timeout + 5):
        answer = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_open)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)


@over(WITH_KEYS)
async def test_a_second_try_under_the_same_key_has_one_effect(far_side: FarSide) -> None:
    attempt = attempt_of(far_side)
    far_side.take()
    await far_side.executor.execute(attempt, "run", 1, is_open)
    far_side.take()
    again = await far_side.executor.execute(replace(attempt, number=2), "run", 2, is_open)
    assert (again.result, far_side.effects()) == (Result.OK, 1)
    far_side.take()
    await far_side.executor.execute(attempt_of(far_side, "key-2"), "run", 3, is_open)
    assert far_side.effects() == 2


@over(WITH_KEYS)
async def test_who_dies_between_effect_and_answer_is_asked_again_under_the_same_key(
    far_side: FarSide,
) -> None:
    far_side.fall_silent()
    first = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_open)
    assert (first.result, far_side.effects()) == (Result.UNKNOWN, 1)
    far_side.take()
    again = await far_side.executor.execute(attempt_of(far_side), "run", 2, is_open)
    assert (again.result, far_side.effects()) == (Result.OK, 1)


@over(ALL)
async def test_nothing_leaves_once_another_worker_has_the_run(far_side: FarSide) -> None:
    far_side.take()
    answer = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_closed)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    assert far_side.effects() == 0


@over([name for name in WITH_TARGET if name != "fake"])
async def test_nothing_leaves_where_nobody_can_tell_whose_the_run_is(far_side: FarSide) -> None:
    async def is_away() -> bool:
        raise DependencyDown("the store is away", dependency="store")

    far_side.take()
    answer = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_away)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    assert far_side.effects() == 0


@over(WITH_KEYS)
async def test_secrets_of_an_answer_are_not_in_what_is_journalled(far_side: FarSide) -> None:
    far_side.take()
    far_side.say(f"done, token={SECRET}, and {SECRET} again")
    answer = await far_side.executor.execute(attempt_of(far_side), "run", 1, is_open)
    assert "token=" in english(answer.message)
    assert f"token={SECRET}" not in english(answer.message)
    assert "***" in english(answer.message)


@over(WITH_TARGET)
async def test_a_call_that_is_cancelled_ends_and_the_executor_goes_on(far_side: FarSide) -> None:
    far_side.fall_silent()
    call = attempt_of(far_side)
    task = asyncio.create_task(far_side.executor.execute(call, "run", 1, is_open))
    await asyncio.wait({task}, timeout=0.05)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.done()
    far_side.take()
    answer = await far_side.executor.execute(call, "run", 2, is_open)
    assert answer.result is Result.OK


@over(WITH_TARGET)
async def test_calls_to_one_target_share_a_slot(far_side: FarSide) -> None:
    call = attempt_of(far_side).call
    other = far_side.action_elsewhere().model_dump(mode="json")
    assert far_side.executor.slot_of(call) == far_side.executor.slot_of(call)
    elsewhere = call.model_copy(update={"action": other})
    assert far_side.executor.slot_of(call) != far_side.executor.slot_of(elsewhere)


@over(["wait"])
async def test_a_wait_is_limited_by_nobody(far_side: FarSide) -> None:
    assert far_side.executor.slot_of(attempt_of(far_side).call) is None


def test_every_kind_is_in_this_suite() -> None:
    assert set(EXECUTORS.kinds) == set(SIDES) - {"fake"}
