"""Deciding looks away while nothing can be new. Looking every time says the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from desk_metrics.domain.clocks import TicketClocks
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.telling import decide
from desk_shared.events.envelope import AnyEvent
from hypothesis import given, settings

from tests.property.metrics.histories import TICKET, History, history
from tests.property.metrics.test_promises import folded, randoms

# A due instant that is used up is told one tick later, and in between by who looks closer.
TICK = timedelta(milliseconds=1)


def looked_at(state: TicketClocks) -> TicketClocks:
    """As if nothing were known of when to look again."""
    return replace(state, quiet_until=0, editions=0)


def parts(random: Random, told: History) -> Iterator[list[AnyEvent]]:
    """What arrives between decisions: often nothing, sometimes twice or in disorder."""
    arrivals = [*told.events, *random.sample(told.events, random.randint(0, len(told.events)))]
    if random.random() < 0.5:
        arrivals.sort(key=lambda event: event.sequence or 0)
    else:
        random.shuffle(arrivals)
    while arrivals:
        size = random.choice((0, 0, 0, 1, 1, 2, 5))
        yield arrivals[:size]
        arrivals = arrivals[size:]
    yield []


def books(random: Random, told: History) -> list[PolicyBook]:
    """The book as it grows, whichever edition becomes known first; one may promise nothing."""
    editions = random.sample(told.editions, len(told.editions))
    if random.random() < 0.3:
        editions[0] = editions[0].model_copy(update={"policies": ()})
    return [replace(told, editions=tuple(editions[:n])).book for n in range(len(editions) + 1)]


def moment(random: Random, told: History, due: datetime | None) -> datetime:
    """Anywhere, also before the last one, or just about when something falls due."""
    if due is not None and random.random() < 0.4:
        return due + random.choice((-TICK, timedelta(0), TICK))
    return told.events[0].time + random.randint(-10, 900) * told.unit


@settings(max_examples=300, deadline=None)
@given(randoms)
def test_the_quick_path_decides_what_the_long_one_does(random: Random) -> None:
    told = history(random, steps=600)
    growing, known = books(random, told), random.randint(0, 1)
    quick = slow = TicketClocks(TICKET)
    due: datetime | None = None
    for part in parts(random, told):
        if random.random() < 0.2:
            known = min(known + 1, len(growing) - 1)
        book, now = growing[known], moment(random, told, due)
        said = decide(folded(part, quick), book, now)
        expected = decide(replace(folded(part, slow), quiet_until=0), book, now)
        assert said.events == expected.events
        assert said.due == expected.due
        assert looked_at(said.state) == looked_at(expected.state)
        quick, slow, due = said.state, expected.state, said.due
