"""How the changes of services are stored and found."""

from collections.abc import Mapping, Sequence

from desk_platform.store import Documents, Schema

from desk_triage.changes.model import Change, ServiceChanges

MOST_CHANGES = 500

CHANGES = Schema(
    "changes",
    ServiceChanges,
    lambda state: {"suspect": True} if state.changes else {},
    searched=(("suspect",),),
    kept="one for each service",
)


async def find_suspects(
    documents: Documents[ServiceChanges],
) -> Mapping[str, Sequence[Change]]:
    """The changes of each service that has any that may explain trouble."""
    suspects = await documents.find({"suspect": True}, limit=MOST_CHANGES)
    return {stored.id: stored.state.changes for stored in suspects if stored.state}
