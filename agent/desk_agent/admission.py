"""Whether an order may be carried out: whose it is, for whom, and whether it still lives. Pure.

A refusal is certain to have had no effect, and says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.device_orders import (
    COMMAND_PURPOSE,
    POLICY_PURPOSE,
    DeviceCommand,
    DevicePolicy,
)
from desk_contracts.events.devices import CommandIssued, DeviceOutcome, PolicyIssued
from desk_contracts.message import Message, message
from desk_contracts.signing import is_signed
from pydantic import ValidationError

# The desk's clock and the brokers' differ by no more than this.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not; `not_taken` where a later sending may be taken."""

    reason: Message
    outcome: DeviceOutcome = DeviceOutcome.REFUSED


def read_command(issued: CommandIssued) -> DeviceCommand | None:
    """What it says, whoever said it; None if it is no command."""
    try:
        return DeviceCommand.model_validate_json(issued.document)
    except ValidationError:
        return None


def read_policy(
    issued: PolicyIssued, device: str, pinned: Mapping[str, str]
) -> DevicePolicy | None:
    """A policy that the desk signed for this device; None for any other text."""
    key = pinned.get(issued.key_id)
    if key is None or not is_signed(key, POLICY_PURPOSE, issued.document, issued.signature):
        return None
    try:
        policy = DevicePolicy.model_validate_json(issued.document)
    except ValidationError:
        return None
    return policy if policy.device == device else None


def check_origin(
    issued: CommandIssued, command: DeviceCommand, device: str, pinned: Mapping[str, str]
) -> Refusal | None:
    """A key of this device's file signed it, and it is for this device."""
    key = pinned.get(issued.key_id)
    if key is None:
        return Refusal(message("device.unknown-key", key=issued.key_id))
    if not is_signed(key, COMMAND_PURPOSE, issued.document, issued.signature):
        return Refusal(message("device.bad-signature"))
    if command.device != device:
        return Refusal(message("device.for-another", device=command.device))
    return None


def check_life(command: DeviceCommand, now: datetime, *, is_trusted: bool) -> Refusal | None:
    """It lives now, by a clock that the device alone cannot set."""
    if not is_trusted:
        return Refusal(message("device.time-unknown"), DeviceOutcome.NOT_TAKEN)
    if command.expires <= now:
        reason = message("device.expired", expires=command.expires, now=now)
        return Refusal(reason, DeviceOutcome.NOT_TAKEN)
    if command.issued_at > now + AHEAD:
        reason = message("device.issued-later", issued=command.issued_at, now=now)
        return Refusal(reason, DeviceOutcome.NOT_TAKEN)
    return None
