"""From a solved ticket to the answer by the link and the follow-up, on a real broker and store."""

import httpx
import pytest
from desk_contracts import AnyEvent, Codec
from desk_contracts.events.feedback import FollowUpOpened, SurveyInvited
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

from tests.support.intake_around import Bus, Intake, Person

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]


async def feedback(bus: Bus, kind: type) -> list[AnyEvent]:
    """What is on `desk.feedback` of that kind; a copy of an event is no second one."""
    codec, kafka = Codec(), KafkaSettings(bootstrap=bus.kafka)
    events = [
        codec.decode(raw.key, raw.value, raw.headers)
        async for raw in read_all(kafka, [bus.prefix + "desk.feedback"])
    ]
    return list({event.id: event for event in events if isinstance(event.data, kind)}.values())


async def test_an_unhappy_answer_by_the_link_reaches_its_team_once(
    intake: Intake, ana: Person, max_of_network: Person, bus: Bus
) -> None:
    ticket = (await ana.post("/tickets", "k", title="VPN away", service="vpn")).json()["id"]
    await max_of_network.post(f"/tickets/{ticket}/start", "s")
    await max_of_network.post(f"/tickets/{ticket}/resolve", "r", resolution="Restarted")
    [invited] = await eventually(lambda: feedback(bus, SurveyInvited), timeout=60)
    assert isinstance(invited.data, SurveyInvited)

    async with httpx.AsyncClient(base_url=intake.url, timeout=60) as client:
        path, body = f"/v1/surveys/{invited.data.token}", {"score": 1, "lost_minutes": 45}
        answers = [await client.post(path, json=body) for _ in range(2)]
        assert {answer.status_code for answer in answers} == {200}
        intake.kill()
        await intake.start()
        async with httpx.AsyncClient(base_url=intake.url, timeout=60) as restarted:
            other = await restarted.post(path, json={"score": 5})
            assert (other.status_code, other.json()["code"]) == (409, "survey-used")

    [opened] = await eventually(lambda: feedback(bus, FollowUpOpened), timeout=60)
    assert isinstance(opened.data, FollowUpOpened)
    assert (opened.data.team, opened.data.score, opened.data.member) == ("network", 1, "max")
    async with httpx.AsyncClient(
        base_url=intake.url, headers=dict(max_of_network.client.headers), timeout=60
    ) as client:
        listed = (await client.get("/v1/follow-ups?team=network")).json()["items"]
        assert [item["id"] for item in listed] == [opened.data.follow_up]
