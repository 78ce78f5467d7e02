"""The same log gives the same matches: however it is cut, whatever timers fire, in whichever order
events of about one time arrive. What a match is, is said once more here, in the plainest way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from desk_automation.patterns.decide import (
    MOST_WAITING,
    elapse,
    find_due,
    find_window,
    hear,
    next_due,
)
from desk_automation.patterns.model import KeptEvent, Match, Occurrence, SubjectWindows
from desk_charter.patterns import When
from hypothesis import example, given, settings
from hypothesis import strategies as st

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LATENESS = 3 * SECOND
LONG_AFTER = START + timedelta(days=2)
A, B = "data.signal == 'a'", "data.signal == 'b'"

PATTERNS = st.sampled_from(
    [
        When.model_validate(pattern)
        for pattern in (
            {"count": {"of": A, "at_least": 3, "within": "10s"}},
            {"distinct": {"of": A, "value": "data.site", "at_least": 2, "within": "10s"}},
            {"sequence": {"parts": [A, B], "within": "10s"}},
            {"sequence": {"parts": [A, B, A], "within": "12s"}},
            {"absent": {"after": A, "no": B, "within": "8s"}},
            {"held": {"of": A, "for": "8s", "until": B}},
        )
    ]
)
EXTRAS = st.sampled_from(
    [{}, {"quiet": "15s"}, {"flap": {"changes": 3, "within": "20s"}}]
)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """An event: seconds since the beginning, what it is about, how much later it arrives."""

    at: float
    name: str
    value: str
    is_end: bool
    delay: float

    @property
    def arrives(self) -> float:
        return self.at + self.delay


def scripts(longest_delay: float) -> st.SearchStrategy[list[Script]]:
    moments = st.integers(0, 120).map(lambda half: half / 2)
    delays = st.integers(0, round(longest_delay * 4)).map(lambda quarter: quarter / 4)
    script = st.builds(
        Script, moments, st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans(), delays
    )
    return st.lists(script, max_size=14)


def occurrence(number: int, item: Script, when: When) -> Occurrence:
    """As the worker makes it from an event and the pattern's conditions."""
    id = f"{item.at:07.2f}/{number:03d}"
    names = [part.where[-2] for part in when.parts.values()]
    parts = tuple(place for place, name in enumerate(names) if name == item.name)
    parts = () if item.is_end else parts
    at = START + item.at * SECOND
    arrived = START + item.arrives * SECOND
    event = (
        KeptEvent(id=id, source="/test", type="t", time=at, data={})
        if when.starting in parts
        else None
    )
    return Occurrence(
        id=id,
        at=at,
        arrived=arrived,
        due=find_due(at, arrived, when.lateness),
        parts=parts,
        value=item.value,
        episode=item.name,
        is_end=item.is_end,
        event=event,
    )


def log_of(items: Sequence[Script], when: When) -> list[Occurrence]:
    """In the order in which they arrive."""
    made = [occurrence(number, item, when) for number, item in enumerate(items)]
    return sorted(made, key=lambda item: (item.arrived, item.id))


def read(
    log: Sequence[Occurrence], when: When, timers: Sequence[float] = ()
) -> tuple[list[Match], SubjectWindows]:
    """All matches, with timers that fire at these seconds, or not before the end."""
    windows = SubjectWindows()
    moments = sorted(START + second * SECOND for second in timers)
    for item in log:
        while moments and moments[0] <= item.arrived:
            windows = elapse(windows, "r", when, moments.pop(0))
        windows = hear(windows, "r", "1", when, item)
    windows = elapse(windows, "r", when, LONG_AFTER)
    window = find_window(windows, "r")
    return list(window.matches if window else ()), windows


# What is still waiting for its order, however late it came, has a part in what is remembered.
LATE_PARTS = [
    Script(at, "a", "x", is_end=False, delay=delay)
    for at, delay in ((0.0, 14.0), (0.5, 13.5), (10.0, 10.0), (12.5, 7.5), (30.0, 0.0))
]
THREE = When.model_validate({"count": {"of": A, "at_least": 3, "within": "10s"}})
TIMERS = st.lists(st.integers(0, 400).map(lambda quarter: quarter / 4), max_size=40)


@given(scripts(40), PATTERNS, EXTRAS, TIMERS)
@example(LATE_PARTS, THREE, {}, [22.0])
@settings(max_examples=300)
def test_timers_change_nothing_however_late_events_are(
    items: list[Script], pattern: When, extra: dict[str, object], timers: list[float]
) -> None:
    when = When.model_validate(pattern.model_dump(exclude_defaults=True) | extra)
    log = log_of(items, when)
    alone, left = read(log, when)
    fired, left_fired = read(log, when, timers)
    assert fired == alone
    assert left_fired == left


