"""Nobody's device is touched without their yes to exactly that plan: now, later, or no."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from desk_automation.runs.model import Phase, Run
from desk_contracts import Event
from desk_contracts.events.automation import (
    ConsentAnswer,
    Outcome,
    RunConsentRecorded,
    RunConsentRequested,
    RunEscalated,
    RunSkipped,
)
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.message import message

from tests.support.automation_engine import START, Engine, act, cleared, raised, runbook
from tests.support.automation_http import Desk, open_desk
from tests.support.spoken import english

SOON = timedelta(minutes=1)
CONSENT = {"within": "2h", "defer": "4h", "again_after": "1d"}
STEP = act() | {
    "request": {"method": "POST", "url": "http://agent:1/v1/clean", "body": "${data.person}"}
}


def asking(**changes: object) -> Engine:
    return Engine((runbook(consent=CONSENT | changes),))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """One run waits for ana, whose device it is."""
    async with open_desk(asking()) as desk:
        await desk.engine.hear(raised())
        await desk.engine.settle(SOON)
        yield desk


async def reply(desk: Desk, word: str, person: str = "ana", **more: Any) -> httpx.Response:
    run = await desk.engine.run()
    body = {"plan": run.plan.hash, "answer": word, **more}
    return await desk.post(f"/v1/consents/{run.id}", person, json=body)


async def settled(desk: Desk, pause: timedelta = SOON) -> Run:
    await desk.engine.settle(pause)
    return await desk.engine.run()


def in_hours(desk: Desk, hours: float) -> str:
    moment: datetime = desk.engine.clock.now() + timedelta(hours=hours)
    return moment.isoformat()


async def test_the_person_is_asked_and_nothing_is_called_until_they_answer(desk: Desk) -> None:
    run = await desk.engine.run()
    assert run.phase is Phase.AWAITING_CONSENT
    assert desk.engine.target.calls == []
    events = [event.data for event in desk.engine.bus.events()]
    [request] = [data for data in events if isinstance(data, RunConsentRequested)]
    assert (request.person, request.plan) == ("ana", run.plan.hash)
    [shown] = (await desk.get("/v1/consents", "ana")).json()["items"]
    assert (shown["run"], shown["answer"], shown["plan"]) == (run.id, None, run.plan.hash)
    assert "/v1/clean" in shown["steps"]
    assert (await desk.get("/v1/consents", "bo")).json()["items"] == []


async def test_now_begins_it_and_the_log_says_who_agreed(desk: Desk) -> None:
    answered = await reply(desk, "now")
    assert answered.status_code == 200, answered.text
    await settled(desk)
    assert desk.engine.target.distinct_effects == 1
    events = [event.data for event in desk.engine.bus.events()]
    [recorded] = [data for data in events if isinstance(data, RunConsentRecorded)]
    assert (recorded.by, recorded.answer) == ("ana", ConsentAnswer.NOW)
    assert recorded.plan == (await desk.engine.run()).plan.hash
    assert (await desk.get("/v1/consents", "ana")).json()["items"] == []


async def test_later_waits_for_the_moment_that_they_chose_and_then_begins(desk: Desk) -> None:
    answered = await reply(desk, "later", at=in_hours(desk, 3))
    assert answered.status_code == 200, answered.text
    after = await settled(desk, timedelta(hours=2, minutes=55))
    assert (after.phase, desk.engine.target.calls) == (Phase.AWAITING_CONSENT, [])
    await settled(desk, timedelta(minutes=6))
    assert desk.engine.target.distinct_effects == 1


async def test_until_that_moment_they_may_change_their_mind(desk: Desk) -> None:
    await reply(desk, "later", at=in_hours(desk, 3))
    await settled(desk, timedelta(hours=2, minutes=30))
    assert (await reply(desk, "no", reason="I am on a train.")).status_code == 200
    await settled(desk, timedelta(hours=1))
    assert desk.engine.target.calls == []
    events = [event.data for event in desk.engine.bus.events()]
    answers = [data.answer for data in events if isinstance(data, RunConsentRecorded)]
    assert answers == [ConsentAnswer.LATER, ConsentAnswer.NO]


@pytest.mark.parametrize("hours", [-0.1, 5.0])
async def test_later_is_to_come_and_within_the_bound(desk: Desk, hours: float) -> None:
    refused = await reply(desk, "later", at=in_hours(desk, hours))
    assert (refused.status_code, refused.json()["code"]) == (409, "not-then")
    assert (await reply(desk, "later")).json()["code"] == "not-then"
    timed = await reply(desk, "now", at=in_hours(desk, 1))
    assert timed.json()["code"] == "time-without-later"
    assert (await settled(desk)).phase is Phase.AWAITING_CONSENT


async def test_a_no_hands_it_to_people_with_the_reason(desk: Desk) -> None:
    await reply(desk, "no", reason="I give a talk.")
    await settled(desk)
    last = desk.engine.last()
    assert isinstance(last, RunEscalated)
    assert (last.outcome, desk.engine.target.calls) == (Outcome.NOT_RUN, [])
    assert english([last.reason]) == "ana does not want it now. I give a talk."
    assert (await reply(desk, "now")).json()["code"] == "run-is-over"


async def test_silence_is_no_consent(desk: Desk) -> None:
    await settled(desk, timedelta(hours=1, minutes=57))
    assert (await desk.engine.run()).phase is Phase.AWAITING_CONSENT
    await settled(desk, timedelta(minutes=3))
    last = desk.engine.last()
    assert isinstance(last, RunEscalated)
    assert (last.reason.code, desk.engine.target.calls) == ("consent.silence", [])


async def test_an_answer_at_the_deadline_is_too_late(desk: Desk) -> None:
    run = await desk.engine.run()
    assert run.consent is not None
    desk.engine.clock.advance(run.consent.until - desk.engine.clock.now())
    late = await reply(desk, "now")
    assert (late.status_code, late.json()["code"]) == (409, "consent-expired")


async def test_the_runbook_may_say_that_it_just_ends() -> None:
    async with open_desk(asking(otherwise="skip")) as desk:
        await desk.engine.hear(raised())
        await desk.engine.settle(SOON)
        await reply(desk, "no")
        await settled(desk)
        assert isinstance(desk.engine.last(), RunSkipped)


async def test_an_answer_to_another_plan_is_refused(desk: Desk) -> None:
    other = await reply(desk, "now", plan="0" * 16)
    assert (other.status_code, other.json()["code"]) == (409, "other-plan")
    assert (await settled(desk)).phase is Phase.AWAITING_CONSENT


async def test_nobody_else_answers_whatever_their_role(desk: Desk) -> None:
    for person in ("bo", "olga", "eva"):
        assert (await reply(desk, "now", person)).status_code == 404
    assert (await settled(desk)).phase is Phase.AWAITING_CONSENT


async def test_after_a_no_nobody_is_asked_again_for_the_declared_time(desk: Desk) -> None:
    await reply(desk, "no")
    await settled(desk)

    async def again(episode: str) -> list[str]:
        event = raised(episode=episode, at=desk.engine.clock.now())
        await desk.engine.hear(event)
        await desk.engine.settle(SOON)
        data = [event.data for event in desk.engine.bus.events()]
        return [item.person for item in data if isinstance(item, RunConsentRequested)]

    assert await again("e-2") == ["ana"]
    last = desk.engine.last()
    assert isinstance(last, RunEscalated)
    assert last.reason.code == "consent.declined-before"
    desk.engine.clock.advance(timedelta(days=1))
    assert await again("e-3") == ["ana", "ana"]


async def test_what_is_asked_already_is_not_asked_twice_nor_handed_over(desk: Desk) -> None:
    first = await desk.engine.run()
    event = raised(episode="e-2", at=desk.engine.clock.now())
    await desk.engine.hear(event)
    await desk.engine.settle(SOON)
    assert isinstance(desk.engine.last(), RunSkipped)
    second = await desk.engine.run(event)
    assert second.reason == message("run.same-already", run=first.id)
    assert desk.engine.emitted().count("consent-requested") == 1
    assert (await desk.engine.run(raised())).phase is Phase.AWAITING_CONSENT


async def test_trouble_that_goes_by_itself_asks_nobody_any_more(desk: Desk) -> None:
    await desk.engine.hear(cleared(raised()))
    await settled(desk)
    assert isinstance(desk.engine.last(), RunSkipped)
    assert (await desk.get("/v1/consents", "ana")).json()["items"] == []


async def test_a_plan_that_was_changed_in_the_store_is_not_what_was_agreed_to(desk: Desk) -> None:
    run = await desk.engine.run()
    other = run.model_copy(update={"plan": run.plan.model_copy(update={"title": "Another"})})
    assert not other.model_copy(update={"consent": run.consent}).has_consent(START)
    await reply(desk, "now")
    agreed = await desk.engine.run()
    assert agreed.has_consent(desk.engine.clock.now())
    assert not agreed.model_copy(update={"plan": other.plan}).has_consent(desk.engine.clock.now())


async def test_who_asked_for_it_on_their_own_device_has_consented() -> None:
    book = runbook(
        event="desk.ticket.fulfilment-requested.v1", when='data.device != ""',
        target="data.device", steps=[STEP], consent=CONSENT,
    )  # fmt: skip
    engine = Engine((book,))
    data = TicketFulfilmentRequested(
        runbook="clean-disk", item="clean-up", person="ana", device="laptop-1", title="Clean up",
        until=START + timedelta(hours=1),
    )  # fmt: skip
    event = Event(id="order", source="/desk/intake", subject="t-1", time=START, data=data)
    await engine.hear(event)
    await engine.settle(SOON)
    assert engine.target.distinct_effects == 1
    data_of = [event.data for event in engine.bus.events()]
    assert not [item for item in data_of if isinstance(item, RunConsentRequested)]
    [recorded] = [item for item in data_of if isinstance(item, RunConsentRecorded)]
    assert (recorded.by, recorded.request, recorded.answer) == ("ana", "t-1", ConsentAnswer.NOW)
