"""The one base of what is read, kept and answered: it never changes, and knows all its fields."""

from pydantic import BaseModel, ConfigDict, JsonValue


class Frozen(BaseModel):
    """A frozen model without unknown fields; docstrings under fields are their descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def example(**fields: JsonValue) -> ConfigDict:
    """For `model_config`: what somebody may send, as the pages of an API show it."""
    return ConfigDict(json_schema_extra={"examples": [dict(fields)]})
