"""Figures: what is told of totals, each in its unit. Durations are seconds.

Where there is nothing to divide by there is no figure (None), never a zero.
"""

from desk_contracts.events.sla import ClockName

from desk_metrics.measures.contact import AT_ONCE, ESCALATED, REOPENED, RESOLVED, SELF_SERVED
from desk_metrics.measures.cost import LOST
from desk_metrics.measures.deflection import DEFLECTED, TAKEN_BACK
from desk_metrics.measures.demand import OBSOLETE, REQUESTED
from desk_metrics.measures.detection import FORESEEN, TOO_LATE
from desk_metrics.measures.experience import abnormal_minutes
from desk_metrics.measures.flow import ARRIVALS, DEPARTURES, little
from desk_metrics.measures.handling import HANDLED
from desk_metrics.measures.happiness import (
    REPORTED_LOST,
    SCORES,
    SURVEY,
    mean_score,
    quotient_of,
)
from desk_metrics.measures.healing import HEALED, PREVENTED, RELAPSED
from desk_metrics.measures.repeat_contacts import CAME_AGAIN
from desk_metrics.measures.restoring import ACKNOWLEDGED, RESTORED
from desk_metrics.measures.sketch import Sketch
from desk_metrics.measures.skills import NOT_PLACED
from desk_metrics.measures.solutions import (
    ANSWERED,
    CONFIRMED,
    LASTED,
    LASTED_AT_ONCE,
    RETURNED,
    VERIFIED,
)
from desk_metrics.measures.totals import QuerySpan, Totals
from desk_metrics.measures.verdicts import BREACHED, MET
from desk_metrics.measures.volume import CONTACTS, PROACTIVE, contacts_per_person_per_day

Figures = dict[str, float | None]
# Repairs, warnings and what was never logged: of a service, and of no kind, team or site.
OF_SERVICES_ONLY = frozenset(
    {
        "auto_healed",
        "deflected",
        "deflection_share",
        "deflections_returned",
        "fixed_before_reported",
        "foreseen_share",
        "prevented_contacts",
        "relapses",
        *(f"detection_lead{part}" for part in ("", "_count", "_p50", "_p90", "_p95")),
    }
)
_SECOND = 1_000_000
_DAY = 24 * 3600 * _SECOND
_SHARES = ((50, 0.5), (90, 0.9), (95, 0.95))


def figures_of(totals: Totals, span: QuerySpan, people: int = 0, cost: float = 0.0) -> Figures:
    """Every figure of one slice in one span; `cost` is that of a lost minute."""
    minutes = totals.sketch(LOST).total / _SECOND / 60
    return {
        **_volume(totals, span, people),
        **_flow(totals, span),
        **_durations("mtta", totals.sketch(ACKNOWLEDGED)),
        **_durations("mttr", totals.sketch(RESTORED)),
        **_durations("handling", totals.sketch(HANDLED)),
        **_contact(totals),
        **_solutions(totals),
        **_slas(totals),
        **_ahead(totals),
        "lost_minutes": minutes,
        "lost_cost": minutes * cost if cost else None,
        **_survey_figures(totals),
        "abnormal_minutes": abnormal_minutes(totals),
        "amended": totals.amended,
    }


def without_services(figures: Figures) -> Figures:
    """The same of a kind, team or site, of which nothing is known that belongs to services."""
    return figures | dict.fromkeys(OF_SERVICES_ONLY)


def _volume(totals: Totals, span: QuerySpan, people: int) -> Figures:
    contacts, again = totals.count(CONTACTS), totals.count(CAME_AGAIN)
    days = span.length / _DAY
    return {
        "contacts": contacts,
        "proactive": totals.count(PROACTIVE),
        "contacts_per_person_per_day": contacts_per_person_per_day(contacts, people, days),
        "came_again": again,
        "came_again_share": _share(again, contacts),
    }


