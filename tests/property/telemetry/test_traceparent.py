"""`traceparent`: written and read back the same; anything else never raises."""

from desk_platform.telemetry import format_traceparent, read_traceparent, remote_context
from desk_platform.telemetry.traces import MAX_LINKS
from desk_testing.telemetry import record_telemetry
from hypothesis import given
from hypothesis import strategies as st

valid = st.builds(
    "00-{:032x}-{:016x}-{:02x}".format,
    st.integers(1, 2**128 - 1),
    st.integers(1, 2**64 - 1),
    st.sampled_from([0, 1]),
)
anything = st.one_of(st.none(), st.text(), valid, st.text("0123456789abcdef-", max_size=60))


@given(valid)
def test_it_comes_back_as_it_was(traceparent: str) -> None:
    context = read_traceparent(traceparent)
    assert context is not None
    assert format_traceparent(context) == traceparent


@given(anything)
def test_nothing_a_caller_sends_raises(text: str | None) -> None:
    context = read_traceparent(text)
    assert context is None or context.is_valid
    remote_context(text)


@given(st.lists(anything, max_size=300))
def test_a_batch_of_anything_has_one_span_with_few_distinct_links(
    texts: list[str | None],
) -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", len(texts), texts) as span:
        assert span.get_span_context().is_valid
    links = [link.context for span in recorded.spans() for link in span.links]
    assert len(links) <= MAX_LINKS
    assert len({link.trace_id for link in links}) == len(links)
    assert all(link.trace_flags.sampled for link in links)
