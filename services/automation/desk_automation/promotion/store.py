"""How evidence and promotions are kept: one document for each version of a runbook."""

from collections.abc import Callable, Iterable

from desk_contracts import AnyEvent
from desk_contracts.names import AUTOMATION
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_automation.promotion.decide import Version, add_event, promotion_id
from desk_automation.promotion.evidence import count
from desk_automation.promotion.model import PromotionState

PROMOTIONS = Schema(
    collection="promotions",
    model=PromotionState,
    kept="one for each version of a runbook with `promotion`",
)
# The version of a runbook, if it is the one in force and declares promotion.
FindVersion = Callable[[str, str], Version | None]


def promotion_projection(
    documents: Documents[PromotionState], find_version: FindVersion
) -> Projection[PromotionState]:
    """What automation itself published of runs, read as anybody reads it."""

    def find(event: AnyEvent) -> Version | None:
        if event.data.TOPIC != AUTOMATION or count(event) is None:
            return None
        named = getattr(event.data, "version", "")
        return find_version(getattr(event.data, "runbook", ""), named) if named else None

    def keys(event: AnyEvent) -> Iterable[str]:
        version = find(event)
        return () if version is None else (promotion_id(version.runbook.id, version.hash),)

    def react(
        state: PromotionState | None, event: AnyEvent, _context: Context
    ) -> Decision[PromotionState] | None:
        version = find(event)
        return None if version is None else add_event(state, event, version)

    return Projection(documents, keys, react, known_for=identity_retention(AUTOMATION))
