"""What conditions and ${...} see of an event."""

from collections.abc import Mapping

from desk_contracts import AnyEvent, Payload
from desk_kernel import OncePerThing
from pydantic import JsonValue

# A condition that is not about this field is meant for single devices and services, not for fleets.
SUBJECT_KIND = ("data", "subject_kind")

# Conditions, targets, patterns and plans ask for the same event, one after the other.
_dumps: OncePerThing[Payload, Mapping[str, JsonValue]] = OncePerThing(
    lambda data: data.model_dump(mode="json"), newest=1_000
)


def values_of(event: AnyEvent, run: str) -> dict[str, object]:
    """What ${...} and CEL see of an event."""
    about = {
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
    }
    return {
        "subject": event.subject,
        "event": about,
        "data": _dumps(event.data),
        "run": {"id": run},
    }
