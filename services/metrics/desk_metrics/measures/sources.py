"""Sources: which contributions each figure is worked out of, so that sums keep those and no others.

Names are those of contributions without what follows a colon. Ages and means of the backlog rest
on what moved in all the time before, which every sum keeps; nothing is listed for that.
"""

from collections.abc import Iterable

from desk_metrics.measures.contact import AT_ONCE, ESCALATED, REOPENED, RESOLVED, SELF_SERVED
from desk_metrics.measures.cost import LOST
from desk_metrics.measures.detection import FORESEEN, TOO_LATE
from desk_metrics.measures.flow import ARRIVALS, DEPARTURES
from desk_metrics.measures.happiness import SURVEY
from desk_metrics.measures.healing import HEALED, PREVENTED, RELAPSED
from desk_metrics.measures.restoring import ACKNOWLEDGED, RESTORED
from desk_metrics.measures.skills import NOT_PLACED
from desk_metrics.measures.solutions import (
    ANSWERED,
    CONFIRMED,
    LASTED,
    LASTED_AT_ONCE,
    RETURNED,
    VERIFIED,
)
from desk_metrics.measures.verdicts import BREACHED, MET
from desk_metrics.measures.volume import CONTACTS, PROACTIVE

# What these say of a time rests on everything before it.
OF_HISTORY = frozenset({"average_backlog", "backlog", "backlog_age"})

_SOURCES = {
    "answered": (ANSWERED,),
    "arrivals": (ARRIVALS,),
    "auto_healed": (HEALED,),
    "average_backlog": (),
    "backlog": (),
    "backlog_age": (),
    "confirmed": (CONFIRMED,),
    "confirmed_share": (CONFIRMED, RESOLVED),
    "contacts": (CONTACTS,),
    "contacts_per_person_per_day": (CONTACTS,),
    "departures": (DEPARTURES,),
    "detection_lead": (FORESEEN,),
    "first_contact_lasted": (LASTED, LASTED_AT_ONCE, RETURNED),
    "first_contact_resolution": (AT_ONCE, RESOLVED),
    "fixed_before_reported": (CONTACTS, PREVENTED),
    "foreseen_share": (FORESEEN, TOO_LATE),
    "handovers": (ESCALATED,),
    "happiness": (SURVEY,),
    "lasted": (LASTED,),
    "lasted_share": (LASTED, RETURNED),
    "lost_cost": (LOST,),
    "lost_minutes": (LOST,),
    "mtta": (ACKNOWLEDGED,),
    "mttr": (RESTORED,),
    "not_placed": (NOT_PLACED,),
    "not_placed_share": (ARRIVALS, NOT_PLACED),
    "prevented_contacts": (PREVENTED,),
    "proactive": (PROACTIVE,),
    "sla_evaluated": (BREACHED, MET),
    "relapses": (RELAPSED,),
    "reopen_rate": (REOPENED, RESOLVED),
    "reopened": (REOPENED,),
    "resolved": (RESOLVED,),
    "returned": (RETURNED,),
    "self_service_share": (RESOLVED, SELF_SERVED),
    "surveys": (SURVEY,),
    "time_in_system": (DEPARTURES,),
    "verified": (VERIFIED,),
    "verified_share": (RESOLVED, VERIFIED),
}
_PERCENTILES = ("_p50", "_p90", "_p95")


def sources_of(figures: Iterable[str]) -> tuple[str, ...]:
    """All that these figures need, in one order."""
    sources: set[str] = set()
    for figure in figures:
        if figure.endswith("_met"):
            sources |= {BREACHED, MET}
        else:
            sources.update(_SOURCES[figure[:-4] if figure.endswith(_PERCENTILES) else figure])
    return tuple(sorted(sources))
