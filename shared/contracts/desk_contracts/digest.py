"""What an event says, as a short digest: two copies have the same one however they were written.

Binary or structured, the order of keys, the spelling of a time zone make no difference; type,
subject, time and data do. Made of the parsed event, so it knows nothing of bytes.
"""

import json
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from desk_contracts.errors import Invalid

if TYPE_CHECKING:  # the envelope derives events by what their cause says
    from desk_contracts.envelope import AnyEvent

OWN_SOURCES = "/desk/"


def content_of(event: "AnyEvent") -> str:
    """The digest of what an outside system's event says; empty for an event of our own.

    Our own ids follow from what is said, so one that comes again says the same.
    """
    if event.source.startswith(OWN_SOURCES):
        return ""
    # Without defaults: a field that a later version adds changes nothing that was said before.
    # A time that is only that of its arrival differs from copy to copy.
    time = event.told_time if "time" in event.amended else event.time
    parts = [event.type, event.subject, time, event.data.model_dump(exclude_defaults=True)]
    text = json.dumps(parts, sort_keys=True, default=_plain)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def seed_of(event: "AnyEvent") -> str:
    """What ids follow from that are derived from this event.

    What it says is part of it: a counter that starts again repeats identities long after they were
    forgotten, or at another device, and what follows then is not what followed the first time.
    """
    return event.identity + content_of(event)


def id_reused(event: "AnyEvent") -> Invalid:
    """The first event of this identity stays as it is; what the second one says is not lost."""
    return Invalid(
        f"the id '{event.id}' of {event.source} was used before for an event that said something "
        "else; give each event an id of its own (a counter that starts again needs a new source), "
        "then send this one again",
        code="id-reused",
    )


def _plain(value: object) -> str:
    """A moment is the same in every zone; whatever else JSON does not know has one spelling."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return str(value)
