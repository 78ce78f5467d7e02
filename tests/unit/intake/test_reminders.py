"""What is owed to people past its day reminds its owner, then the team, each once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from desk_contracts import Event, Payload
from desk_contracts.events.feedback import (
    DemandReminded,
    FollowUpReminded,
    Reminded,
    SurveyAnswered,
)
from desk_contracts.ids import new_id
from desk_intake.demands.model import ANSWER_WITHIN
from desk_intake.surveys.model import FOLLOW_UP_WITHIN, TEAM_REMINDED_AFTER

from tests.support.intake_world import Desk

HOUR = timedelta(hours=1)
FOLLOW_UPS, DEMANDS = 3, 4


async def pass_time(desk: Desk, pause: timedelta) -> None:
    """The clock moves, and the timers of both that are due by then fire."""
    desk.clock.advance(pause)
    for place in (FOLLOW_UPS, DEMANDS):
        unit: Any = desk.others[place]
        due = await unit.documents.due(desk.clock.now(), 100)
        await unit.on_timer([id for _, id in due], _no_failure)


async def _no_failure(failures: Sequence[tuple[Any, Exception]]) -> None:
    assert not failures


def reminders(desk: Desk, kind: type[Payload]) -> list[Any]:
    return [event.data for event in desk.publisher.events() if isinstance(event.data, kind)]


async def owe_follow_up(desk: Desk, **more: str) -> str:
    data = SurveyAnswered.model_validate(
        {"ticket": "t-1", "cycle": 0, "revision": 1, "score": 1, "by": "ana", "service": "vpn"}
        | {"team": "network", "member": "max"}
        | more
    )
    await desk.hear_events(Event(new_id(), "/desk/intake", "t-1", desk.clock.now(), data))
    [item] = (await desk.max.get("/follow-ups")).json()["items"]
    return str(item["id"])


async def test_the_member_is_reminded_when_it_is_due_and_the_team_a_day_later(desk: Desk) -> None:
    await owe_follow_up(desk)
    await pass_time(desk, FOLLOW_UP_WITHIN - HOUR)
    assert reminders(desk, FollowUpReminded) == []
    await pass_time(desk, HOUR)
    await pass_time(desk, HOUR)
    [first] = reminders(desk, FollowUpReminded)
    assert (first.to, first.member, first.team) == (Reminded.OWNER, "max", "network")
    await pass_time(desk, TEAM_REMINDED_AFTER - HOUR)
    for _ in range(3):
        await pass_time(desk, timedelta(days=9))
    assert [item.to for item in reminders(desk, FollowUpReminded)] == ["owner", "team"]


async def test_without_a_member_the_team_is_reminded_at_once_and_only_once(desk: Desk) -> None:
    await owe_follow_up(desk, member="", team="")
    for _ in range(3):
        await pass_time(desk, FOLLOW_UP_WITHIN)
    [only] = reminders(desk, FollowUpReminded)
    assert (only.to, only.team, only.service) == (Reminded.TEAM, "", "vpn")


async def test_after_a_long_stop_nobody_is_passed_over(desk: Desk) -> None:
    await owe_follow_up(desk)
    await pass_time(desk, timedelta(days=60))
    assert [item.to for item in reminders(desk, FollowUpReminded)] == ["owner"]
    await pass_time(desk, TEAM_REMINDED_AFTER)
    assert [item.to for item in reminders(desk, FollowUpReminded)] == ["owner", "team"]


async def test_what_is_done_reminds_nobody(desk: Desk) -> None:
    follow_up = await owe_follow_up(desk)
    await pass_time(desk, FOLLOW_UP_WITHIN)
    done = await desk.max.post(f"/follow-ups/{follow_up}/done", outcome="We called.")
    assert done.status_code == 200, done.text
    await pass_time(desk, timedelta(days=60))
    assert [item.to for item in reminders(desk, FollowUpReminded)] == ["owner"]


async def ask(desk: Desk, caller: str, about: str = "demand", what: str = "A quiet room") -> str:
    answer = await desk.client(caller).post("/feedback", about=about, what=what)
    assert answer.status_code == 201, answer.text
    *_, event = desk.publisher.events()
    await desk.hear_events(event)
    [item] = (await desk.max.get("/demands")).json()["items"]
    return str(item["id"])


async def test_an_answer_that_is_owed_is_reminded_of_once_whoever_asks_later(desk: Desk) -> None:
    await ask(desk, "ana")
    await pass_time(desk, ANSWER_WITHIN - HOUR)
    await ask(desk, "ben")
    assert reminders(desk, DemandReminded) == []
    await pass_time(desk, HOUR)
    await ask(desk, "carla")
    await pass_time(desk, timedelta(days=60))
    [reminder] = reminders(desk, DemandReminded)
    assert (reminder.what, reminder.service, reminder.votes) == ("A quiet room", "", 2)


async def test_a_service_that_can_go_names_itself(desk: Desk) -> None:
    await ask(desk, "ana", "obsolete", "vpn")
    await pass_time(desk, ANSWER_WITHIN)
    [reminder] = reminders(desk, DemandReminded)
    assert reminder.service == "vpn"


async def test_what_is_answered_reminds_nobody_also_after_another_vote(desk: Desk) -> None:
    demand = await ask(desk, "ana")
    body = {"verdict": "planned", "text": "Two rooms by September."}
    given = await desk.client("olga", "owner").post(f"/demands/{demand}/answer", **body)
    assert given.status_code == 200, given.text
    answer = await desk.ben.post("/feedback", about="demand", what="A quiet room")
    assert answer.status_code == 201
    await desk.hear_events(desk.publisher.events()[-1])
    await pass_time(desk, timedelta(days=60))
    assert reminders(desk, DemandReminded) == []
