"""`desk.actions` and `desk.action-results`: orders to devices' agents, and what they answer.

Key of both: the device. An order is a signed text; the agent believes nothing else of its record.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Message
from desk_contracts.people import OptionalPerson
from desk_contracts.value_types import Identifier, VisibleText

# Read again before it is believed; with the envelope it stays far below what an event may have.
SignedText = Annotated[str, Field(min_length=2, max_length=20_000)]
Details = Annotated[dict[str, str], Field(max_length=50)]


class DeviceOutcome(StrEnum):
    """What became of an order. `not_taken` surely had no effect and may be sent again."""

    DONE = "done"
    FAILED = "failed"
    NOT_TAKEN = "not_taken"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"


class PolicyOutcome(StrEnum):
    """What a policy's action came to, as measured by the device after it."""

    HEALED = "healed"
    NOT_HEALED = "not_healed"
    INCONCLUSIVE = "inconclusive"
    IN_DOUBT = "in_doubt"


class CommandIssued(Payload, type="desk.device.command-issued.v1", topic=names.ACTIONS):
    """A device is told to do something, once, until it expires."""

    document: SignedText = Field(description="JSON of the command: what was signed, byte by byte.")
    key_id: Identifier = Field(description="Which key signed it.")
    signature: Identifier = Field(description="Ed25519 in base64.")


class PolicyIssued(Payload, type="desk.device.policy-issued.v1", topic=names.ACTIONS):
    """What a device may do by itself while the desk is out of its reach."""

    document: SignedText = Field(description="JSON of the policy: what was signed, byte by byte.")
    key_id: Identifier = Field(description="Which key signed it.")
    signature: Identifier = Field(description="Ed25519 in base64.")


class AgentConnected(Payload, type="desk.device.connected.v1", topic=names.ACTION_RESULTS):
    """A device's agent reached the desk; sent again from time to time.

    The moment at which the brokers took it is the time that the agent goes by.
    """

    agent_version: str = ""
    journal: Identifier = Field(description="Made once with the agent's journal on the device.")
    policies: Details = Field(
        default_factory=dict, description="Versions of the policies that it keeps."
    )
    actions: Details = Field(
        default_factory=dict, description="Actions that it may carry out, and on what."
    )
    key_id: str = Field(default="", description="Which key of the device signed it, where one did.")
    signature: str = Field(default="", description="Ed25519 in base64, of the device's own key.")


class CommandAnswered(Payload, type="desk.device.command-answered.v1", topic=names.ACTION_RESULTS):
    """What became of a command, from the agent's journal."""

    command: Identifier = Field(description="Key of the command.")
    run: Identifier
    token: int = Field(description="Fencing token of the sending that is answered.")
    digest: Identifier = Field(description="SHA-256 of the signed text that is answered.")
    action: Identifier
    outcome: DeviceOutcome = Field(
        description="Of this command. What became of one that it asks about is `details.outcome`."
    )
    reason: Message
    details: Details = Field(default_factory=dict, description="What the action did and saw.")
    key_id: str = Field(default="", description="Which key of the device signed it, where one did.")
    signature: str = Field(default="", description="Ed25519 in base64, of the device's own key.")


class PolicyApplied(Payload, type="desk.device.policy-applied.v1", topic=names.ACTION_RESULTS):
    """A device acted by itself while the desk was out of reach; told when it is back."""

    application: Identifier = Field(description="Stands for this one time.")
    policy: Identifier
    version: int
    title: VisibleText
    team: str
    service: str = ""
    person: OptionalPerson = ""
    action: Identifier
    measurement: Identifier
    threshold: FiniteFloat
    before: FiniteFloat = Field(description="What was measured before the action.")
    after: FiniteFloat | None = Field(default=None, description="And after it, where it was.")
    started_at: datetime
    outcome: PolicyOutcome
    action_outcome: DeviceOutcome | None = Field(
        default=None, description="What the action itself came to, where the device says it."
    )
    reason: Message
    details: Details = Field(default_factory=dict, description="What the action did and saw.")
    key_id: str = Field(default="", description="Which key of the device signed it, where one did.")
    signature: str = Field(default="", description="Ed25519 in base64, of the device's own key.")
