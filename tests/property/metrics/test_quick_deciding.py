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


def parts(random: Random, sample: History) -> Iterator[list[AnyEvent]]:
    """What arrives between decisions: often nothing, sometimes twice or in disorder."""
    arrivals = [
        *sample.events,
        *random.sample(sample.events, random.randint(0, len(sample.events))),
    ]
    if random.random() < 0.5:
        arrivals.sort(key=lambda event: event.sequence or 0)
    else:
        random.shuffle(arrivals)
    while arrivals:
        size = random.choice((0, 0, 0, 1, 1, 2, 5))
        yield arrivals[:size]
        arrivals = arrivals[size:]
    yield []


def sources(random: Random, sample: History) -> list[PolicyBook]:
    """The book as it grows, whichever edition is known first; the earliest may SLA nothing."""
    editions = list(sample.editions)
    if random.random() < 0.6:
        editions[0] = editions[0].model_copy(update={"policies": ()})
    random.shuffle(editions)
    return [replace(sample, editions=tuple(editions[:n])).book for n in range(len(editions) + 1)]


def moment(random: Random, sample: History, last: datetime, due: datetime | None) -> datetime:
    """Mostly somewhat later than the last; or as the policies change, or as something falls due."""
    if len(sample.editions) > 1 and random.random() < 0.3:
        return sample.editions[-1].since + random.choice((-sample.unit, timedelta(0), sample.unit))
    if due is not None and random.random() < 0.4:
        return due + random.choice((-TICK, timedelta(0), TICK))
    return last + random.randint(-20, 80) * sample.unit


def changing(random: Random) -> History:
    """A history in which more often than not the SLA policies change."""
    sample = history(random, steps=600)
    return sample if len(sample.editions) > 1 or random.random() < 0.3 else changing(random)


@settings(max_examples=300, deadline=None)
@given(randoms)
def test_the_quick_path_decides_what_the_long_one_does(random: Random) -> None:
    sample = changing(random)
    growing, book_index = sources(random, sample), random.randint(0, len(sample.editions))
    quick = slow = TicketClocks(TICKET)
    now, due = sample.events[0].time, None
    for part in parts(random, sample):
        if random.random() < 0.2:
            book_index = min(book_index + 1, len(growing) - 1)
        book, now = growing[book_index], moment(random, sample, now, due)
        decision = decide(folded(part, quick), book, now)
        expected = decide(replace(folded(part, slow), quiet_until=0), book, now)
        assert decision.events == expected.events
        assert decision.due == expected.due
        assert looked_at(decision.state) == looked_at(expected.state)
        quick, slow, due = decision.state, expected.state, decision.due
