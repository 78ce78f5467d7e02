"""What services cost people, from tickets, repairs and changes to a ranking, by hand."""

from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunHealed, RunRelapsed
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.tickets import Kind
from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.demand import OBSOLETE
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.reports.causes import Causes, Service, ServiceStatus
from desk_metrics.reports.changes import Changes, add_change
from desk_metrics.reports.periods import read_period
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import micros

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story, at, book, policy

WEEK = read_period("2026-W48")  # 23 to 29 November
LATER = datetime(2026, 12, 8, tzinfo=UTC)
SERVICES = tuple(Service(name, name.upper(), "network") for name in ("vpn", "mail", "erp"))


async def statuses(
    *lives: Story,
    others: tuple[AnyEvent, ...] = (),
    as_of: datetime = LATER,
    policies: PolicyBook | None = None,
    changes: dict[str, Changes] | None = None,
) -> list[ServiceStatus]:
    desk = Desk(LATER, policies or PolicyBook(()))
    for number, life in enumerate(lives):
        await desk.tell(second(life, f"ticket-{number}"))
    await desk.tell(others)
    await desk.at(LATER)
    causes = Causes(WEEK, as_of)
    for bucket in await desk.buckets():
        causes.add(bucket)
    return causes.rank(SERVICES, changes or {})


def heal(name: str, when: str) -> AnyEvent:
    data = RunHealed(run=name, runbook="restart", title="Restart it", service="vpn")
    return Event(f"{name}-healed", "/desk/automation", "gateway-1", at(when), data)


def relapse(name: str, healed: str, relapsed: str) -> AnyEvent:
    data = RunRelapsed(
        run=name,
        runbook="restart",
        title="Restart it",
        again="gateway-1/2",
        healed_at=at(healed),
        relapsed_at=at(relapsed),
        service="vpn",
        team="network",
    )
    return Event(f"{name}-relapsed", "/desk/automation", "gateway-1", at(relapsed), data)


async def test_a_score_is_lost_minutes_and_a_quarter_of_an_hour_for_each_contact() -> None:
    """VPN: one incident of 120 open minutes; mail: an incident of 30 and a question."""
    ranking = await statuses(
        Story("09:00", service="vpn").resolved("11:00"),
        Story("09:00", service="mail").resolved("09:30"),
        Story("09:00", service="mail", kind=Kind.QUESTION).resolved("15:00"),
        policies=book(policy()),
    )
    rows = [(item.service.name, item.trouble.contacts, item.trouble.score) for item in ranking]
    assert rows == [("vpn", 1, 120 + 15), ("mail", 2, 30 + 2 * 15), ("erp", 0, 0)]
    assert [item.share for item in ranking] == [135 / 195, 60 / 195, 0]
    assert ranking[1].trouble.requests == 1


async def test_only_the_period_counts_and_what_came_before_is_for_comparison() -> None:
    (vpn, *_) = await statuses(
        Story("2026-11-15 12:00", service="vpn"),
        Story("2026-11-16 12:00", service="vpn"),
        Story("2026-11-23 12:00", service="vpn"),
        Story("2026-11-29 12:00", service="vpn"),
        Story("2026-11-30 12:00", service="vpn"),
    )
    assert (vpn.trouble.contacts, vpn.trouble.contacts_before) == (2, 1)


async def test_who_came_back_and_what_was_not_kept_is_counted() -> None:
    (vpn, *_) = await statuses(
        Story("09:00", service="vpn").resolved("15:00").reopened("15:30").resolved("16:00"),
        policies=book(policy(minutes=60)),
    )
    assert vpn.trouble.repeat_contacts == 1
    assert vpn.trouble.resolved == 1
    # Each cycle has its SLA, as in `sla_met`: the second was late when it began.
    assert vpn.trouble.slas_breached == 2
    assert vpn.trouble.lost_minutes == 6 * 60 + 30


async def test_repairs_are_a_debt_whether_they_last_or_not() -> None:
    runs = (
        heal("r1", "09:05"),
        relapse("r1", "09:05", "12:00"),
        heal("r2", "12:05"),
        heal("r3", "2026-11-26 12:05"),
    )
    (vpn, *_) = await statuses(others=runs)
    assert (vpn.trouble.healing_debt, vpn.trouble.relapses) == (3, 1)
    assert vpn.trouble.score == 0


async def test_what_was_not_known_at_a_moment_is_not_told_of_it() -> None:
    life = Story("09:00", service="vpn").resolved("11:00").reopened("2026-11-25 09:00")
    (early, *_) = await statuses(life, as_of=at("12:00"))
    assert (early.trouble.repeat_contacts, early.trouble.resolved) == (0, 1)
    (late, *_) = await statuses(life)
    assert (late.trouble.repeat_contacts, late.trouble.resolved) == (1, 0)


async def test_quiet_begins_with_the_last_that_was_heard_or_with_the_log() -> None:
    data = ChangeFinished(change="c1", kind=ChangeKind.RELEASE, succeeded=True)
    finished = Event("c1", "/delivery", "erp", LATER - timedelta(days=3), data)
    ranking = await statuses(
        Story("2026-11-23 09:00", service="mail"),
        Story("2026-11-24 09:00", service="vpn"),
        changes={"erp": add_change(Changes(), finished)},
    )
    quiet = {item.service.name: item.quiet_days for item in ranking}
    since = {
        "mail": at("2026-11-23 09:00"),
        "vpn": at("2026-11-24 09:00"),
        "erp": LATER - timedelta(days=3),
    }
    assert quiet == {name: (LATER - moment) / timedelta(days=1) for name, moment in since.items()}
    assert [item.unchanged_days for item in ranking] == [None, None, 3]


async def test_an_empty_log_calls_nothing_quiet() -> None:
    assert [statuse.quiet_days for statuse in await statuses()] == [0, 0, 0]


async def test_tickets_without_a_known_service_rank_nothing() -> None:
    ranking = await statuses(Story("09:00"), Story("09:00", service="a-service-nobody-owns"))
    assert {item.trouble.contacts for item in ranking} == {0}
    assert [item.service.name for item in ranking] == ["erp", "mail", "vpn"]


def test_who_no_longer_needs_it_counts_once_and_breaks_no_silence() -> None:
    moment = micros(at("2026-11-25 09:00"))
    obsolete = [
        Entry(
            f"wish:{n}",
            1,
            Slice(service="erp", person=who),
            (Contribution(OBSOLETE, moment, moment),),
        )
        for n, who in enumerate(("ana", "ben", "ana"))
    ]
    opened = micros(at("2026-11-01 09:00"))
    old = Entry("t-1", 1, Slice("incident", "erp"), (Contribution("contacts", opened, opened),))
    causes = Causes(WEEK, LATER)
    causes.add(Bucket("2026-11-25", (old, *obsolete)))
    erp = next(item for item in causes.rank(SERVICES, {}) if item.service.name == "erp")
    assert erp.trouble.obsolete_by == {"ana", "ben"}
    assert erp.quiet_days == (LATER - at("2026-11-01 09:00")) / timedelta(days=1)
