"""All of it together: who comes, what intake is told of it, and what the books say of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from desk_platform.settings import KafkaSettings
from desk_testing.slapd import Slapd

from desk_storm.books import Account, Books
from desk_storm.crowd import Crowd
from desk_storm.faults import Kind, Planned
from desk_storm.front_door import directory, leaks
from desk_storm.front_door.letters import Letters
from desk_storm.front_door.link_box import LinkBox
from desk_storm.front_door.orders import Orders
from desk_storm.front_door.recoveries import Recoveries
from desk_storm.replicas import Replica
from desk_storm.streams import stream

# Who is killed besides what the seed draws, one after the other: who holds the door's state.
_KILLED = ("intake", "intake", "automation")
_KILL_SECONDS = 7.0
# Of what the crowd does in a second, on top of it.
_ORDERS, _LETTERS, _RECOVERIES = 0.35, 0.3, 0.2


@dataclass
class FrontDoor:
    """The servers that it needs; `live` is what people do."""

    slapd: Slapd
    links: LinkBox
    # Where mail is handed over.
    ports: Sequence[int] = ()
    orders: Orders | None = None
    letters: Letters | None = None
    recoveries: Recoveries | None = None

    @classmethod
    async def open(cls, stack: AsyncExitStack, folder: Path) -> "FrontDoor":
        """Its servers run until the stack ends them."""
        slapd, links = await directory.start(folder / "slapd"), LinkBox()
        stack.callback(slapd.stop)
        links.start()
        stack.callback(links.stop)
        return cls(slapd, links)

    def variables(self) -> dict[str, str]:
        """What intake is told of them."""
        return {**directory.variables(self.slapd), **self.links.variables()}

    async def live(self, http: httpx.AsyncClient, crowd: Crowd, rate: float) -> None:
        """Until the crowd goes home, and whoever has come has ended what they came for."""
        self.orders = Orders(crowd, crowd.seed)
        self.letters = Letters(crowd, self.ports, crowd.seed)
        self.recoveries = Recoveries(crowd, self.links, crowd.seed)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.orders.order(http, _ORDERS * rate))
            group.create_task(self.letters.write(_LETTERS * rate))
            group.create_task(self.recoveries.recover(_RECOVERIES * rate))

    async def close(
        self,
        books: Books,
        kafka: KafkaSettings,
        replicas: Sequence[Replica],
    ) -> Books:
        """The books with what came to this door."""
        letters, recoveries = self.letters, self.recoveries
        if letters is None or recoveries is None:
            return books
        accounts = [
            Account(person, self.slapd.changes_of(person), at, recoveries.mailed_at.get(person))
            for person, at in recoveries.asked_at.items()
        ]
        leaked, places = await leaks.look(kafka, replicas, recoveries.secrets)
        print(f"{len(recoveries.secrets)} secrets looked for in {places} records, logs and pages")
        return replace(
            books,
            letters=tuple(letters.letters),
            redemptions=tuple(recoveries.redemptions),
            accounts=tuple(accounts),
            leaks=tuple(leaked),
        )


def kills(seed: int, seconds: float, replicas: int) -> list[Planned]:
    """Of the services that people at this door depend on."""
    chance = stream(seed, "kills at the front door")
    return [
        Planned(
            round(_KILL_SECONDS * (number + chance.random()), 2),
            Kind.KILL,
            f"{_KILLED[number % len(_KILLED)]}-{chance.randint(1, replicas)}",
            0.0,
        )
        for number in range(int(seconds / _KILL_SECONDS))
    ]


def table(books: Books) -> str:
    """What came to this door, in a few lines."""
    orders = [call for call in books.calls if call.path.startswith("/v1/catalogue/")]
    items = Counter(call.path.split("/")[3] for call in orders)
    votes = sum(call.path.endswith(("/approve", "/deny")) for call in books.calls)
    tries = Counter(answer[:1] for letter in books.letters for answer in letter.answers)
    outcomes = Counter(use.outcome or str(use.status) for use in books.redemptions)
    return (
        f"orders: {dict(items)}, {sum(call.tries for call in orders)} tries, {votes} votes\n"
        f"mails: {len(books.letters)} with {sum(tries.values())} tries"
        f" ({tries['2']} taken, {tries['4'] + tries['5']} refused, {tries['b']} broken lines),"
        f" {sum(bool(letter.follows) for letter in books.letters)} of them answers\n"
        f"recoveries: {len(books.accounts)} people, {len(books.redemptions)} uses of"
        f" {len({use.token for use in books.redemptions})} tokens: {dict(outcomes)};"
        f" {sum(account.changes for account in books.accounts)} passwords changed"
    )
