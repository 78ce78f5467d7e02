"""Whatever an event says comes back from the wire, in both modes, and fits its schema."""

import json

import jsonschema
import pytest
from desk_contracts import Codec, Message, Payload
from desk_contracts.catalogue import PAYLOADS
from desk_docs.schemas import event_schemas
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.payloads import events

CODEC = Codec()
VALIDATORS = {
    name: jsonschema.Draft202012Validator(schema) for name, schema in event_schemas().items()
}
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
# Without the phase that explains failures: it traces every line, which a test's time-out forbids.
DRAWN = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def structured(message: Message) -> bytes:
    """The same event in structured mode, as an outside system may send it."""
    attributes = {name[3:]: text.decode() for name, text in message.headers if name[:3] == "ce_"}
    return json.dumps({**attributes, "data": json.loads(message.value)}).encode()


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))
@DRAWN
@given(data=st.data())
def test_an_event_fits_its_schema_and_comes_back_from_the_wire(
    payload: type[Payload], data: st.DataObject
) -> None:
    event = data.draw(events(payload))
    message = CODEC.encode(event)
    VALIDATORS[event.type].validate(json.loads(message.value))
    binary = CODEC.decode(message.key, message.value, message.headers)
    assert binary == event
    assert CODEC.encode(binary) == message
    assert CODEC.decode(message.key, structured(message), STRUCTURED) == event
