"""Proposals: what to do about a service, by rules that anybody can read, each with its numbers.

The rules are asked in order and the first that fits proposes; docs/measures.md has them as a table.
Small numbers propose nothing: below the counts in `Bars` chance alone would explain them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from desk_shared.events.people import Reason
from desk_shared.events.reports import Proposal

from desk_metrics.domain.causes import CONTACT_MINUTES, Standing


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
    many_wishes: int = 20
    wish_share: float = 0.6
    unchanged_days: float = 180
    cost_share: float = 0.2


BARS = Bars()
Proposed = tuple[Proposal, tuple[Reason, ...]]
_Rule = Callable[[Standing, Bars], "tuple[Proposal, Reason] | None"]


def propose(one: Standing, bars: Bars = BARS) -> Proposed:
    """The first rule that fits, and what the service cost."""
    for rule in _RULES:
        found = rule(one, bars)
        if found is not None:
            proposal, why = found
            return proposal, (why, *_costs(one))
    why = Reason(rule="unremarkable", text="Its figures stand out in nothing: leave it as it is.")
    return Proposal.LEAVE, (why, *_costs(one))


def counted(number: int, one: str, many: str = "") -> str:
    """`1 contact`, `1,204 contacts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _not_in_use(one: Standing, _bars: Bars) -> tuple[Proposal, Reason] | None:
    lifecycle, contacts = one.service.lifecycle, one.trouble.contacts
    if lifecycle == "planned" or (lifecycle == "retired" and not contacts):
        return Proposal.LEAVE, Reason(rule="lifecycle", text=f"It is {lifecycle}, so not in use.")
    return None


def _is_quiet(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    is_retiring = one.service.lifecycle == "retiring"
    least = bars.quiet_days_retiring if is_retiring else bars.quiet_days
    is_critical = not is_retiring and one.service.criticality < bars.least_critical
    if one.quiet_days < least or is_critical or one.trouble.requested_by:
        return None
    text = (
        f"For {int(one.quiet_days)} days nothing about it has reached the desk: no contact, no"
        " repair, no change, no problem. A service that works well is quiet too, so look at how"
        " many still use it before you switch it off."
    )
    return Proposal.RETIRE, Reason(rule="quiet", text=text)


def _is_obsolete(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    people, contacts = len(one.trouble.obsolete_by), one.trouble.contacts
    if people < bars.many_obsolete or people <= contacts + len(one.trouble.requested_by):
        return None
    text = (
        f"{counted(people, 'person', 'people')} said that it is no longer of use to them, and"
        f" {counted(contacts, 'contact')} came about it: ask who still needs it."
    )
    return Proposal.RETIRE, Reason(rule="no-longer-of-use", text=text)


def _too_few(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    contacts, repairs = one.trouble.contacts, one.trouble.healing_debt
    if contacts >= bars.fewest or repairs >= bars.fewest:
        return None
    text = (
        f"{counted(contacts, 'contact')} and {counted(repairs, 'repair')} are too few to conclude"
        f" anything from; a proposal needs {bars.fewest} of one of them."
    )
    return Proposal.LEAVE, Reason(rule="small-numbers", text=text)


def _end_of_life(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    lifecycle, contacts = one.service.lifecycle, one.trouble.contacts
    if lifecycle not in {"retiring", "retired"} or contacts < bars.fewest:
        return None
    text = (
        f"The charter calls it {lifecycle}, and people still needed it: {contacts:,} contacts in"
        " this time. Give them what takes its place."
    )
    return Proposal.REPLACE, Reason(rule="end-of-life", text=text)


def _relapses(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    repairs, relapses = one.trouble.healing_debt, one.trouble.relapses
    if repairs < bars.fewest or relapses < bars.relapse_share * repairs:
        return None
    text = (
        f"The desk repaired it {repairs:,} times, and {relapses:,} of these repairs"
        f" ({relapses / repairs:.0%}) did not last a day: the cause is still there."
    )
    return Proposal.REPAIR, Reason(rule="relapses", text=text)


def _healing_debt(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    repairs = one.trouble.healing_debt
    if repairs < bars.many_repairs:
        return None
    text = (
        f"The desk repaired it {repairs:,} times in this time. They lasted, but what has to be"
        " repaired so often has a cause that can be removed."
    )
    return Proposal.REPAIR, Reason(rule="healing-debt", text=text)


def _failed_changes(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    went = one.delivery
    is_judged = went.finished >= bars.fewest_changes and went.failed >= bars.fewest_failed
    if not is_judged or went.failure_rate is None or went.failure_rate < bars.failure_rate:
        return None
    text = (
        f"{went.failed:,} of {went.finished:,} changes ({went.failure_rate:.0%}) were rolled back"
        " or followed by trouble within a day: make changes smaller and test them before people"
        " do."
    )
    return Proposal.REPAIR, Reason(rule="change-failure-rate", text=text)


def _repeats(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    again, resolved = one.trouble.repeat_contacts, one.trouble.resolved
    ended = again + resolved
    if ended < bars.fewest or again < bars.repeat_share * ended:
        return None
    text = (
        f"After {again:,} of {ended:,} resolutions ({again / ended:.0%}) people came back with the"
        " same trouble: what is done about it does not hold."
    )
    return Proposal.REPAIR, Reason(rule="repeat-contacts", text=text)


def _comes_again(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    contacts, again = one.trouble.contacts, one.trouble.came_again
    if contacts < bars.fewest or again < bars.again_share * contacts:
        return None
    text = (
        f"{again:,} of {contacts:,} contacts ({again / contacts:.0%}) came from people who had"
        " asked about the same within a week: what is done about it does not last, or does not"
        " reach them."
    )
    return Proposal.REPAIR, Reason(rule="came-again", text=text)


def _wishes(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    contacts, wishes = one.trouble.contacts, one.trouble.wishes
    if wishes < bars.many_wishes or wishes < bars.wish_share * contacts:
        return None
    text = (
        f"{wishes:,} of {contacts:,} contacts ({wishes / contacts:.0%}) were questions or requests"
        " and no trouble: a form, an article or a runbook can answer what is asked so often."
    )
    return Proposal.AUTOMATE, Reason(rule="questions-and-requests", text=text)


def _unchanged(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    days, contacts = one.unchanged_days, one.trouble.contacts
    if days is None or days < bars.unchanged_days or contacts < bars.fewest:
        return None
    text = (
        f"Its last change was {int(days)} days ago, and {contacts:,} contacts came in this time:"
        " see whether a newer version ends them."
    )
    return Proposal.UPGRADE, Reason(rule="unchanged", text=text)


def _worst(one: Standing, bars: Bars) -> tuple[Proposal, Reason] | None:
    if one.share < bars.cost_share or one.trouble.contacts < bars.fewest:
        return None
    text = (
        f"{one.share:.0%} of all the time that people lost was lost here: find the cause behind"
        " most of its contacts first."
    )
    return Proposal.REPAIR, Reason(rule="worst-system", text=text)


_RULES: tuple[_Rule, ...] = (
    _not_in_use,
    _is_quiet,
    _is_obsolete,
    _too_few,
    _end_of_life,
    _relapses,
    _failed_changes,
    _repeats,
    _comes_again,
    _healing_debt,
    _wishes,
    _unchanged,
    _worst,
)


def _costs(one: Standing) -> tuple[Reason, ...]:
    """What it cost, which plans were not carried out, and who asked for it."""
    trouble, reasons = one.trouble, list[Reason]()
    if trouble.score_us:
        reasons.append(
            Reason(
                rule="cost",
                text=f"It cost people {trouble.score / 60:,.1f} hours:"
                f" {trouble.lost_minutes:,.0f} minutes of incidents and"
                f" {counted(trouble.contacts, 'contact')} at {CONTACT_MINUTES}"
                f" minutes{_twice(trouble.came_again)}.",
            )
        )
    if trouble.score_us and trouble.slas_breached:
        broken = counted(trouble.slas_breached, "SLA")
        were = "was" if trouble.slas_breached == 1 else "were"
        reasons.append(Reason(rule="slas", text=f"{broken} {were} not met."))
    if trouble.requested_by:
        people = counted(len(trouble.requested_by), "person", "people")
        reasons.append(Reason(rule="demand", text=f"{people} asked for it."))
    return tuple(reasons)


def _twice(came_again: int) -> str:
    """What comes again is counted twice; said where there is any."""
    return f", twice for the {came_again:,} that came again within a week" if came_again else ""
