"""What the desk orders devices to do, as it is signed: commands, and policies for when it is away.

Pure. Device and desk read the same models; `signing.py` says how a document is signed.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, Field, FiniteFloat, model_validator

from desk_contracts.frozen import Frozen
from desk_contracts.signing import Signer
from desk_contracts.value_types import Duration, Identifier, ShortText

COMMAND_PURPOSE: Final = "desk-device-command-v1"
POLICY_PURPOSE: Final = "desk-device-policy-v1"
# What is ordered for longer is a policy. A device refuses a command that claims more.
LONGEST_LIFE: Final = timedelta(hours=1)

# Changes nothing: a device answers it as often as it is asked.
REPORT_OUTCOME: Final = "report-outcome"
MEASURE: Final = "measure"
QUESTIONS: Final = frozenset({REPORT_OUTCOME, MEASURE})

Parameters = Annotated[dict[str, Annotated[str, Field(max_length=1000)]], Field(max_length=20)]
_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


class DeviceCommand(Frozen):
    """One order to one device. Whoever holds it may carry it out once, until it expires."""

    key: Identifier = Field(description="The same over all sendings: one key has one effect.")
    device: Identifier
    action: _Slug
    parameters: Parameters = Field(default_factory=dict)
    run: Identifier = Field(description="The run that orders it.")
    token: int = Field(ge=1, description="Fencing token of the run: smaller ones are refused.")
    issued_at: AwareDatetime
    expires: AwareDatetime

    @model_validator(mode="after")
    def lives_for_a_while(self) -> Self:
        """It can be carried out at some time, and not for ever."""
        if not timedelta(0) < self.expires - self.issued_at <= LONGEST_LIFE:
            raise ValueError("it expires after it is issued, within an hour")
        return self

    @property
    def is_question(self) -> bool:
        """Whether it changes nothing."""
        return self.action in QUESTIONS


class Bound(StrEnum):
    """On which side of the threshold a measurement is bad."""

    BELOW = "below"
    ABOVE = "above"


class DevicePolicy(Frozen):
    """What a device may do by itself, without the desk: on what measurement, what, how often.

    It acts when the measurement was bad for `samples` measurements in a row and the desk has been
    out of reach for `offline_for`, by the device's own uninterrupted clock.
    """

    id: _Slug
    version: int = Field(ge=1, description="A device never goes back to a smaller one.")
    device: Identifier
    title: ShortText
    team: str = Field(min_length=1, description="Who gets it where it did not help.")
    service: str = ""
    person: str = ""
    measurement: Identifier
    bound: Bound
    threshold: FiniteFloat
    samples: int = Field(default=2, ge=1, le=100)
    offline_for: Duration = Field(ge=timedelta(0), le=timedelta(days=30))
    action: _Slug
    parameters: Parameters = Field(default_factory=dict)
    cooldown: Duration = Field(default=timedelta(hours=1), ge=timedelta(0))
    per_day: int = Field(default=3, ge=1, le=100)
    expires: AwareDatetime = Field(description="After this it is not obeyed until renewed.")

    @model_validator(mode="after")
    def acts(self) -> Self:
        """A question heals nothing."""
        if self.action in QUESTIONS:
            raise ValueError(f"'{self.action}' changes nothing; a policy names what repairs")
        return self

    def is_bad(self, value: float) -> bool:
        """Whether a measurement is on the bad side of the threshold."""
        return value < self.threshold if self.bound is Bound.BELOW else value > self.threshold


class SignedDocument(Frozen):
    """A text, who signed it, and the signature."""

    document: str
    key_id: str
    signature: str


def sign_command(signer: Signer, command: DeviceCommand) -> SignedDocument:
    """The command as it travels."""
    return _sign(signer, COMMAND_PURPOSE, command.model_dump_json())


def sign_policy(signer: Signer, policy: DevicePolicy) -> SignedDocument:
    """The policy as it travels, and as a device keeps it."""
    return _sign(signer, POLICY_PURPOSE, policy.model_dump_json())


def _sign(signer: Signer, purpose: str, text: str) -> SignedDocument:
    return SignedDocument(document=text, key_id=signer.key_id, signature=signer.sign(purpose, text))


def expiry_of(issued_at: datetime, timeout: timedelta) -> datetime:
    """When a command expires that somebody waits for so long."""
    return issued_at + min(max(timeout, timedelta(seconds=1)), LONGEST_LIFE)
