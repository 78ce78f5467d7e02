"""What a schema says of a message is of its own field, whatever was described before."""

from typing import Annotated

from desk_contracts.events.problems import ProblemUpdated
from desk_contracts.message import Message
from pydantic import Field, TypeAdapter


def test_a_described_field_describes_no_other() -> None:
    described = TypeAdapter(Annotated[Message, Field(description="Of one field only.")])
    assert described.json_schema()["description"] == "Of one field only."
    title = ProblemUpdated.model_json_schema()["properties"]["title"]
    assert title == {"$ref": "#/$defs/Message"}
