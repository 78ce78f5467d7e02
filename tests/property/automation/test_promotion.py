"""However the log of a runbook's runs is cut into batches, it is promoted and demoted the same."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from desk_automation.promotion.decide import Version, add_event, check_next
from desk_automation.promotion.evidence import count_acted
from desk_automation.promotion.model import PromotionState
from desk_automation.promotion.store import PROMOTIONS, promotion_projection
from desk_contracts import AnyEvent
from desk_contracts.events.promotions import PromotionProposed, PromotionWithdrawn
from desk_kernel.wilson import wilson
from desk_platform.clock import FakeClock
from desk_platform.kafka import UnitOfWork
from desk_platform.kafka.batch_processor import BatchProcessor
from desk_platform.kafka.records import Failure
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.automation_engine import START
from tests.support.bus_desk import received
from tests.support.promotion_log import KINDS, VERSION, entry, version_with

VERSIONS = {VERSION: version_with(), "0ther": None}
logs = st.lists(
    st.tuples(st.sampled_from((*KINDS, "healed", "healed", "yes")), st.sampled_from([*VERSIONS])),
    max_size=40,
).map(lambda items: [entry(kind, number, of) for number, (kind, of) in enumerate(items)])


def apply_all(log: Sequence[AnyEvent]) -> tuple[PromotionState, list[AnyEvent]]:
    """One event after the other."""
    state, emitted = PromotionState(), list[AnyEvent]()
    for event in log:
        decided = add_event(state, event, version_with())
        if decided is not None and getattr(event.data, "version", "") == VERSION:
            state, emitted = decided.state, [*emitted, *decided.events]
    return state, emitted


async def refuse(failures: Iterable[Failure]) -> None:
    for failure in failures:
        raise failure.error


async def run_in_batches(
    log: Sequence[AnyEvent], cuts: Sequence[int]
) -> tuple[PromotionState, list[AnyEvent]]:
    """As the service does, each batch twice, as after a crash before its position was kept."""
    clock, bus = FakeClock(START), FakePublisher()
    documents = FakeDocuments(PROMOTIONS, clock)

    def find(_runbook: str, version: str) -> Version | None:
        return VERSIONS.get(version)

    unit = UnitOfWork(
        promotion_projection(documents, find), bus, clock, record_telemetry().telemetry.meters
    )
    processor = BatchProcessor(unit)
    edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    for begin, end in pairwise(edges):
        batch = [received(event, begin + place) for place, event in enumerate(log[begin:end])]
        await processor.handle(batch, refuse)
        await processor.handle(batch, refuse)
    [state] = [item.state for item in await documents.find({}) if item.state] or [PromotionState()]
    return state, list({event.id: event for event in bus.events()}.values())


@settings(max_examples=60, deadline=None)
@given(logs, st.lists(st.integers(1, 40), max_size=6))
async def test_any_cut_of_the_log_gives_the_same_state_and_the_same_events(
    log: list[AnyEvent], cuts: list[int]
) -> None:
    state, emitted = apply_all(log)
    other, published = await run_in_batches(log, cuts)
    assert other == state
    assert [event.id for event in published] == [event.id for event in emitted]


@given(logs)
def test_what_is_proposed_is_proven_by_its_own_numbers(log: list[AnyEvent]) -> None:
    rules = version_with().runbook.promotion
    assert rules is not None
    for event in apply_all(log)[1]:
        if not isinstance(event.data, PromotionProposed):
            continue
        evidence = event.data.evidence
        acted, votes = count_acted(evidence), evidence.approved + evidence.denied
        assert acted >= rules.runs
        lasting = evidence.healed - evidence.relapsed
        assert 100 * wilson(lasting, acted, 1.645)[0] >= rules.healed_percent - 0.1
        assert 100 * wilson(evidence.approved, votes, 1.645)[0] >= rules.approved_percent - 0.1
        assert evidence.first_at is not None
        assert evidence.last_at is not None
        assert evidence.last_at - evidence.first_at >= rules.age
        assert (evidence.stops, evidence.harmed) == (0, 0)


@given(logs)
def test_a_proposal_stands_as_long_as_the_evidence_speaks_for_it(log: list[AnyEvent]) -> None:
    """Whoever reads the events knows at each moment what is proposed."""
    state, is_proposed = PromotionState(), False
    for event in log:
        decided = add_event(state, event, version_with())
        if decided is None or getattr(event.data, "version", "") != VERSION:
            continue
        state = decided.state
        for emitted in decided.events:
            assert isinstance(emitted.data, PromotionProposed | PromotionWithdrawn)
            assert is_proposed != isinstance(emitted.data, PromotionProposed)
            is_proposed = not is_proposed
        is_proven = all(item.is_met for item in check_next(state, version_with()))
        assert is_proposed == (state.proposed is not None) == is_proven


@given(logs)
def test_the_order_of_arrival_of_what_is_not_bad_decides_nothing(log: list[AnyEvent]) -> None:
    good = [
        event for event in log if event.data.TYPE.startswith(("desk.run.approval", "desk.run.h"))
    ]
    assert apply_all(good)[0].evidence == apply_all(good[::-1])[0].evidence
