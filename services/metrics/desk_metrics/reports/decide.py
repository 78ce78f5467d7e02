"""The weekly report to owners: when it is due, what it says, under which ids. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.envelope import Event, Payload
from desk_contracts.events.reports import ServiceRanked, SkillGapReported
from desk_contracts.ids import derive_id
from desk_contracts.message import message

from desk_metrics.reports.causes import ServiceStatus
from desk_metrics.reports.milestones import OwnedGoal, PastVerdict, ReportSpan, report_goal
from desk_metrics.reports.periods import ReportPeriod, weeks_before
from desk_metrics.reports.proposals import propose
from desk_metrics.reports.responses import AskedProposal, Heard, follow_up
from desk_metrics.sla.decide import SOURCE

# Small organisations have few contacts a week; four of them say more, and still change weekly.
WEEKS = 4
# Skills are learned slowly, so gaps are looked for in a quarter of a year, and told once a month.
SKILL_WEEKS = 13
# What follows a change of Sunday is known by Tuesday morning.
AFTER = timedelta(hours=30)
WEEK = timedelta(weeks=1)

# The one document of reports.
WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Reported:
    """Up to when reports were made, what they asked for, and how the last one judged goals."""

    until: datetime
    made: tuple[AskedProposal, ...] = ()
    verdicts: tuple[PastVerdict, ...] = ()

    @property
    def due(self) -> datetime:
        """When the next one is."""
        return self.until + WEEK + AFTER


def first_reported(now: datetime) -> Reported:
    """A desk that starts reports from its next week on: of the past it only knows what it read."""
    return Reported(_until(now))


def next_period(reported: Reported, now: datetime) -> ReportPeriod | None:
    """What to report about now, if anything. Reports that were missed are not sent later."""
    if now < reported.due:
        return None
    return weeks_before(_until(now), WEEKS)


def as_of(period: ReportPeriod) -> datetime:
    """Up to when facts belong to the report of a period, however late it is made."""
    return period.end + AFTER


def skills_period(period: ReportPeriod) -> ReportPeriod | None:
    """The quarter to look for skill gaps in; none but in the first report of a month."""
    return weeks_before(period.end, SKILL_WEEKS) if period.end.day <= WEEK.days else None


def rank_services(
    statuses: Sequence[ServiceStatus], period: ReportPeriod, as_of: datetime, charter: str
) -> list[ServiceRanked]:
    """What is said of each service, in the order given; those that cost nothing share a place."""
    last = len(statuses)
    return [
        _rank_service(
            status, rank if status.trouble.score_us else last, last, period, as_of, charter
        )
        for rank, status in enumerate(statuses, start=1)
    ]


def report(
    reported: Reported,
    systems: Iterable[ServiceRanked],
    gaps: Iterable[SkillGapReported],
    goals: Iterable[OwnedGoal],
    heard: Heard,
    period: ReportPeriod,
) -> tuple[Reported, tuple[Event[Payload], ...]]:
    """The report of a period as events; making it again makes the same ids."""
    before = {proposal.service: proposal for proposal in reported.made}
    followed = [follow_up(service, before.get(service.service), heard) for service in systems]
    ranked = [item.system for item in followed if item.system is not None]
    events = [_event(item, item.team, period, item.service) for item in ranked]
    events += [_event(gap, gap.team, period, gap.skill) for gap in gaps]
    stretch = ReportSpan(period, reported.until, as_of(period))
    statuses = [report_goal(goal, dict(reported.verdicts), stretch) for goal in goals]
    events += [_event(item, item.team, period, item.goal) for item in statuses]
    verdicts = tuple((item.goal, item.verdict.value) for item in statuses)
    made = tuple(item.remembered for item in followed)
    return Reported(period.end, made, verdicts), tuple(events)


def _event(data: Payload, team: str, period: ReportPeriod, about: str) -> Event[Payload]:
    id = derive_id(f"{data.TYPE}/{period.name}", f"{team}/{about}")
    return Event(id, SOURCE, team, as_of(period), data)


def _until(now: datetime) -> datetime:
    return weeks_before(now - AFTER, 1).end


def _rank_service(
    status: ServiceStatus, rank: int, of: int, period: ReportPeriod, as_of: datetime, charter: str
) -> ServiceRanked:
    trouble, went = status.trouble, status.delivery
    proposal, reasons = propose(status)
    last = period.end - timedelta(days=1)
    return ServiceRanked(
        service=status.service.name,
        team=status.service.team,
        period=period.name,
        since=period.start,
        until=period.end,
        rank=rank,
        of=of,
        contacts=trouble.contacts,
        contacts_before=trouble.contacts_before,
        lost_minutes=trouble.lost_minutes,
        repeat_contacts=trouble.repeat_contacts,
        came_again=trouble.came_again,
        deflected=trouble.deflected,
        reported_lost_minutes=trouble.reported_lost_minutes,
        reported_lost_answers=trouble.reported_lost_answers,
        requested_by=len(trouble.requested_by),
        healing_debt=trouble.healing_debt,
        relapses=trouble.relapses,
        slas_breached=trouble.slas_breached,
        problems=trouble.problems,
        changes=went.finished,
        change_failure_rate=went.failure_rate,
        tickets_per_release=went.tickets_per_release,
        score=trouble.score,
        proposal=proposal,
        reasons=reasons,
        based_on=message(
            "report.based-on", first=period.start.date(), last=last.date(), known=as_of
        ),
        charter=charter,
    )