@given(scripts(2.75), PATTERNS, EXTRAS)
@settings(max_examples=300)
def test_order_within_the_lateness_changes_nothing(
    items: list[Script], pattern: When, extra: dict[str, object]
) -> None:
    when = When.model_validate(pattern.model_dump(exclude_defaults=True) | extra)
    prompt = [Script(item.at, item.name, item.value, item.is_end, 0.0) for item in items]
    in_order, left_in_order = read(log_of(prompt, when), when)
    mixed, left = read(log_of(items, when), when)
    assert [match.first for match in mixed] == [match.first for match in in_order]
    assert [match.at for match in mixed] == [match.at for match in in_order]
    assert left.left_out == left_in_order.left_out
    assert left.left_out.late == 0


@given(scripts(2.75), PATTERNS)
@settings(max_examples=300)
def test_a_match_is_what_its_definition_says(items: list[Script], when: When) -> None:
    matches, _ = read(log_of(items, when), when)
    made = [occurrence(number, item, when) for number, item in enumerate(items)]
    ordered = sorted(made, key=lambda item: (item.at, item.id))
    assert [(match.at, match.event.id) for match in matches] == list(define(when, ordered))


def define(when: When, events: list[Occurrence]) -> Iterator[tuple[datetime, str]]:
    """By looking at all that came since the last match."""
    if when.absent is not None:
        yield from define_wait(events, when.absent.within, ends=False)
        return
    if when.held is not None:
        yield from define_wait(events, when.held.duration, ends=True)
        return
    used = -1
    for place, event in enumerate(events):
        span = 12 * SECOND if when.sequence and len(when.sequence.parts) == 3 else 10 * SECOND
        past = [item for item in events[used + 1 : place + 1] if item.at >= event.at - span]
        if is_there(when, past):
            used = place
            yield event.at, event.id


def is_there(when: When, past: list[Occurrence]) -> bool:
    """Whether the last of them completes the pattern."""
    event = past[-1]
    if when.count is not None:
        return 0 in event.parts and sum(0 in item.parts for item in past) >= 3
    if when.distinct is not None:
        return 0 in event.parts and len({item.value for item in past if 0 in item.parts}) >= 2
    last = when.starting
    return last in event.parts and chain(past[:-1], last - 1)


def define_wait(
    events: list[Occurrence], time: timedelta, *, ends: bool
) -> Iterator[tuple[datetime, str]]:
    """What is not contradicted until its time is over."""
    used = -1
    for place, event in enumerate(events):
        if place <= used or 0 not in event.parts:
            continue
        end = event.at + time
        later = [(at, item) for at, item in enumerate(events) if at > place and item.at <= end]
        against = [
            at
            for at, item in later
            if 1 in item.parts or (ends and item.is_end and item.episode == event.episode)
        ]
        if against:
            used = against[0] - 1
        else:
            used = later[-1][0] if later else place
            yield end, event.id


def chain(past: list[Occurrence], part: int) -> bool:
    """Whether the parts up to this one stand in the past, in order."""
    return part < 0 or any(
        part in item.parts and chain(past[:place], part - 1) for place, item in enumerate(past)
    )


@given(scripts(40), PATTERNS, EXTRAS, TIMERS)
def test_nothing_is_kept_that_no_match_could_need(
    items: list[Script], pattern: When, extra: dict[str, object], timers: list[float]
) -> None:
    when = When.model_validate(pattern.model_dump(exclude_defaults=True) | extra)
    matches, windows = read(log_of(items, when), when, timers)
    window = find_window(windows, "r")
    assert (window is None) == (not matches)
    if window is not None:
        assert next_due(window, when) is None


@given(st.integers(MOST_WAITING, 3 * MOST_WAITING), PATTERNS)
@settings(max_examples=20)
def test_however_many_come_at_once_few_are_kept(count: int, pattern: When) -> None:
    windows = SubjectWindows()
    for number in range(count):
        item = Script(number / 1000, "ab"[number % 2], "x", is_end=False, delay=0.0)
        windows = hear(windows, "r", "1", pattern, occurrence(number, item, pattern))
        window = find_window(windows, "r")
        assert window is not None
        assert len(window.waiting) <= MOST_WAITING
        assert len(window.entries) <= 8
