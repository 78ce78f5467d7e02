"""Which faults fall when: drawn from a seed, so that a storm can be repeated."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from desk_contracts.topics import SERVICES


class Kind(StrEnum):
    """What can be done to a desk from outside."""

    KILL = "kill"
    FREEZE = "freeze"
    TERMINATE = "terminate"
    KILL_STORE = "kill-store"
    FREEZE_STORE = "freeze-store"
    SLOW_STORE = "slow-store"
    FULL_STORE = "full-store"
    KILL_BROKER = "kill-broker"
    FREEZE_BROKER = "freeze-broker"
    SLOW_BROKER = "slow-broker"
    FULL_BROKER = "full-broker"
    CHARTER = "charter"
    JOIN = "join"


ON_SERVICES = (Kind.KILL, Kind.FREEZE, Kind.TERMINATE)
ON_STORE = (Kind.KILL_STORE, Kind.FREEZE_STORE, Kind.SLOW_STORE, Kind.FULL_STORE)
ON_BROKER = (Kind.KILL_BROKER, Kind.FREEZE_BROKER, Kind.SLOW_BROKER, Kind.FULL_BROKER)
FULL = (Kind.FULL_STORE, Kind.FULL_BROKER)
# Whatever is at work while one of these lasts is struck by it.
LASTING = frozenset(
    {
        Kind.FREEZE,
        Kind.FREEZE_STORE,
        Kind.SLOW_STORE,
        Kind.FULL_STORE,
        Kind.FREEZE_BROKER,
        Kind.SLOW_BROKER,
        Kind.FULL_BROKER,
        Kind.JOIN,
    }
)
# Of a hundred faults; services fail more often than what they all lean on.
_SHARES = {
    Kind.KILL: 44,
    Kind.FREEZE: 24,
    Kind.TERMINATE: 14,
    Kind.KILL_STORE: 2,
    Kind.FREEZE_STORE: 3,
    Kind.SLOW_STORE: 2,
    Kind.FULL_STORE: 1,
    Kind.KILL_BROKER: 1,
    Kind.FREEZE_BROKER: 3,
    Kind.SLOW_BROKER: 2,
    Kind.FULL_BROKER: 1,
    Kind.CHARTER: 3,
    Kind.JOIN: 2,
}
# A member of a group may be silent for some seconds only; both sides of that are tried.
_SHORTEST, _LONGEST = 2.0, 14.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault to come: seconds after the beginning, and how many seconds it lasts."""

    after: float
    kind: Kind
    victim: str
    lasts: float


def schedule(seed: int, count: int, seconds: float, replicas: int) -> list[Planned]:
    """`count` faults over so many seconds, the same for the same arguments.

    Each kind falls at least once as soon as there is room for all.
    """
    chance = random.Random(seed)
    kinds = list(Kind)[:count]
    kinds += chance.choices(list(_SHARES), list(_SHARES.values()), k=max(0, count - len(kinds)))
    chance.shuffle(kinds)
    step = seconds / max(1, count)
    return [
        Planned(
            round(step * (number + chance.random()), 2),
            kind,
            _victim(kind, chance, replicas),
            round(chance.uniform(_SHORTEST, _LONGEST), 1),
        )
        for number, kind in enumerate(kinds)
    ]


def _victim(kind: Kind, chance: random.Random, replicas: int) -> str:
    if kind in ON_SERVICES:
        return f"{chance.choice(SERVICES)}-{chance.randint(1, replicas)}"
    if kind is Kind.CHARTER:
        return "charter"
    if kind is Kind.JOIN:
        return f"{chance.choice(SERVICES)}-{replicas + 1}"
    return "store" if kind in ON_STORE else "broker"


def shown(planned: Sequence[Planned]) -> str:
    """How many of each kind, in a line."""
    counts = {kind: sum(item.kind is kind for item in planned) for kind in Kind}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
