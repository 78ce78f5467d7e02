"""However a ticket's events are read together, the last of a batch decides for all: the figures
end up the same, and so does what is said of promises, except where a fact came late.
"""

from collections.abc import Iterable, Sequence
from itertools import count, groupby
from random import Random
from typing import NamedTuple

from desk_metrics.comparing import ticket_truth
from desk_metrics.domain.telling import LATE_FACTS
from desk_metrics.domain.tickets import TicketRecord
from desk_metrics.handlers import tickets_fold
from desk_metrics.store import TICKETS
from desk_shared.bus import Task, Turn
from desk_shared.bus.deciding import Decider
from desk_shared.bus.tasks import Findings
from desk_shared.clock import FakeClock
from desk_shared.events import Codec
from desk_shared.events.envelope import AnyEvent
from desk_shared.events.promises import PromiseWithdrawn
from desk_shared.store import Stored
from desk_shared.testing.fakes import FakeDocuments
from hypothesis import given, settings

from tests.property.metrics.histories import TICKET, History, history
from tests.property.metrics.test_promises import heard, randoms
from tests.unit.metrics.desk import received

Name = tuple[str, ...]


def name_of(about: object) -> Name:
    """Which promise of the ticket, whatever moment it applies from."""
    words = ("clock", "policy", "policy_version", "cycle", "team")
    return tuple(str(getattr(about, word)) for word in words)


class Lived(NamedTuple):
    """What is kept of a ticket once its timers ran, and what was said of its promises."""

    record: TicketRecord
    said: list[AnyEvent]

    @property
    def told(self) -> dict[str, object]:
        """What was said, by id."""
        return {event.id: (event.time, event.data) for event in self.said}

    @property
    def stories(self) -> dict[Name, list[AnyEvent]]:
        """What was said of each promise, in order."""
        by_name = sorted(self.said, key=lambda event: name_of(event.data))
        return {name: list(s) for name, s in groupby(by_name, lambda one: name_of(one.data))}

    @property
    def amended(self) -> set[Name]:
        """Promises of which something was taken back, or said once more."""
        revised = {
            (str(t.clock), t.policy, t.version, str(t.cycle), t.team)
            for t in self.record.clocks.told
            if t.revision
        }
        return revised | {
            name_of(event.data)
            for event in self.said
            if isinstance(event.data, PromiseWithdrawn) and event.data.because == LATE_FACTS
        }


def lived(told: History, batches: Iterable[Sequence[AnyEvent]]) -> Lived:
    """Batch after batch by the bus's own rule, then the timer that comes at the end."""
    codec, book, offsets = Codec(), told.book, count()
    fold = tickets_fold(FakeDocuments(TICKETS, FakeClock(told.now)), lambda: book)
    decider, document, turn = Decider(fold, codec), Stored[TicketRecord](TICKET), Turn(told.now)

    def take(tasks: Sequence[Task[TicketRecord]]) -> None:
        found = Findings[TicketRecord]()
        decider.apply(document, tasks, turn, found)
        assert found.failures == []

    for batch in batches:
        take([Task(TICKET, event, received(event, next(offsets))) for event in batch])
    assert fold.wake is not None
    take([Task(TICKET, fold.wake)])
    assert document.state is not None
    everything = [codec.decode(one.key, one.value, one.headers) for one in document.outbox]
    return Lived(document.state, [one for one in everything if one.topic == "desk.promises"])


def singly(told: History) -> Lived:
    """Each event in a batch of its own, in order."""
    return lived(told, [[event] for event in told.events])


def batches(random: Random, told: History) -> list[list[AnyEvent]]:
    """Any batches, with repeats; an event may come before those that it follows."""
    arrivals = list(told.events)
    for _ in range(random.randint(0, 4)):
        arrivals.insert(random.randint(0, len(arrivals)), random.choice(told.events))
    if random.random() < 0.3:
        random.shuffle(arrivals)
    found = []
    while arrivals:
        size = random.choice((1, 2, 3, 5, 20))
        found.append(arrivals[:size])
        arrivals = arrivals[size:]
    return found


@settings(max_examples=100, deadline=None)
@given(randoms)
def test_batches_say_and_keep_what_single_events_do_unless_a_fact_came_late(
    random: Random,
) -> None:
    told = history(random, in_order=True, steps=600)
    together, alone = lived(told, batches(random, told)), singly(told)
    assert ticket_truth(together.record) == ticket_truth(alone.record)
    assert together.record.clocks.told == alone.record.clocks.told
    assert len(together.told) == len(together.said)
    assert together.told == alone.told


@settings(max_examples=100, deadline=None)
@given(randoms)
def test_with_late_facts_too_batches_end_with_the_same_figures_and_beliefs(
    random: Random,
) -> None:
    told = history(random, steps=600)
    together, alone = lived(told, batches(random, told)), singly(told)
    assert ticket_truth(together.record) == ticket_truth(alone.record)
    assert len(together.told) == len(together.said)
    assert heard(together.said) == heard(alone.said)
    if not alone.record.late:
        assert together.told == alone.told
    for name in together.stories.keys() | alone.stories.keys():
        differs_only_as_late_facts_make_it(name, together, alone)


def differs_only_as_late_facts_make_it(name: Name, together: Lived, alone: Lived) -> None:
    """One of both took something back; or who heard of it heard in the end that it was withdrawn,
    and how it came to that matters to nobody."""
    one, other = together.stories.get(name, []), alone.stories.get(name, [])
    is_same = {e.id: (e.time, e.data) for e in one} == {e.id: (e.time, e.data) for e in other}
    if is_same or name in together.amended | alone.amended:
        return
    assert all(isinstance(told[-1].data, PromiseWithdrawn) for told in (one, other) if told)