def _flow(totals: Totals, span: QuerySpan) -> Figures:
    departures = totals.count(DEPARTURES)
    interval = totals.sketch(DEPARTURES).mean
    average = totals.integral / span.length if span.length else None
    there = totals.status.count
    age = (there * span.until - totals.status.since) / there if there else None
    return {
        "arrivals": totals.count(ARRIVALS),
        "departures": departures,
        "backlog": there,
        "backlog_age": _seconds(age),
        "average_backlog": average,
        "time_in_system": _seconds(interval),
        "little": None if average is None else little(average, departures, span.length, interval),
    }


def _durations(name: str, sketch: Sketch) -> Figures:
    percentiles = {
        f"{name}_p{percent}": _seconds(sketch.quantile(share)) for percent, share in _SHARES
    }
    return {f"{name}_count": sketch.count, name: _seconds(sketch.mean), **percentiles}


def _contact(totals: Totals) -> Figures:
    resolved, reopened = totals.count(RESOLVED), totals.count(REOPENED)
    not_placed = totals.count(NOT_PLACED)
    return {
        "resolved": resolved,
        "first_contact_resolution": _share(totals.count(AT_ONCE), resolved),
        "reopened": reopened,
        "reopen_rate": _share(reopened, resolved + reopened),
        "handovers": totals.count(ESCALATED),
        "not_placed": not_placed,
        "not_placed_share": _share(not_placed, totals.count(ARRIVALS)),
        "self_service_share": _share(totals.count(SELF_SERVED), resolved),
    }


def _solutions(totals: Totals) -> Figures:
    resolved, lasted = totals.count(RESOLVED), totals.count(LASTED)
    confirmed, verified = totals.count(CONFIRMED), totals.count(VERIFIED)
    settled = lasted + totals.count(RETURNED)
    return {
        "answered": totals.count(ANSWERED),
        "confirmed": confirmed,
        "confirmed_share": _share(confirmed, resolved),
        "verified": verified,
        "verified_share": _share(verified, resolved),
        "lasted": lasted,
        "returned": totals.count(RETURNED),
        "lasted_share": _share(lasted, settled),
        "first_contact_lasted": _share(totals.count(LASTED_AT_ONCE), settled),
    }


def _slas(totals: Totals) -> Figures:
    figures: Figures = {}
    all_met = all_breached = 0
    for clock in ClockName:
        met, breached = totals.count(f"{MET}:{clock}"), totals.count(f"{BREACHED}:{clock}")
        figures[f"{clock}_met"] = _share(met, met + breached)
        all_met, all_breached = all_met + met, all_breached + breached
    return {
        "sla_evaluated": all_met + all_breached,
        "sla_met": _share(all_met, all_met + all_breached),
        **figures,
    }


def _ahead(totals: Totals) -> Figures:
    lead, prevented = totals.sketch(FORESEEN), totals.count(PREVENTED)
    deflected = totals.count(DEFLECTED)
    return {
        "auto_healed": totals.count(HEALED),
        "prevented_contacts": prevented,
        "fixed_before_reported": _share(prevented, prevented + totals.count(CONTACTS)),
        "relapses": totals.count(RELAPSED),
        "deflected": deflected,
        "deflections_returned": totals.count(TAKEN_BACK),
        "deflection_share": _share(deflected, deflected + totals.count(CONTACTS)),
        "foreseen_share": _share(lead.count, lead.count + totals.count(TOO_LATE)),
        **_durations("detection_lead", lead),
    }


def _survey_figures(totals: Totals) -> Figures:
    counts = {score: totals.count(f"{SURVEY}:{score}") for score in SCORES}
    quotient, lost = quotient_of(counts), totals.sketch(REPORTED_LOST)
    return {
        "surveys": sum(counts.values()),
        "survey_mean": mean_score(counts),
        "happiness": quotient and quotient.quotient,
        "happiness_low": quotient and quotient.low,
        "happiness_high": quotient and quotient.high,
        "reported_lost_answers": lost.count,
        # Nobody said is not nothing lost.
        "reported_lost_minutes": lost.total / _SECOND / 60 if lost.count else None,
        "demand_requested": totals.count(REQUESTED),
        "obsolete_reported": totals.count(OBSOLETE),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _seconds(amount: float | None) -> float | None:
    return None if amount is None else amount / _SECOND
