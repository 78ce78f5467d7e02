"""What people are told of the whole: what is planned, how today goes, and as a feed."""

from datetime import timedelta
from xml.etree.ElementTree import fromstring

import pytest
from desk_contracts import Event, Payload
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangePlanned, ChangeStarted
from desk_contracts.events.problems import ProblemConfirmed, ProblemDetected, ProblemUpdated
from desk_contracts.events.sla import ClockName, SlaBreached, SlaCancelled, SlaMet
from desk_contracts.message import message, verbatim
from desk_intake.status.atom import FeedEntry, write_feed
from desk_intake.status.model import KnownProblem, apply

from tests.support.intake_world import MONDAY, Desk

HOUR = timedelta(hours=1)
ATOM = "{http://www.w3.org/2005/Atom}"
CLOCK = {"clock": ClockName.RESOLUTION, "policy": "p", "policy_version": "1", "team": "network"}
MET = SlaMet.model_validate({**CLOCK, "took": HOUR, "due": None})
BREACHED = SlaBreached.model_validate({**CLOCK, "due": MONDAY})


def plan(**changes: object) -> ChangePlanned:
    fields: dict[str, object] = {
        "change": "c-1",
        "kind": ChangeKind.MAINTENANCE,
        "title": "New gateway",
        "starts": MONDAY + 24 * HOUR,
        "ends": MONDAY + 26 * HOUR,
    }
    return ChangePlanned.model_validate(fields | changes)


async def changes_of(desk: Desk) -> list[tuple[str, bool]]:
    status = (await desk.ana.get("/status")).json()
    return [(item["title"], item["is_under_way"]) for item in status["changes"]]


async def test_a_change_is_shown_from_its_plan_to_its_end(desk: Desk) -> None:
    await desk.hear(plan(), "vpn", source="/delivery")
    assert await changes_of(desk) == [("New gateway", False)]
    begun = ChangeStarted(change="c-1", kind=ChangeKind.MAINTENANCE, title="New gateway")
    await desk.hear(begun, "vpn", source="/delivery")
    assert await changes_of(desk) == [("New gateway", True)]
    done = ChangeFinished(change="c-1", kind=ChangeKind.MAINTENANCE, succeeded=True)
    await desk.hear(done, "vpn", source="/another")
    assert len(await changes_of(desk)) == 1, "another system's change of that name is another one"
    await desk.hear(done, "vpn", source="/delivery")
    assert await changes_of(desk) == []


async def test_what_is_far_ahead_or_was_never_ended_is_not_shown(desk: Desk) -> None:
    later = {"starts": MONDAY + timedelta(days=20), "ends": MONDAY + timedelta(days=21)}
    await desk.hear(plan(change="far", title="Far", **later), "vpn")
    await desk.hear(plan(change="near", title="Near"), "vpn")
    assert await changes_of(desk) == [("Near", False)]
    desk.clock.advance(timedelta(days=4))
    assert await changes_of(desk) == []
    desk.clock.advance(timedelta(days=4))
    assert await changes_of(desk) == [("Far", False)]


async def slas_of(desk: Desk) -> tuple[int, int, float | None]:
    today = (await desk.ana.get("/status")).json()["slas_today"]
    return today["met"], today["breached"], today["share"]


async def test_no_promise_that_ended_is_no_health(desk: Desk) -> None:
    assert await slas_of(desk) == (0, 0, None)
    today = (await desk.ana.get("/status")).json()["slas_today"]
    assert today["text"].endswith("nothing is known of how today goes.")


async def test_promises_of_today_are_counted_once_and_taken_back(desk: Desk) -> None:
    for number in range(3):
        await desk.hear(MET, f"t-{number}", id=f"m-{number}")
    await desk.hear(MET, "t-0", id="m-0")
    await desk.hear(BREACHED, "t-9", id="b")
    assert await slas_of(desk) == (3, 1, 0.75)
    untrue = SlaCancelled.model_validate(
        {**CLOCK, "because": message("sla.late-facts"), "untrue": "breached"}
    )
    await desk.hear(untrue, "t-9", id="u")
    assert await slas_of(desk) == (3, 0, 1)
    desk.clock.advance(timedelta(days=1))
    assert await slas_of(desk) == (0, 0, None), "another day"


def test_how_many_are_affected_is_what_triage_states() -> None:
    """A confirmation lists tickets again that were counted, and a removal no people."""
    fields: dict[str, object] = {"service": "vpn", "title": message("problem.title-unnamed")}
    first = {**fields, "team": "network", "tickets": ("t-1", "t-2"), "people": ("ana", "ben")}
    notice = {"message": message("problem.maybe-unnamed", team="network")}
    reports: tuple[Payload, ...] = (
        ProblemDetected.model_validate(
            {**first, **notice, "status": "proposed", "ticket_count": 3, "people_count": 3}
        ),
        ProblemConfirmed.model_validate({**first, **notice, "ticket_count": 3, "people_count": 3}),
        ProblemUpdated.model_validate(
            {
                **fields,
                "tickets": ("t-3",),
                "people": ("cay",),
                "ticket_count": 3,
                "people_count": 3,
            }
        ),
        ProblemUpdated.model_validate(
            {**fields, "removed": ("t-3",), "ticket_count": 2, "people_count": 2}
        ),
        ProblemUpdated.model_validate({**fields, "removed": ("t-1", "t-2")}),
    )
    counts, problem = [], None
    for number, data in enumerate(reports):
        event = Event(f"e-{number}", "/desk/triage", "p-1", MONDAY, data)
        problem = apply(problem, event)
        assert isinstance(problem, KnownProblem)
        counts.append((problem.tickets, problem.people))
    assert counts == [(3, 3), (3, 3), (3, 3), (2, 2), (0, 2)]


async def test_the_feed_has_what_the_status_has(desk: Desk) -> None:
    down = ProblemDetected(
        service="vpn", title=verbatim("It is <down> \x0b & out"), team="network",
        message=verbatim("Wait"), tickets=(), people=(), explanation=(),
    )  # fmt: skip
    await desk.hear(down, "p-1")
    await desk.hear(plan(), "vpn")
    answer = await desk.ana.get("/status/feed")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = fromstring(answer.text)  # noqa: S314 (our own)
    titles = [item.findtext(f"{ATOM}title") for item in feed.iter(f"{ATOM}entry")]
    assert titles == [
        "Remote access (VPN): New gateway",
        "Remote access (VPN): It is <down>  & out",
    ]


@pytest.mark.parametrize("count", [0, 2])
def test_a_feed_is_always_whole(count: int) -> None:
    entries = [FeedEntry(f"e-{n}", "Title", "Text", MONDAY + n * HOUR) for n in range(count)]
    feed = fromstring(write_feed("Status", entries, MONDAY))  # noqa: S314 (our own)
    assert feed.findtext(f"{ATOM}updated") == (
        "2026-03-02T10:00:00Z" if count else "2026-03-02T09:00:00Z"
    )
    ids = [item.findtext(f"{ATOM}id") for item in feed.iter(f"{ATOM}entry")]
    assert ids == ["urn:desk:status:e-1", "urn:desk:status:e-0"][: len(entries)]


async def test_what_was_expected_is_published_beside_what_came(desk: Desk) -> None:
    teams = (await desk.ana.get("/status/forecasts")).json()
    network = next(item for item in teams if item["team"] == "network")
    assert (network["coverage"], network["share"]) == (None, 0.8)
