"""Who is asked how it went, what a link is worth, and what is owed to the unhappy."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.feedback import (
    FollowUpDone,
    FollowUpOpened,
    SurveyAnswered,
    SurveyInvited,
)
from desk_contracts.events.tickets import How, TicketResolved
from desk_contracts.ids import new_id
from desk_contracts.message import verbatim
from desk_contracts.names import FEEDBACK
from desk_intake.surveys.decide import invite, is_drawn, survey_id
from desk_intake.surveys.model import InvitedPerson, Sampling

from tests.support.intake_world import MONDAY, Desk, triage_says

MONTH = Sampling(1.0, timedelta(days=30))


def resolved(ticket: str = "t-1", **changes: object) -> AnyEvent:
    fields: dict[str, object] = {"by": "max", "how": How.MEMBER, "requester": "ana"}
    data = TicketResolved.model_validate({"resolution": verbatim("Done"), **fields, **changes})
    return Event(f"e-{ticket}", "/desk/intake", ticket, MONDAY, data)


def link(ticket: str, cycle: int) -> str:
    return f"{ticket}/{cycle}"


def test_who_is_asked_is_asked_once_in_a_window() -> None:
    first = invite(None, resolved(), MONDAY, MONTH, link)
    assert first is not None
    [event] = first.events
    assert isinstance(event.data, SurveyInvited)
    assert (event.data.person, event.data.token, event.subject) == ("ana", "t-1/0", "t-1")
    assert invite(first.state, resolved("t-2"), MONDAY, MONTH, link) is None, "nobody is nagged"
    long_ago = InvitedPerson(survey="another", at=MONDAY - timedelta(days=30))
    assert invite(long_ago, resolved(), MONDAY, MONTH, link) is not None


@pytest.mark.parametrize(
    "event",
    [
        resolved(by="ana"),
        resolved(how=How.PROBLEM),
        resolved(how=How.WITHDRAWN),
        resolved(how=How.SELF_SERVICE),
    ],
    ids=["by themselves", "with a problem", "withdrawn", "helped themselves"],
)
def test_nobody_is_asked_about(event: AnyEvent) -> None:
    assert invite(None, event, MONDAY, MONTH, link) is None


def test_nobody_is_asked_about_what_was_solved_long_ago() -> None:
    assert invite(None, resolved(), MONDAY + timedelta(days=2), MONTH, link) is None


def test_the_share_is_drawn_by_the_survey_alone() -> None:
    surveys = [survey_id(f"t-{number}", 0) for number in range(2_000)]
    drawn = [item for item in surveys if is_drawn(item, 0.3)]
    assert 500 < len(drawn) < 700
    assert drawn == [item for item in surveys if is_drawn(item, 0.3)]
    assert not any(is_drawn(item, 0) for item in surveys)
    assert is_drawn(str(UUID(int=2**128 - 1)), 1)


async def solve(desk: Desk) -> tuple[str, str]:
    """A solved ticket, and the token in its mail."""
    ticket = await desk.ana.open(service="vpn")
    await desk.hear(triage_says(), ticket)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    await desk.hear_events(*desk.log(ticket)[-1:])
    [invited] = feedback_of(desk, SurveyInvited)
    return ticket, invited.token


def feedback_of(desk: Desk, kind: type) -> list:  # type: ignore[type-arg]
    return [
        item.data
        for item in desk.publisher.events()
        if item.topic == FEEDBACK and isinstance(item.data, kind)
    ]


def anybody(desk: Desk) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=desk.transport, base_url="http://desk")


async def test_a_link_needs_no_sign_in_and_gives_one_answer(desk: Desk) -> None:
    ticket, token = await solve(desk)
    async with anybody(desk) as client:
        shown = (await client.get(f"/v1/surveys/{token}")).json()
        assert (shown["title"], shown["is_answered"]) == ("VPN does not connect", False)
        assert "description" not in shown
        body = {"score": 4, "lost_minutes": 90}
        first = await client.post(f"/v1/surveys/{token}", json=body)
        again = await client.post(f"/v1/surveys/{token}", json=body)
        other = await client.post(f"/v1/surveys/{token}", json={"score": 1})
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert other.json()["code"] == "survey-used"
    [answer] = feedback_of(desk, SurveyAnswered)
    assert (answer.ticket, answer.score, answer.lost_minutes) == (ticket, 4, 90)
    # Whoever signs in may think again.
    changed = await desk.ana.post(f"/tickets/{ticket}/feedback", score=2)
    assert changed.json()["replaces_earlier"] is True


async def test_a_link_that_was_not_made_here_is_none(desk: Desk) -> None:
    _, token = await solve(desk)
    cursor = (await desk.max.get("/tickets?limit=1")).json()["next"] or "x"
    async with anybody(desk) as client:
        for wrong in (token[:-4] + "AAAA", "x", cursor):
            answer = await client.post(f"/v1/surveys/{wrong}", json={"score": 1})
            assert (answer.status_code, answer.json()["code"]) == (404, "no-such-survey")
    assert feedback_of(desk, SurveyAnswered) == []


async def test_a_link_ends_with_its_time_and_when_the_ticket_is_open_again(desk: Desk) -> None:
    ticket, token = await solve(desk)
    async with anybody(desk) as client:
        desk.clock.advance(timedelta(days=15))
        late = await client.post(f"/v1/surveys/{token}", json={"score": 1})
        assert (late.status_code, late.json()["code"]) == (409, "survey-over")
        shown = await client.get(f"/v1/surveys/{token}")
        assert (shown.status_code, shown.json()["code"]) == (409, "survey-over")
        await desk.ana.post(f"/tickets/{ticket}/reopen", reason="Still away")
        other = await client.get(f"/v1/surveys/{token}")
        assert (other.status_code, other.json()["code"]) == (409, "survey-over")


async def test_a_low_score_is_followed_up_by_its_team_until_it_says_what_it_did(desk: Desk) -> None:
    ticket, token = await solve(desk)
    async with anybody(desk) as client:
        await client.post(f"/v1/surveys/{token}", json={"score": 1, "comment": "Took a week"})
    [answered] = [item for item in desk.publisher.events() if isinstance(item.data, SurveyAnswered)]
    await desk.hear_events(answered, answered._replace(id=new_id()))
    [opened] = feedback_of(desk, FollowUpOpened)
    assert (opened.ticket, opened.team, opened.score) == (ticket, "network", 1)
    assert opened.due == desk.clock.now() + timedelta(days=3)

    assert (await desk.max.get("/follow-ups?team=workplace")).json()["items"] == []
    listed = (await desk.max.get("/follow-ups?team=NETWORK")).json()["items"]
    assert [(item["ticket"], item["comment"]) for item in listed] == [(ticket, "Took a week")]
    assert (await desk.ana.get("/follow-ups")).status_code == 403
    path = f"/follow-ups/{opened.follow_up}/done"
    done = await desk.max.post(path, key="k", outcome="We called.")
    again = await desk.max.post(path, key="k", outcome="We called.")
    more = await desk.max.post(path, outcome="And again.")
    assert (done.status_code, again.status_code, more.status_code) == (200, 200, 409)
    assert [item.outcome for item in feedback_of(desk, FollowUpDone)] == ["We called."]
    assert (await desk.max.get("/follow-ups")).json()["items"] == []
    [over] = (await desk.max.get("/follow-ups?open=false")).json()["items"]
    assert (over["done_by"], over["outcome"]) == ("max", "We called.")


async def test_a_good_score_owes_nothing(desk: Desk) -> None:
    _, token = await solve(desk)
    async with anybody(desk) as client:
        await client.post(f"/v1/surveys/{token}", json={"score": 3})
    await desk.hear_events(
        *[item for item in desk.publisher.events() if isinstance(item.data, SurveyAnswered)]
    )
    assert feedback_of(desk, FollowUpOpened) == []
