"""`desk.erasures`: what must be erased everywhere; `desk.erasures.done`: who has done it.

No person is named: `person_hash` is keyed, which only services that have the key can compare.
Intake writes the first, each service its own receipts. Keys: the erasure; erasure and service.
"""

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier, ShortText


class ErasureRequested(Payload, type="desk.erasure.requested.v1", topic=names.ERASURES):
    """What people wrote in these tickets goes, and one person's id wherever it stands.

    The event's time is the bound: what the person says to the desk later is kept.
    """

    person_hash: str = Field(
        default="", description="Keyed hash of the person's id; empty if only texts are too old."
    )
    pseudonym: str = Field(default="", description="What stands for the person from now on.")
    tickets: tuple[Identifier, ...] = Field(default=(), description="Whose texts are erased.")
    quoting: tuple[Identifier, ...] = Field(
        default=(),
        description="Tickets of others in which the person wrote: what was told of them is erased.",
    )
    by: PersonId = Field(description="The operator who asked for it, or the desk's own rule.")
    reason: ShortText


class ErasureDone(Payload, type="desk.erasure.done.v1", topic=names.ERASURES_DONE):
    """One service keeps nothing of it any more: documents, files and indexes."""

    erasure: Identifier
    service: Identifier
    documents: int = Field(ge=0, description="How many documents were changed.")
    files: int = Field(ge=0, description="How many attachments were deleted.")
