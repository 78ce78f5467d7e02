"""What is proposed for a service: each rule, each at its bar, and nothing from small numbers."""

import pytest
from desk_contracts.events.reports import Proposal
from desk_metrics.reports.causes import Service, ServiceStatus, Trouble
from desk_metrics.reports.changes import Delivery
from desk_metrics.reports.proposals import propose

from tests.support.spoken import english

MINUTE = 60_000_000
NO_CHANGE = Delivery(0, 0, 0)


def status(
    *,
    lifecycle: str = "live",
    criticality: int = 3,
    went: Delivery = NO_CHANGE,
    unchanged: float | None = None,
    quiet: float = 0,
    share: float = 0.1,
    **trouble: int,
) -> ServiceStatus:
    service = Service("vpn", "Remote access", "network", lifecycle, criticality)
    return ServiceStatus(service, Trouble(**trouble), went, unchanged, quiet, share)  # type: ignore[arg-type]  # counts only


def unwanted(people: int, contacts: int = 0) -> ServiceStatus:
    service_status = status(contacts=contacts)
    service_status.trouble.obsolete_by.update(f"person-{number}" for number in range(people))
    return service_status


def requested_by(people: int, quiet: float) -> ServiceStatus:
    service_status = status(quiet=quiet)
    service_status.trouble.requested_by.update(f"person-{number}" for number in range(people))
    return service_status


def rule(service_status: ServiceStatus) -> tuple[Proposal, str]:
    proposal, reasons = propose(service_status)
    return proposal, reasons[0].code.removeprefix("proposal.")


@pytest.mark.parametrize(
    ("service_status", "wanted"),
    [
        (status(lifecycle="planned"), (Proposal.LEAVE, "not-in-use")),
        (status(lifecycle="retired", quiet=500), (Proposal.LEAVE, "not-in-use")),
        (status(quiet=180), (Proposal.RETIRE, "quiet")),
        (status(quiet=179), (Proposal.LEAVE, "small-numbers")),
        (status(quiet=400, criticality=2), (Proposal.LEAVE, "small-numbers")),
        (status(quiet=90, criticality=1, lifecycle="retiring"), (Proposal.RETIRE, "quiet")),
        (status(quiet=89, criticality=1, lifecycle="retiring"), (Proposal.LEAVE, "small-numbers")),
        (unwanted(5), (Proposal.RETIRE, "obsolete")),
        (unwanted(4), (Proposal.LEAVE, "small-numbers")),
        (unwanted(12, contacts=11), (Proposal.RETIRE, "obsolete")),
        (unwanted(12, contacts=12), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=9, share=0.9), (Proposal.LEAVE, "small-numbers")),
        (status(contacts=10, lifecycle="retiring"), (Proposal.REPLACE, "end-of-life")),
        (status(contacts=10, lifecycle="retired"), (Proposal.REPLACE, "end-of-life")),
        (status(healing_debt=12, relapses=3), (Proposal.REPAIR, "relapses")),
        (status(healing_debt=12, relapses=2), (Proposal.LEAVE, "unremarkable")),
        (status(healing_debt=9, relapses=9), (Proposal.LEAVE, "small-numbers")),
        (status(healing_debt=20, relapses=4), (Proposal.REPAIR, "healing-debt")),
        (status(healing_debt=50, relapses=12), (Proposal.REPAIR, "healing-debt")),
        (status(healing_debt=19, relapses=4), (Proposal.LEAVE, "unremarkable")),
        (
            status(contacts=10, went=Delivery(5, 2, 1, 0.4)),
            (Proposal.REPAIR, "failed-changes"),
        ),
        (status(contacts=10, went=Delivery(3, 3, 3, 1.0)), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, went=Delivery(4, 2, 1, 0.5)), (Proposal.REPAIR, "failed-changes")),
        (status(contacts=10, went=Delivery(10, 3, 1, 0.3)), (Proposal.REPAIR, "failed-changes")),
        (status(contacts=10, went=Delivery(100, 29, 1, 0.29)), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, went=Delivery(10, 2, 1, 0.2)), (Proposal.LEAVE, "unremarkable")),
        (
            status(contacts=10, repeat_contacts=2, resolved=8),
            (Proposal.REPAIR, "repeat-contacts"),
        ),
        (status(contacts=10, repeat_contacts=2, resolved=7), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, repeat_contacts=19, resolved=81), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, came_again=3), (Proposal.REPAIR, "came-again")),
        (status(contacts=11, came_again=3), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=100, came_again=29), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=9, came_again=9), (Proposal.LEAVE, "small-numbers")),
        (requested_by(3, quiet=400), (Proposal.LEAVE, "small-numbers")),
        (status(contacts=30, requests=20), (Proposal.AUTOMATE, "questions-and-requests")),
        (status(contacts=100, requests=60), (Proposal.AUTOMATE, "questions-and-requests")),
        (status(contacts=100, requests=59), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=34, requests=20), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=19, requests=19), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, unchanged=180), (Proposal.UPGRADE, "unchanged")),
        (status(contacts=10, unchanged=179), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, unchanged=None), (Proposal.LEAVE, "unremarkable")),
        (status(contacts=10, share=0.2), (Proposal.REPAIR, "worst-system")),
        (status(contacts=10, share=0.19), (Proposal.LEAVE, "unremarkable")),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_proposes(
    service_status: ServiceStatus, wanted: tuple[Proposal, str]
) -> None:
    assert rule(service_status) == wanted


@pytest.mark.parametrize(
    ("service_status", "share"),
    [
        (status(healing_debt=12, relapses=3), 0.25),
        (status(contacts=10, went=Delivery(5, 2, 1, 0.4)), 0.4),
        (status(contacts=10, repeat_contacts=2, resolved=8), 0.2),
        (status(contacts=10, came_again=4), 0.4),
        (status(contacts=25, requests=20), 0.8),
    ],
)
def test_a_share_is_of_all_that_it_could_be(service_status: ServiceStatus, share: float) -> None:
    assert propose(service_status)[1][0].params["share"] == share


def test_every_reason_says_its_numbers() -> None:
    service_status = status(
        contacts=84, lost_us=5310 * MINUTE, healing_debt=31, relapses=12, slas_breached=1
    )
    assert [english(reason) for reason in propose(service_status)[1]] == [
        "The desk repaired it 31 times, and 12 of these repairs (39%) did not last: the cause is"
        " still there.",
        "It cost people 109.5 hours: 5,310 minutes of incidents and 84 contacts at 15 minutes.",
        "1 SLA was not met.",
    ]


def test_what_came_again_is_counted_twice_and_said() -> None:
    service_status = status(contacts=12, came_again=4, lost_us=60 * MINUTE)
    assert service_status.trouble.score == 60 + 12 * 15 + 4 * 15
    why, cost = propose(service_status)[1]
    assert english(why).startswith("4 of 12 contacts (33%) came from people who had asked")
    assert english(cost) == (
        "It cost people 5 hours: 60 minutes of incidents and 12 contacts at 15 minutes, twice"
        " for the 4 that came again within a week."
    )


def test_small_numbers_are_called_small() -> None:
    (why, cost) = propose(status(contacts=1))[1]
    assert english(why) == (
        "1 contact and 0 repairs are too few to conclude anything from; a proposal needs 10 of one"
        " of them."
    )
    assert english(cost).startswith(
        "It cost people 0.2 hours: 0 minutes of incidents and 1 contact at"
    )
