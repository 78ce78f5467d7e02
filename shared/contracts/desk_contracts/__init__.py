"""Events: the only thing that services share. Start with `envelope.py` and `topics.py`."""

from desk_contracts.codec import Codec, Message
from desk_contracts.envelope import AnyEvent, Event, Payload, derive, number_event

__all__ = ["AnyEvent", "Codec", "Event", "Message", "Payload", "derive", "number_event"]
