"""The weekly report: when it is due, what it says, and that it is said once whatever happens."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from desk_charter import Charter, load_charter
from desk_contracts import AnyEvent
from desk_contracts.errors import DependencyDown
from desk_contracts.events.reports import (
    Answer,
    GoalMilestone,
    GoalStatusReported,
    GoalVerdict,
    Proposal,
    ServiceRanked,
    SkillGapReported,
)
from desk_metrics.planning.charter import GOALS, Goal
from desk_metrics.planning.goal_weeks import People
from desk_metrics.planning.store import assess_goals, owner_of
from desk_metrics.reports.decide import WEEKLY, Reported, first_reported, next_period, skills_period
from desk_metrics.reports.responses import Answers, AskedProposal, OwnerResponse
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses, Sources
from desk_metrics.reports.worker import Reporting
from desk_metrics.sla.policies import PolicyBook
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry
from pydantic import TypeAdapter

from tests.support.charter_sections import obeying
from tests.support.metrics_desk import Desk
from tests.support.metrics_goals_api import FIRST, life
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story

# A Tuesday, an hour after the report of the four weeks to Sunday 29 November was due.
NOW = datetime(2026, 12, 1, 7, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
DUE = MONDAY + timedelta(hours=30)
BEFORE = Reported(MONDAY - timedelta(weeks=1))
# A quarter of the way is due on 22 November 2026.
HALF: dict[str, object] = {
    "name": "half-the-vpn",
    "title": "Half the tickets about VPN",
    "measure": "contacts",
    "where": {"services": ["vpn"]},
    "direction": "down",
    "target": {"times_baseline": 0.5},
    "baseline": {"from": date(2026, 6, 1), "to": date(2026, 8, 23)},
    "due": date(2027, 8, 22),
}


@pytest.fixture(scope="session")
def charter() -> Charter:
    return load_charter(Path(__file__).parents[3] / "charter")


class Office:
    """Reporting on fakes, which outlive it as a store and a bus do."""

    def __init__(self, charter: Charter, now: datetime = NOW) -> None:
        self.charter = charter
        self.desk = Desk(now, PolicyBook(()))
        self.documents = FakeDocuments(REPORTED, self.desk.clock)
        self.answers = FakeDocuments(ANSWERS, self.desk.clock)
        self.publisher = FakePublisher()
        self.reporting = self.restarted()

    def restarted(self) -> Reporting:
        desk, telemetry = self.desk, record_telemetry().telemetry
        projection = Projection(self.documents)
        unit_of_work = UnitOfWork(
            projection, self.publisher, desk.clock, telemetry.meters, cached=0
        )
        responses = OwnerResponses(self.documents, self.answers)
        collections = desk.collections
        sources = Sources(
            collections.buckets, desk.sums, collections.changes, lambda: self.charter, responses
        )
        self.commands = CommandQueue(unit_of_work)
        self.reporting = Reporting(self.documents, self.commands, sources, desk.clock)
        return self.reporting

    async def tick(self) -> None:
        due = await self.documents.due(self.desk.clock.now(), 10)
        await self.reporting.on_timer([id for _, id in due], _ignore)
        await self.commands.finish()

    async def reported(self) -> Reported:
        state = (await self.documents.load([WEEKLY]))[WEEKLY].state
        assert state is not None
        return state

    async def begin(self, reported: Reported) -> None:
        """The service has run before, and reported up to then."""
        await self.reporting.begin()
        (stored,) = (await self.documents.load([WEEKLY])).values()
        await self.documents.write([replace(stored, state=reported, due=reported.due)])

    @property
    def events(self) -> list[AnyEvent]:
        return self.publisher.events()

    def systems(self) -> dict[str, ServiceRanked]:
        ranked = [item.data for item in self.events if isinstance(item.data, ServiceRanked)]
        return {item.service: item for item in ranked}

    def goals(self) -> list[GoalStatusReported]:
        return [item.data for item in self.events if isinstance(item.data, GoalStatusReported)]


async def _ignore(_failures: object) -> None:
    raise AssertionError("a report reports by itself")


@pytest.fixture
async def office(charter: Charter) -> Office:
    """Twelve incidents about the VPN in the last week, and one about mail."""
    office = Office(charter)
    for number in range(12):
        life = Story("09:00", service="vpn").triaged("09:01", "P3").assigned("09:02", "network")
        await office.desk.tell(second(life.resolved("10:00"), f"ticket-{number}"))
    await office.desk.tell(second(Story("09:00", service="mail").resolved("09:30"), "ticket-m"))
    return office


async def test_every_service_is_told_of_to_its_owner_team(office: Office) -> None:
    await office.begin(BEFORE)
    await office.tick()
    assert set(office.systems()) == {item.name for item in office.charter.services}
    owners = {item.name: item.owner for item in office.charter.services}
    for event in office.events:
        if isinstance(event.data, ServiceRanked):
            assert event.subject == event.data.team == owners[event.data.service]
            assert event.time == DUE
    vpn = office.systems()["vpn"]
    assert (vpn.rank, vpn.of, vpn.contacts) == (1, len(owners), 12)
    assert (vpn.period, vpn.score) == ("2026-W45/2026-W48", 12 * 60 + 12 * 15)
    assert vpn.proposal is Proposal.REPAIR
    assert office.systems()["mail"].proposal is Proposal.LEAVE


async def test_it_is_said_once_across_a_restart(office: Office) -> None:
    await office.begin(BEFORE)
    await office.tick()
    ids = [item.id for item in office.events]
    await office.tick()
    await office.restarted().begin()
    await office.tick()
    assert [item.id for item in office.events] == ids
    assert len(set(ids)) == len(ids)
    assert (await office.reported()).until == MONDAY


async def test_two_that_fire_at_once_report_once(office: Office) -> None:
    await office.begin(BEFORE)
    first, commands = office.reporting, office.commands
    other = office.restarted()
    await first.on_timer([WEEKLY], _ignore)
    await other.on_timer([WEEKLY], _ignore)
    await commands.finish()
    await office.commands.finish()
    ids = [item.id for item in office.events]
    assert len(ids) == len(set(ids)) > 0


async def test_what_the_bus_did_not_take_stays_in_the_document(office: Office) -> None:
    await office.begin(BEFORE)
    office.publisher.is_down = True
    await office.tick()
    (stored,) = (await office.documents.load([WEEKLY])).values()
    assert office.events == []
    assert len(stored.outbox) >= len(office.charter.services)
    assert stored.state is not None
    assert stored.state.until == MONDAY


async def test_with_the_store_away_it_stays_due(office: Office) -> None:
    await office.begin(BEFORE)
    office.desk.collections.buckets.is_down = True  # type: ignore[attr-defined]  # a fake
    await office.tick()
    assert (await office.reported()) == BEFORE
    office.desk.collections.buckets.is_down = False  # type: ignore[attr-defined]  # a fake
    await office.tick()
    assert (await office.reported()).until == MONDAY


async def test_the_same_week_has_the_same_ids_on_another_desk(
    office: Office, charter: Charter
) -> None:
    await office.begin(BEFORE)
    await office.tick()
    later = Office(charter, NOW + timedelta(days=3))
    await later.begin(BEFORE)
    await later.tick()
    mine = {item.id for item in office.events if isinstance(item.data, ServiceRanked)}
    assert {item.id for item in later.events if isinstance(item.data, ServiceRanked)} == mine


async def test_a_proposal_that_nobody_acts_on_comes_back_and_counts(office: Office) -> None:
    await office.begin(BEFORE)
    await office.tick()
    office.desk.clock.advance(timedelta(weeks=1))
    await office.tick()
    vpn = [item.data for item in office.events if isinstance(item.data, ServiceRanked)]
    rows = [(item.period, item.in_a_row) for item in vpn if item.service == "vpn"]
    assert rows == [("2026-W45/2026-W48", 1), ("2026-W46/2026-W49", 2)]
    assert {item.in_a_row for item in vpn if item.proposal is Proposal.LEAVE} == {1}


async def test_what_was_answered_is_heard_by_the_next_report(office: Office) -> None:
    await office.begin(BEFORE)
    await office.tick()
    response = OwnerResponse("a-1", Answer.REJECTED, NOW, "bo", "No.", "p", Proposal.REPAIR, 900.0)
    await office.answers.write([Stored(id="vpn", state=Answers((response,)))])
    office.desk.clock.advance(timedelta(weeks=1))
    before = len(office.events)
    await office.tick()
    services = {getattr(item.data, "service", "") for item in office.events[before:]}
    assert "mail" in services
    assert "vpn" not in services
    vpn = next(item for item in (await office.reported()).made if item.service == "vpn")
    assert (vpn.waiting, vpn.score, vpn.heard) == (0, 900, "")


async def test_the_third_report_without_an_answer_is_escalated(office: Office) -> None:
    await office.begin(BEFORE)
    for _ in range(3):
        await office.tick()
        office.desk.clock.advance(timedelta(weeks=1))
    vpn = [item.data for item in office.events if isinstance(item.data, ServiceRanked)]
    rows = [(item.unanswered, item.escalated_to) for item in vpn if item.service == "vpn"]
    assert rows == [(0, ""), (1, ""), (2, "service-care")]


def test_what_an_earlier_version_wrote_down_is_read() -> None:
    text = '{"until": "2026-11-23T00:00:00Z", "made": [["vpn", "repair", 2]]}'
    reported = TypeAdapter(Reported).validate_json(text)
    assert reported.made == (AskedProposal("vpn", "repair", 2),)


async def test_gaps_are_told_in_the_first_report_of_a_month(office: Office) -> None:
    """The report of 30 November tells of none, the one a week later does."""
    await office.begin(BEFORE)
    await office.tick()
    assert not [item for item in office.events if isinstance(item.data, SkillGapReported)]
    office.desk.clock.advance(timedelta(weeks=1))
    await office.tick()
    gaps = [item for item in office.events if isinstance(item.data, SkillGapReported)]
    (gap,) = [item.data for item in gaps if isinstance(item.data, SkillGapReported)]
    assert (gap.team, gap.skill, gap.bus_factor, gap.requested) == ("network", "mail", 0, 12)
    assert gap.period == "2026-W37/2026-W49"


@pytest.fixture
async def goal_office(charter: Charter) -> Office:
    """Each Monday eight tickets about VPN for twelve weeks, then five; to be four in a year."""
    office = Office(obeying(charter, goals=(Goal.model_validate(HALF),)))
    days = [FIRST + timedelta(weeks=week) for week in range(27) for _ in range(8 - 3 * (week > 11))]
    events = [item for number, day in enumerate(days) for item in life(number, day, "vpn")]
    await office.desk.tell(events)
    return office


async def test_each_goal_is_told_each_week_with_what_was_said_before(goal_office: Office) -> None:
    await goal_office.begin(BEFORE)
    await goal_office.tick()
    goal_office.desk.clock.advance(timedelta(weeks=1))
    await goal_office.tick()
    first, second = goal_office.goals()
    assert (first.goal, first.team, first.period) == (
        "half-the-vpn",
        "network",
        "2026-W45/2026-W48",
    )
    assert (first.baseline, first.target, first.now) == (8, 4, 5)
    assert (first.verdict, first.verdict_before) == (GoalVerdict.BEHIND, None)
    assert second.verdict_before is GoalVerdict.BEHIND
    assert second.period == "2026-W46/2026-W49"


async def test_a_goal_is_told_as_the_other_ways_to_ask_tell_it(goal_office: Office) -> None:
    await goal_office.begin(BEFORE)
    await goal_office.tick()
    (event,) = [item for item in goal_office.events if isinstance(item.data, GoalStatusReported)]
    (status,) = goal_office.goals()
    goals, buckets = goal_office.charter.of(GOALS), goal_office.desk.collections.buckets
    (assessment,) = await assess_goals(
        buckets, goal_office.desk.sums, goals, status.as_of, People()
    )
    assert (event.subject, event.time, status.as_of) == ("network", DUE, DUE)
    assert (status.explanation, status.verdict) == (assessment.explanation, assessment.verdict)
    assert assessment.forecast is not None
    assert (status.forecast, status.forecast_low) == (
        assessment.forecast.value,
        assessment.forecast.low,
    )


async def test_a_milestone_is_told_once_also_after_a_week_without_a_report(
    goal_office: Office,
) -> None:
    await goal_office.begin(Reported(MONDAY - timedelta(weeks=2)))
    await goal_office.tick()
    goal_office.desk.clock.advance(timedelta(weeks=1))
    await goal_office.tick()
    first, second = goal_office.goals()
    quarter = GoalMilestone(
        share=0.25, day=date(2026, 11, 22), planned=8 * 0.5**0.25, measured=5, is_met=True
    )
    assert (first.milestone, second.milestone) == (quarter, None)


async def test_a_goal_has_one_id_in_a_week_on_every_desk(goal_office: Office) -> None:
    await goal_office.begin(BEFORE)
    await goal_office.tick()
    later = Office(goal_office.charter, NOW + timedelta(days=3))
    await later.begin(BEFORE)
    await later.tick()
    ids = [
        [item.id for item in office.events if isinstance(item.data, GoalStatusReported)]
        for office in (goal_office, later)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 1


@pytest.mark.parametrize(
    ("change", "owner"),
    [
        ({"owner": "workplace"}, "workplace"),
        ({"where": {"teams": ["network"], "services": ["mail"]}}, "network"),
        ({"where": {"services": ["vpn", "wifi"]}}, "network"),
        ({"where": {"services": ["vpn", "laptop"]}}, "service-care"),
        ({"where": {}}, "service-care"),
    ],
)
def test_a_goal_is_told_to_whom_it_names_or_whose_tickets_it_counts(
    charter: Charter, change: dict[str, object], owner: str
) -> None:
    assert owner_of(Goal.model_validate(HALF | change), charter) == owner


async def test_a_new_desk_begins_with_its_next_week(charter: Charter) -> None:
    office = Office(charter)
    await office.reporting.begin()
    assert (await office.reported()) == Reported(MONDAY)
    await office.tick()
    assert office.events == []


def test_after_a_long_stop_only_the_latest_is_made() -> None:
    late = Reported(MONDAY - timedelta(weeks=9))
    period = next_period(late, NOW)
    assert period is not None
    assert period.end == MONDAY
    assert next_period(Reported(MONDAY), NOW) is None


@pytest.mark.parametrize("hours", [29.9, 30, 100])
def test_it_waits_until_a_change_of_sunday_has_had_its_day(hours: float) -> None:
    now = MONDAY + timedelta(hours=hours)
    is_due = next_period(BEFORE, now) is not None
    assert is_due is (hours >= 30)
    assert first_reported(now).due > now


def test_four_weeks_in_five_have_no_skill_report() -> None:
    ends = [datetime(2026, 11, 2, tzinfo=UTC) + timedelta(weeks=week) for week in range(5)]
    periods = [
        next_period(Reported(end - timedelta(weeks=1)), end + timedelta(hours=30)) for end in ends
    ]
    skill_reports = [skills_period(period) is not None for period in periods if period is not None]
    assert skill_reports == [True, False, False, False, False]


async def test_a_store_that_stays_away_is_no_error_of_the_report(charter: Charter) -> None:
    office = Office(charter)
    office.documents.is_down = True
    with pytest.raises(DependencyDown):
        await office.reporting.on_timer([WEEKLY], _ignore)
