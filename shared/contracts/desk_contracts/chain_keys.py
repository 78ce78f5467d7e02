"""The keys of seals: one makes them, older ones check theirs only. Pure.

As text they are one a line, the one that seals first. A later one may say until when it counts:
`SECRET until 2026-11-29T12:00:00Z`. A key's id is made of the key, and stands in each seal.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from desk_contracts.chain import ChainKey
from desk_contracts.errors import Invalid
from desk_contracts.rfc3339 import read_moment

LEAST_LENGTH = 32
_UNTIL = re.compile(r"(.*\S)[ \t]+until[ \t]+(\S+)")


class OlderKey(NamedTuple):
    """One that seals no more. Of a key that somebody else may have, `until` says what still counts:
    what a checkpoint had seen by then."""

    key: ChainKey
    until: datetime | None = None


class ChainKeys:
    """The key that seals, and all that can be checked."""

    def __init__(self, sealing: ChainKey, older: Iterable[OlderKey] = ()) -> None:
        self.sealing = sealing
        self._by_id = {old.key.id: old for old in older} | {sealing.id: OlderKey(sealing)}

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all keys, the older ones first."""
        return tuple(self._by_id)

    def find(self, id: str) -> OlderKey | None:
        """The key of this id, whether it seals or not; None where it is not here."""
        return self._by_id.get(id)


def read_chain_keys(text: str) -> ChainKeys:
    """The keys in a text; `Invalid` says which line is none, and never shows it."""
    keys = list[OlderKey]()
    for number, line in enumerate(filter(str.strip, text.splitlines()), start=1):
        match = _UNTIL.fullmatch(line)
        secret, until = (line, None) if match is None else (match[1], _read_until(number, match[2]))
        if len(secret) < LEAST_LENGTH:
            raise Invalid(f"Key {number} is shorter than {LEAST_LENGTH} characters.")
        keys.append(OlderKey(ChainKey(secret.encode()), until))
    if not keys:
        raise Invalid("It holds no key.")
    sealing, *older = keys
    if sealing.until is not None:
        raise Invalid("Key 1 makes the seals, so it has no end: put a newer key before it.")
    if len({item.key.id for item in keys}) < len(keys):
        raise Invalid("Two of its keys are the same.")
    return ChainKeys(sealing.key, older)


def _read_until(number: int, text: str) -> datetime:
    try:
        moment = read_moment(text)
    except Invalid as error:
        raise Invalid(f"Key {number} counts until a moment that cannot be read.") from error
    if moment is None:
        raise Invalid(f"Key {number} counts until a moment that cannot be counted.")
    return moment
