"""Reminders and the end of a joined problem, on real servers and with intake killed in between."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import AnyEvent, Codec, Event, Payload
from desk_contracts.events.feedback import (
    ContactEnded,
    ContactPrevented,
    DemandReminded,
    DemandRequested,
    FollowUpReminded,
    SurveyAnswered,
)
from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_contracts.ids import new_id
from desk_contracts.message import verbatim
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from tests.support.intake_around import Bus, Intake, Person

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

UNHAPPY, MISSING = 30, 10
LONG_AGO = datetime.now(UTC) - timedelta(days=20)


async def feedback(bus: Bus, kind: type[Payload]) -> list[AnyEvent]:
    """What is on `desk.feedback` of that kind; a copy of an event is no second one."""
    codec, kafka = Codec(), KafkaSettings(bootstrap=bus.kafka)
    events = [
        codec.decode(raw.key, raw.value, raw.headers)
        async for raw in read_all(kafka, [bus.prefix + "desk.feedback"])
    ]
    return list({event.id: event for event in events if isinstance(event.data, kind)}.values())


def unhappy(number: int) -> AnyEvent:
    data = SurveyAnswered(
        ticket=f"t-{number}", cycle=0, revision=1, score=1, by="ana", team="network", member="max"
    )
    return Event(new_id(), "/desk/intake", f"t-{number}", LONG_AGO, data)


def missing(number: int) -> AnyEvent:
    what = f"a quiet room on floor {number}"
    data = DemandRequested(feedback=f"f-{number}", what=what, by="ana")
    return Event(new_id(), "/desk/intake", what, LONG_AGO, data)


async def test_what_is_past_its_day_reminds_once_however_often_intake_is_killed(
    intake: Intake, bus: Bus
) -> None:
    """The day has passed already, so that timers fire as soon as they can."""
    await bus.publish(map(missing, range(MISSING)))
    for part in range(3):
        await bus.publish(map(unhappy, range(part, UNHAPPY, 3)))
        seen = part + 1

        async def some_are_reminded(least: int = seen) -> bool:
            return len(await feedback(bus, FollowUpReminded)) >= least

        await eventually(some_are_reminded, 60)
        intake.kill()
        await intake.start()

    async def all_are_reminded() -> bool:
        owed = len(await feedback(bus, FollowUpReminded)), len(await feedback(bus, DemandReminded))
        return owed >= (UNHAPPY, MISSING)

    await eventually(all_are_reminded, 90)
    reminders = [event.data for event in await feedback(bus, FollowUpReminded)]
    pairs = Counter((item.ticket, item.to) for item in reminders)  # type: ignore[attr-defined]
    assert pairs == {(f"t-{number}", "owner"): 1 for number in range(UNHAPPY)}
    demands = [event.data for event in await feedback(bus, DemandReminded)]
    assert len(demands) == len({item.demand for item in demands}) == MISSING  # type: ignore[attr-defined]


async def test_who_joined_a_problem_without_a_ticket_is_told_of_its_end_also_after_a_kill(
    ana: Person, intake: Intake, bus: Bus
) -> None:
    problem, now = new_id(), datetime.now(UTC)
    began = ProblemDetected(
        service="vpn", title=verbatim("VPN drops"), tickets=(), people=(), team="network",
        message=verbatim("We exchange the gateway."),
    )  # fmt: skip
    await bus.publish([Event(new_id(), "/desk/triage", problem, now, began)])
    body = {"title": "My VPN drops", "taken": "problem", "target": problem}

    async def has_joined() -> bool:
        return (await ana.post("/contacts/prevented", "j-1", **body)).status_code == 201

    await eventually(has_joined, 60)
    intake.kill()
    over = ProblemResolved(
        service="vpn", title=verbatim("VPN drops"), tickets=(), people=(),
        resolution=verbatim("The gateway is exchanged."),
    )  # fmt: skip
    await bus.publish([Event(new_id(), "/desk/triage", problem, datetime.now(UTC), over)])
    await intake.start()
    [ended] = await eventually(lambda: feedback(bus, ContactEnded), 60)
    [joined] = await feedback(bus, ContactPrevented)
    assert isinstance(ended.data, ContactEnded)
    assert isinstance(joined.data, ContactPrevented)
    assert (ended.subject, ended.data.people) == (problem, (joined.data.by,))

    async def is_shown() -> bool:
        [item] = (await ana.get("/contacts")).json()["items"]
        return (item["state"], item["text"]) == ("over", "The gateway is exchanged.")

    await eventually(is_shown, 60)
