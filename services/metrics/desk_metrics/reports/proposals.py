"""Proposals: what to do about a service, by rules that anybody can read, each with its numbers.

The rules are asked in order and the first that fits proposes; docs/measures.md has them as a table.
Small numbers propose nothing: below the counts in `Bars` chance alone would explain them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from desk_contracts.events.reports import Proposal
from desk_contracts.message import Message, Param, message

from desk_metrics.reports.causes import CONTACT_MINUTES, ServiceStatus, Trouble


@dataclass(frozen=True, slots=True)
class Bars:
    """From where on something is proposed. Counts are of one period; shares are of counts that
    reach `fewest`."""

    fewest: int = 10
    quiet_days: float = 180
    quiet_days_retiring: float = 90
    # What stops the company or a department is not proposed for retirement because it is quiet.
    least_critical: int = 3
    many_obsolete: int = 5
    relapse_share: float = 0.25
    many_repairs: int = 20
    fewest_changes: int = 4
    fewest_failed: int = 2
    failure_rate: float = 0.3
    repeat_share: float = 0.2
    again_share: float = 0.3
    many_requests: int = 20
    request_share: float = 0.6
    unchanged_days: float = 180
    cost_share: float = 0.2


BARS = Bars()
Proposed = tuple[Proposal, tuple[Message, ...]]
_Rule = Callable[[ServiceStatus, Bars], "tuple[Proposal, Message] | None"]


def propose(status: ServiceStatus, bars: Bars = BARS) -> Proposed:
    """The first rule that fits, and what the service cost."""
    for rule in _RULES:
        proposed = rule(status, bars)
        if proposed is not None:
            proposal, why = proposed
            return proposal, (why, *_costs(status))
    return Proposal.LEAVE, (message("proposal.unremarkable"), *_costs(status))


def _not_in_use(status: ServiceStatus, _bars: Bars) -> tuple[Proposal, Message] | None:
    lifecycle, contacts = status.service.lifecycle, status.trouble.contacts
    if lifecycle == "planned" or (lifecycle == "retired" and not contacts):
        return Proposal.LEAVE, message("proposal.not-in-use", lifecycle=lifecycle)
    return None


def _is_quiet(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    is_retiring = status.service.lifecycle == "retiring"
    least = bars.quiet_days_retiring if is_retiring else bars.quiet_days
    is_critical = not is_retiring and status.service.criticality < bars.least_critical
    if status.quiet_days < least or is_critical or status.trouble.requested_by:
        return None
    return Proposal.RETIRE, message("proposal.quiet", days=int(status.quiet_days))


def _is_obsolete(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    people, contacts = len(status.trouble.obsolete_by), status.trouble.contacts
    if people < bars.many_obsolete or people <= contacts + len(status.trouble.requested_by):
        return None
    came = message("count.contacts", count=contacts)
    return Proposal.RETIRE, message("proposal.obsolete", count=people, contacts=came)


def _too_few(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    contacts, repairs = status.trouble.contacts, status.trouble.healing_debt
    if contacts >= bars.fewest or repairs >= bars.fewest:
        return None
    return Proposal.LEAVE, message(
        "proposal.small-numbers",
        contacts=message("count.contacts", count=contacts),
        repairs=message("count.repairs", count=repairs),
        fewest=bars.fewest,
    )


def _end_of_life(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    lifecycle, contacts = status.service.lifecycle, status.trouble.contacts
    if lifecycle not in {"retiring", "retired"} or contacts < bars.fewest:
        return None
    came = message("count.contacts", count=contacts)
    return Proposal.REPLACE, message("proposal.end-of-life", lifecycle=lifecycle, contacts=came)


def _relapses(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    repairs, relapses = status.trouble.healing_debt, status.trouble.relapses
    if repairs < bars.fewest or relapses < bars.relapse_share * repairs:
        return None
    return Proposal.REPAIR, message(
        "proposal.relapses", repairs=repairs, relapses=relapses, share=relapses / repairs
    )


def _propose_for_healing_debt(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    repairs = status.trouble.healing_debt
    if repairs < bars.many_repairs:
        return None
    return Proposal.REPAIR, message("proposal.healing-debt", repairs=repairs)


def _propose_for_failed_changes(
    status: ServiceStatus, bars: Bars
) -> tuple[Proposal, Message] | None:
    went = status.delivery
    has_enough = went.finished >= bars.fewest_changes and went.failed >= bars.fewest_failed
    if not has_enough or went.failure_rate is None or went.failure_rate < bars.failure_rate:
        return None
    return Proposal.REPAIR, message(
        "proposal.failed-changes",
        failed=went.failed,
        finished=went.finished,
        share=went.failure_rate,
    )


def _repeats(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    again, resolved = status.trouble.repeat_contacts, status.trouble.resolved
    ended = again + resolved
    if ended < bars.fewest or again < bars.repeat_share * ended:
        return None
    return Proposal.REPAIR, message(
        "proposal.repeat-contacts", again=again, ended=ended, share=again / ended
    )


def _comes_again(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    contacts, again = status.trouble.contacts, status.trouble.came_again
    if contacts < bars.fewest or again < bars.again_share * contacts:
        return None
    return Proposal.REPAIR, message(
        "proposal.came-again", again=again, contacts=contacts, share=again / contacts
    )


def _propose_for_requests(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    contacts, requests = status.trouble.contacts, status.trouble.requests
    if requests < bars.many_requests or requests < bars.request_share * contacts:
        return None
    return Proposal.AUTOMATE, message(
        "proposal.questions-and-requests",
        wishes=requests,
        contacts=contacts,
        share=requests / contacts,
    )


def _propose_for_unchanged(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    days, contacts = status.unchanged_days, status.trouble.contacts
    if days is None or days < bars.unchanged_days or contacts < bars.fewest:
        return None
    came = message("count.contacts", count=contacts)
    return Proposal.UPGRADE, message("proposal.unchanged", days=int(days), contacts=came)


def _worst(status: ServiceStatus, bars: Bars) -> tuple[Proposal, Message] | None:
    if status.share < bars.cost_share or status.trouble.contacts < bars.fewest:
        return None
    return Proposal.REPAIR, message("proposal.worst-system", share=status.share)


_RULES: tuple[_Rule, ...] = (
    _not_in_use,
    _is_quiet,
    _is_obsolete,
    _too_few,
    _end_of_life,
    _relapses,
    _propose_for_failed_changes,
    _repeats,
    _comes_again,
    _propose_for_healing_debt,
    _propose_for_requests,
    _propose_for_unchanged,
    _worst,
)


def _costs(status: ServiceStatus) -> tuple[Message, ...]:
    """What it cost, which plans were not carried out, and who asked for it."""
    trouble, reasons = status.trouble, list[Message]()
    if trouble.score_us:
        reasons.append(_cost(trouble))
    if trouble.score_us and trouble.slas_breached:
        reasons.append(message("proposal.slas-breached", count=trouble.slas_breached))
    if trouble.requested_by:
        reasons.append(message("proposal.demand", count=len(trouble.requested_by)))
    return tuple(reasons)


def _cost(trouble: Trouble) -> Message:
    """What comes again is counted twice; said where there is any."""
    facts: dict[str, Param] = {
        "hours": round(trouble.score / 60, 1),
        "minutes": round(trouble.lost_minutes),
        "contacts": message("count.contacts", count=trouble.contacts),
        "each": CONTACT_MINUTES,
    }
    if trouble.came_again:
        return message("proposal.cost-twice", again=trouble.came_again, **facts)
    return message("proposal.cost", **facts)
