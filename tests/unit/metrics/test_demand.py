"""What people ask for that is not offered: counted by people, and no reason to retire anything."""

from datetime import timedelta

from desk_contracts import AnyEvent
from desk_contracts.events.feedback import DemandObsoleteReported
from desk_contracts.events.reports import Proposal
from desk_metrics.measures.demand import name_demand, read_demand
from desk_metrics.reports.causes import Causes, Service, ServiceStatus
from desk_metrics.reports.demand import Demand, DemandEntry
from desk_metrics.reports.periods import read_period
from desk_metrics.reports.proposals import propose

from tests.support.metrics_demand import wanted
from tests.support.metrics_desk import Desk
from tests.support.metrics_feedback import DAY, HOUR, NOW, after, figures, happened
from tests.support.spoken import english

WEEK = read_period("2026-W48")  # DAY is its Monday
SERVICES = (Service("erp", "Planning", "business-apps"), Service("vpn", "Remote access", "network"))


def unused(number: int, by: str, service: str = "erp") -> AnyEvent:
    data = DemandObsoleteReported(feedback=f"u-{number}", service=service, by=by)
    return happened(data, service, DAY + 9 * HOUR)


DEMANDS = (
    wanted(1, "A whiteboard app", "ana"),
    wanted(2, "a  Whiteboard  APP", "ben"),
    wanted(3, "a whiteboard app", "ben", 30),
    wanted(4, "Better coffee", "cleo"),
    wanted(5, "A whiteboard app", "dora", 24 * 8),
)


async def demand(desk: Desk, as_of_hours: int = 24 * 7) -> tuple[DemandEntry, ...]:
    collected = Demand(WEEK.start, WEEK.end, DAY + as_of_hours * HOUR)
    for bucket in await desk.buckets():
        collected.add(bucket)
    return collected.entries()


async def status(*events: AnyEvent) -> ServiceStatus:
    desk = await after(*events)
    causes = Causes(WEEK, NOW + timedelta(days=9), SERVICES)
    for bucket in await desk.buckets():
        causes.add(bucket)
    return next(item for item in causes.rank(SERVICES, {}) if item.service.name == "erp")


async def test_spelling_makes_no_second_demand_and_people_count_once() -> None:
    desk = await after(*DEMANDS)
    assert await demand(desk) == (
        DemandEntry(what="a whiteboard app", people=2, times=3),
        DemandEntry(what="better coffee", people=1, times=1),
    )
    assert (await figures(desk))[""]["demand_requested"] == 4


async def test_order_and_repeats_change_nothing_and_as_of_hides_the_later() -> None:
    desk = await after(*reversed(DEMANDS), *DEMANDS)
    assert (await demand(desk))[0] == DemandEntry(what="a whiteboard app", people=2, times=3)
    assert (await demand(desk, 20))[0].times == 2


def test_the_sign_that_parts_a_measure_is_never_in_a_demand() -> None:
    assert name_demand("  A | B  c ") == "a b c"
    assert read_demand("demand|a / b c") == "a / b c"
    assert (
        read_demand("came|network|vpn")
        is read_demand("demand")
        is read_demand("demand_requested")
        is None
    )


async def test_what_people_ask_for_is_not_proposed_for_retirement() -> None:
    complaints = [unused(number, f"p-{number}") for number in range(5)]
    assert propose(await status(*complaints))[0] is Proposal.RETIRE
    requests = [wanted(number, "PLANNING", f"q-{number}") for number in range(5)]
    service_status = await status(*complaints, *requests)
    assert service_status.trouble.requested_by == {f"q-{number}" for number in range(5)}
    proposal, reasons = propose(service_status)
    assert (proposal, english(reasons[-1])) == (Proposal.LEAVE, "5 people asked for it.")


async def test_a_demand_is_no_sign_that_a_service_is_at_work() -> None:
    """It keeps a quiet service from being retired, and its silence goes on all the same."""
    log_begins = wanted(1, "better coffee", "ana", 1)
    first = await status(log_begins)
    later = await status(log_begins, wanted(2, "erp", "ben", 30))
    assert first.quiet_days == later.quiet_days > 10
    assert later.trouble.requested_by == {"ben"}


def test_a_demand_is_one_demand_however_it_was_typed() -> None:
    for written in ("White\u00adboard APP", "white\u200bboard   app!", "\uff37hiteboard-app"):
        assert name_demand(written) == "whiteboard app"
    assert name_demand("\U0001f697|") == "\U0001f697/"
