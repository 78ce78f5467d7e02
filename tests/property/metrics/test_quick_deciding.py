"""Deciding looks away while nothing can be new. Looking every time says the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from desk_contracts.envelope import AnyEvent
from desk_metrics.sla.decide import decide
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from hypothesis import given, settings

from tests.support.metrics_histories import TICKET, History, history
from tests.support.metrics_slas import folded, randoms

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


def sources(random: Random, told: History) -> list[PolicyBook]:
    """The book as it grows, whichever edition is known first; the earliest may SLA nothing."""
    editions = list(told.editions)
    if random.random() < 0.6:
        editions[0] = editions[0].model_copy(update={"policies": ()})
    random.shuffle(editions)
    return [replace(told, editions=tuple(editions[:n])).book for n in range(len(editions) + 1)]


def moment(random: Random, told: History, last: datetime, due: datetime | None) -> datetime:
    """Mostly somewhat later than the last; or as the policies change, or as something falls due."""
    if len(told.editions) > 1 and random.random() < 0.3:
        return told.editions[-1].since + random.choice((-told.unit, timedelta(0), told.unit))
    if due is not None and random.random() < 0.4:
        return due + random.choice((-TICK, timedelta(0), TICK))
    return last + random.randint(-20, 80) * told.unit


def changing(random: Random) -> History:
    """A history in which more often than not the SLA policies change."""
    told = history(random, steps=600)
    return told if len(told.editions) > 1 or random.random() < 0.3 else changing(random)


@settings(max_examples=300, deadline=None)
@given(randoms)
def test_the_quick_path_decides_what_the_long_one_does(random: Random) -> None:
    told = changing(random)
    growing, known = sources(random, told), random.randint(0, len(told.editions))
    quick = slow = TicketClocks(TICKET)
    now, due = told.events[0].time, None
    for part in parts(random, told):
        if random.random() < 0.2:
            known = min(known + 1, len(growing) - 1)
        book, now = growing[known], moment(random, told, now, due)
        said = decide(folded(part, quick), book, now)
        expected = decide(replace(folded(part, slow), quiet_until=0), book, now)
        assert said.events == expected.events
        assert said.due == expected.due
        assert looked_at(said.state) == looked_at(expected.state)
        quick, slow, due = said.state, expected.state, said.due
