"""However a ticket's events are read together, the last of a batch decides for all: the figures
end up the same, and so does what is said of SLAs, except where a fact came late.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from random import Random
from typing import NamedTuple

from desk_contracts import Codec
from desk_contracts.envelope import AnyEvent
from desk_kernel import Context
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.store import TICKETS
from desk_metrics.measures.worker import tickets_projection
from desk_metrics.rebuild.store import ticket_truth
from desk_metrics.sla.model import TicketClocks, evolve
from desk_platform.clock import FakeClock
from desk_platform.kafka import WorkItem
from desk_platform.kafka.work_items import BatchResult
from desk_platform.kafka.working_copy import Decider
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from hypothesis import given, settings

from tests.support.metrics_desk import received
from tests.support.metrics_histories import TICKET, History, history
from tests.support.metrics_slas import heard, randoms


class Lived(NamedTuple):
    """What is kept of a ticket once its timers ran, and what was said of its SLAs."""

    record: TicketRecord
    events: list[AnyEvent]

    @property
    def by_id(self) -> dict[str, object]:
        """What was said, by id."""
        return {event.id: (event.time, event.data) for event in self.events}


def lived(sample: History, batches: Iterable[Sequence[AnyEvent]]) -> Lived:
    """Batch after batch by the bus's own rule, then the timer that comes at the end."""
    codec, book, offsets = Codec(), sample.book, count()
    projection = tickets_projection(FakeDocuments(TICKETS, FakeClock(sample.now)), lambda: book)
    decider, document, context = (
        Decider(projection, codec),
        Stored[TicketRecord](TICKET),
        Context(sample.now),
    )

    def take(tasks: Sequence[WorkItem[TicketRecord]]) -> None:
        result = BatchResult[TicketRecord]()
        decider.apply(document, tasks, context, result)
        assert result.failures == []

    for batch in batches:
        take([WorkItem(TICKET, event, received(event, next(offsets))) for event in batch])
    assert projection.on_timer is not None
    take([WorkItem(TICKET, projection.on_timer)])
    assert document.state is not None
    everything = [codec.decode(item.key, item.value, item.headers) for item in document.outbox]
    return Lived(document.state, [item for item in everything if item.topic == "desk.sla"])


def singly(sample: History) -> Lived:
    """Each event in a batch of its own, in order."""
    return lived(sample, [[event] for event in sample.events])


def batches(random: Random, sample: History) -> list[list[AnyEvent]]:
    """Any batches, with repeats; an event may come before those that it follows."""
    arrivals = list(sample.events)
    for _ in range(random.randint(0, 4)):
        arrivals.insert(random.randint(0, len(arrivals)), random.choice(sample.events))
    if random.random() < 0.3:
        random.shuffle(arrivals)
    chunks = []
    while arrivals:
        size = random.choice((1, 2, 3, 5, 20))
        chunks.append(arrivals[:size])
        arrivals = arrivals[size:]
    return chunks


def has_late_fact(sample: History) -> bool:
    """Whether a fact came after any event of a later time, be that a fact or not: what follows from
    that time was said before."""
    clocks, latest = TicketClocks(TICKET), sample.events[0].time
    for event in sample.events:
        after = evolve(clocks, event)
        if after.facts is not clocks.facts and event.time < latest:
            return True
        clocks, latest = after, max(latest, event.time)
    return False


@settings(max_examples=100, deadline=None)
@given(randoms)
def test_batches_say_and_keep_what_single_events_do_unless_a_fact_came_late(
    random: Random,
) -> None:
    sample = history(random, in_order=True, steps=600)
    together, alone = lived(sample, batches(random, sample)), singly(sample)
    assert ticket_truth(together.record) == ticket_truth(alone.record)
    assert together.record.clocks.emitted == alone.record.clocks.emitted
    assert len(together.by_id) == len(together.events)
    assert together.by_id == alone.by_id


@settings(max_examples=100, deadline=None)
@given(randoms)
def test_with_late_facts_too_batches_end_with_the_same_figures_and_beliefs(
    random: Random,
) -> None:
    """What late facts make different: read together, nothing has to be taken back and said again; a
    SLA that ends withdrawn may have been so for another reason; and of what was said before the
    last word, the due moment is the one that was known then."""
    sample = history(random, steps=600)
    together, alone = lived(sample, batches(random, sample)), singly(sample)
    assert ticket_truth(together.record) == ticket_truth(alone.record)
    assert len(together.by_id) == len(together.events)
    assert heard(together.events) == heard(alone.events)
    if not has_late_fact(sample):
        assert together.by_id == alone.by_id
