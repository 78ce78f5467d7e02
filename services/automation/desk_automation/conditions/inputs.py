"""What conditions and ${...} see of an event."""

from collections.abc import Mapping

from desk_contracts import AnyEvent
from pydantic import JsonValue

# A condition that is not about this field is meant for single devices and services, not for fleets.
SUBJECT_KIND = ("data", "subject_kind")


def values_of(event: AnyEvent, run: str) -> dict[str, object]:
    """What ${...} and CEL see of an event."""
    data: Mapping[str, JsonValue] = event.data.model_dump(mode="json")
    about = {
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
    }
    return {"subject": event.subject, "event": about, "data": data, "run": {"id": run}}
