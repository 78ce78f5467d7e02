"""Chains of transitions: each record carries a seal that holds on to the record before it. Pure.

A seal is made of keyed hashes (HMAC-SHA-256), so only who has the key can make one. It covers the
whole record: what an erasure never touches (id, type, source, time, states, numbers, hashes of
plans) by itself, all the rest by a digest. An erasure may replace that rest, and then leaves a
receipt, which holds for exactly this seal and exactly what stands there now.
"""

import hmac
import json
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from desk_contracts.codec import Message
from desk_contracts.events.checkpoints import CheckpointTaken
from desk_contracts.frozen import Frozen

SEAL: Final = "ce_seal"
RECEIPT: Final = "desk-erased"
# 128 bits: nobody tries so many; a record stays small.
_DIGITS: Final = 32
_SEAL: Final = re.compile(
    r"(.{1,200}):([1-9][0-9]{0,17}):([0-9a-f]{8})"
    r":((?:[0-9a-f]{32})?):([0-9a-f]{32}):([0-9a-f]{32})",
    re.ASCII,
)
_COVERED: Final = ("ce_id", "ce_type", "ce_source", "ce_time")
# Ids of events may be an outsider's, and may name a person: the digest alone covers them.
_CAUSES: Final = ("ce_correlationid", "ce_causationid")
# Texts of transitions in which nobody is named: ids that the desk makes, hashes, states, moments.
_STATES: Final = frozenset({
    "code", "corrects", "outcome", "plan", "run", "status", "stopped_at", "undo", "until",
    "version",
})  # fmt: skip
# What is said with a message: figures of it may stand in what is erased.
_PARAMS: Final = "params"


class SealedRecord(Protocol):
    """A record of the log, or a message on its way there."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Link(Frozen):
    """The end of a chain: how many transitions it has, and what the next one holds on to."""

    number: int = 0
    mac: str = ""


class Seal(NamedTuple):
    """What a record says of its place: chain, number from 1, the key's name, the hash before it,
    the digest of its content, and the hash over all of this."""

    chain: str
    number: int
    key_id: str
    previous: str
    content: str
    mac: str

    @property
    def text(self) -> str:
        """As it stands in the header."""
        return ":".join(map(str, self))


def read_seal(text: str) -> Seal | None:
    """The seal in a header; None if it is none."""
    match = _SEAL.fullmatch(text)
    if match is None:
        return None
    chain, number, key_id, previous, content, mac = match.groups()
    return Seal(chain, int(number), key_id, previous, content, mac)


class ChainKey:
    """Makes and checks seals with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.id = self._hash("key")[:8]

    def seal(self, chain: str, end: Link, message: Message) -> tuple[Link, Message]:
        """The message as the chain's next transition, and the chain's new end."""
        content = self._digest_content(message)
        unsigned = Seal(chain, end.number + 1, self.id, end.mac, content, "")
        seal = unsigned._replace(mac=self._sign(unsigned, message))
        headers = (*message.headers, (SEAL, seal.text.encode()))
        sealed = Message(message.topic, message.key, message.value, headers)
        return Link(number=seal.number, mac=seal.mac), sealed

    def is_genuine(self, seal: Seal, record: SealedRecord) -> bool:
        """Whether who has the key sealed this id, type, time and states at this very place."""
        return hmac.compare_digest(self._sign(seal, record).encode(), seal.mac.encode())

    def has_content(self, seal: Seal, record: SealedRecord) -> bool:
        """Whether the record is as it was sealed, to the byte."""
        return hmac.compare_digest(self._digest_content(record).encode(), seal.content.encode())

    def make_receipt(self, seal: Seal, erased: SealedRecord) -> str:
        """What an erasure leaves beside what it wrote in place of the record."""
        return self._hash("erased", seal.mac, self._digest_content(erased))

    def has_receipt(self, seal: Seal, record: SealedRecord) -> bool:
        """Whether an erasure made the record what it is."""
        given = dict(record.headers).get(RECEIPT) or b""
        return hmac.compare_digest(self.make_receipt(seal, record).encode(), given)

    def _sign(self, seal: Seal, record: SealedRecord) -> str:
        return self._hash(
            "seal", seal.chain, str(seal.number), seal.previous, seal.content, _write_fixed(record)
        )

    def _digest_content(self, record: SealedRecord) -> str:
        given = dict(record.headers)
        parts = [record.key, record.value, *(given.get(name) for name in (*_COVERED, *_CAUSES))]
        return self._hash("content", *(sha256(part or b"").hexdigest() for part in parts))

    def _hash(self, purpose: str, *parts: str) -> str:
        """The purpose stands in front, so no hash can be shown as one of another kind."""
        text = json.dumps([purpose, *parts]).encode()
        return hmac.digest(self._key, text, "sha256").hex()[:_DIGITS]


def digest_checkpoint(checkpoint: CheckpointTaken) -> str:
    """What the next checkpoint holds on to. Needs no key: only its writer may write the topic."""
    ends = [[end.chain, end.number, end.mac] for end in checkpoint.ends]
    return sha256(json.dumps([checkpoint.number, checkpoint.previous, ends]).encode()).hexdigest()


def seal_of(record: SealedRecord) -> Seal | None:
    """The seal that a record carries; None if there is none, or it cannot be read."""
    text = dict(record.headers).get(SEAL) or b""
    return read_seal(text.decode(errors="replace"))


def _write_fixed(record: SealedRecord) -> str:
    """What an erasure never touches, always spelled the same."""
    given = dict(record.headers)
    named = [(given.get(name) or b"").decode(errors="replace") for name in _COVERED]
    try:
        document = json.loads(record.value or b"null")
    except (ValueError, RecursionError):
        document = None
    return json.dumps([*named, _keep_states(document)], sort_keys=True)


def _keep_states(value: object, name: str = "") -> object:
    match value:
        case dict():
            return {key: _keep_states(item, key) for key, item in value.items() if key != _PARAMS}
        case list():
            return [_keep_states(item, name) for item in value]
        case str():
            return value if name in _STATES else None
        case _:
            return value
