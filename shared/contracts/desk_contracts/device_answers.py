"""How a device signs what it answers, and how that is checked. Pure.

The text that is signed says for which device it is and of what type. What a newer desk adds to a
type with a default changes no signature of an older agent.
"""

import json
from collections.abc import Iterable
from typing import Final

from desk_contracts.events.devices import AgentConnected, CommandAnswered, PolicyApplied
from desk_contracts.signing import Signer, identify_key, is_signed

ANSWER_PURPOSE: Final = "desk-device-answer-v1"
SignedAnswer = AgentConnected | CommandAnswered | PolicyApplied


def text_of(device: str, data: SignedAnswer) -> str:
    """The text that the device signs."""
    without = {"key_id", "signature"}
    content = data.model_dump(mode="json", exclude=without, exclude_defaults=True)
    return json.dumps([device, data.TYPE, content], sort_keys=True, separators=(",", ":"))


def sign_answer(signer: Signer, device: str, data: SignedAnswer) -> SignedAnswer:
    """The answer with its signature."""
    signature = signer.sign(ANSWER_PURPOSE, text_of(device, data))
    return data.model_copy(update={"key_id": signer.key_id, "signature": signature})


def is_by_device(keys: Iterable[str], device: str, data: SignedAnswer) -> bool:
    """Whether the device signed this very answer with one of these public keys."""
    text = text_of(device, data)
    return any(
        identify_key(key) == data.key_id and is_signed(key, ANSWER_PURPOSE, text, data.signature)
        for key in keys
    )
