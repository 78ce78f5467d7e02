"""Events: the only thing that services share. Start with `envelope.py` and `topics.py`."""

from desk_shared.events.codec import Codec, Message
from desk_shared.events.envelope import AnyEvent, Event, Payload, derive, number_event

__all__ = ["AnyEvent", "Codec", "Event", "Message", "Payload", "derive", "number_event"]
