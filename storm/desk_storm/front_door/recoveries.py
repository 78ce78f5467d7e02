"""People who cannot sign in: they ask for a link and use it, and rivals use it at the same time."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from desk_testing.slapd import WORD

from desk_storm.books import Redemption
from desk_storm.crowd import Crowd, until
from desk_storm.front_door.directory import PEOPLE, locked
from desk_storm.front_door.link_box import LinkBox
from desk_storm.streams import stream

_PATH = "/v1/account-recoveries"
_TRIES, _AGAIN_SECONDS, _RIVALS = 40, 1.0, 3
# A replica that dies with an ask leaves it to others after a minute.
_MAILED_WITHIN, _LOOKS_EVERY = 180.0, 0.3
_OK, _TAKEN, _FOR_LATER = 200, 202, (429, 503)


@dataclass
class Recoveries:
    """`redemptions` is their book; `secrets` are what must be nowhere, by what they are."""

    crowd: Crowd
    links: LinkBox
    seed: int
    redemptions: list[Redemption] = field(default_factory=list)
    asked_at: dict[str, datetime] = field(default_factory=dict)
    mailed_at: dict[str, datetime] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=lambda: {"the directory's": WORD})

    async def recover(self, per_second: float) -> None:
        """New people at a rate."""
        number, chance = 0, stream(self.seed, "recoveries")
        due = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as lives:
            while not self.crowd.is_over.is_set() and number < PEOPLE:
                number += 1
                lives.create_task(self._live(number))
                due += chance.expovariate(per_second)
                await until(due)

    async def _live(self, number: int) -> None:
        person = locked(number)
        body = {"account": person, "kind": "password"}
        async with _from(number, _RIVALS) as http:
            if not await self._ask(http, body, number):
                return
        self.asked_at[person] = datetime.now(UTC)
        tokens = self.links.tokens[f"{person}@corp.example"]
        deadline = asyncio.get_running_loop().time() + _MAILED_WITHIN
        while not tokens:
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(_LOOKS_EVERY)
        self.mailed_at[person] = datetime.now(UTC)
        used = 0
        # A replica that died over an ask may leave two mails; the newer link is the good one.
        while len(tokens) > used:
            used, token = len(tokens), tokens[-1]
            self.secrets[f"the token {used} of {person}"] = token.partition(".")[2]
            async with asyncio.TaskGroup() as group:
                for rival in range(_RIVALS):
                    use = self._redeem(f"{person}/{used}", token, number, rival)
                    group.create_task(use)

    async def _ask(self, http: httpx.AsyncClient, body: dict[str, str], number: int) -> bool:
        """Again until it is taken, as people do."""
        chance = stream(self.seed, f"ask {number}")
        for _ in range(_TRIES):
            try:
                answer = await http.post(chance.choice(self.crowd.intakes) + _PATH, json=body)
            except httpx.TransportError:
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if answer.status_code == _TAKEN:
                return True
            await asyncio.sleep(_AGAIN_SECONDS)
        return False

    async def _redeem(self, name: str, token: str, number: int, rival: int) -> None:
        """Once, and again where no answer came or it is for later."""
        chance, person = stream(self.seed, f"redeem {name} {rival}"), locked(number)
        password = f"the new word of {name} by rival {rival}"
        self.secrets[f"a password of {name}, {rival}"] = password
        body = {"token": token, "password": password}
        async with _from(number, rival) as http:
            for _ in range(_TRIES):
                at, status, outcome = datetime.now(UTC), None, ""
                url = f"{chance.choice(self.crowd.intakes)}{_PATH}/redeem"
                try:
                    answer = await http.post(url, json=body)
                    status = answer.status_code
                    outcome = answer.json().get("outcome", "") if status == _OK else ""
                except httpx.TransportError:
                    pass  # nobody knows; the person tries again
                answered_at = datetime.now(UTC)
                self.redemptions.append(Redemption(at, answered_at, person, name, status, outcome))
                if status is not None and status not in _FOR_LATER:
                    return
                await asyncio.sleep(_AGAIN_SECONDS)


def _from(number: int, rival: int) -> httpx.AsyncClient:
    """From an address of their own: intake counts how often each one calls."""
    place = number * (_RIVALS + 1) + rival
    address = f"127.{1 + place // 62_500}.{place // 250 % 250}.{1 + place % 250}"
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(transport=transport, timeout=20)
