"""How versions of the SLA policies are kept."""

from desk_platform.store import Schema

from desk_metrics.sla.policies import Edition

EDITIONS = Schema(
    collection="editions",
    model=Edition,
    facets=lambda edition: {"since": edition.since},
    searched=(("since",),),
    kept="one for each change of policies, always: tickets are judged by theirs",
)
