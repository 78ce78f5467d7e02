"""The ranking of services does not hang on the order in which anything is read or written down."""

import random
from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.message import verbatim
from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.reports.causes import Causes, Service
from desk_metrics.reports.changes import DAY, Changes, Detected, Finished, add_change
from desk_metrics.reports.decide import rank_services
from desk_metrics.reports.periods import read_period
from desk_metrics.sla.worktime import micros
from hypothesis import given, settings
from hypothesis import strategies as st

PERIOD = read_period("2026-W44/2026-W47")
AS_OF = PERIOD.end + timedelta(hours=30)
SERVICES = tuple(
    Service(name, name, "network", lifecycle, criticality)
    for name, lifecycle, criticality in (
        ("vpn", "live", 1), ("mail", "live", 2), ("wiki", "retiring", 4), ("crm", "live", 3),
    )
)  # fmt: skip
MEASURES = ("contacts", "lost", "reopened", "resolved", "healed", "relapsed", "broken:response",
            "came_again", "obsolete_reported", "demand|crm", "demand|wiki")  # fmt: skip
BEGIN = micros(PERIOD.start)

moments = st.integers(BEGIN - 60 * DAY, BEGIN + 40 * DAY)
contributions = st.builds(
    lambda measure, at, later, amount: Contribution(measure, at, at + later, 1, amount),
    st.sampled_from(MEASURES),
    moments,
    st.sampled_from([0, DAY, 9 * DAY]),
    st.integers(0, 10**11),
)
entries = st.builds(
    lambda number, service, kind, published: Entry(
        f"t-{number}", 1, Slice(kind, service), tuple(published)
    ),
    st.integers(0, 10**9),
    st.sampled_from([service.name for service in SERVICES] + [""]),
    st.sampled_from(["incident", "request"]),
    st.lists(contributions, max_size=4),
).map(lambda drawn: drawn if drawn.slice.service else drawn._replace(slice=Slice("incident")))
changes = st.builds(
    lambda finished, problems: Changes(tuple(sorted(finished)), tuple(sorted(problems))),
    st.lists(
        st.builds(Finished, moments, st.text("abc", min_size=1), st.just("release"), st.booleans()),
        max_size=4,
        unique_by=lambda drawn: drawn.change,
    ),
    st.lists(st.builds(Detected, moments, st.text("xyz", min_size=1)), max_size=3),
)


def _rank(
    rollup_entries: list[Entry],
    services: tuple[Service, ...],
    service_changes: dict[str, Changes],
    parts: int,
) -> list[str]:
    causes = Causes(PERIOD, AS_OF, services)
    for part in range(parts):
        causes.add(Bucket("2026-11-01", tuple(rollup_entries[part::parts])))
    statuses = causes.rank(services, service_changes)
    return [service.model_dump_json() for service in rank_services(statuses, PERIOD, AS_OF, "v1")]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(entries, max_size=12),
    st.dictionaries(st.sampled_from([service.name for service in SERVICES]), changes),
    st.randoms(use_true_random=False),
    st.integers(1, 7),
)
def test_the_ranking_is_the_same_in_any_order(
    rollup_entries: list[Entry],
    service_changes: dict[str, Changes],
    chance: random.Random,
    parts: int,
) -> None:
    wanted = _rank(rollup_entries, SERVICES, service_changes, 1)
    assert len(wanted) == len(SERVICES)
    shuffled, services = list(rollup_entries), list(SERVICES)
    chance.shuffle(shuffled)
    chance.shuffle(services)
    assert _rank(shuffled, tuple(services), service_changes, parts) == wanted


def _event(number: int, days: int, *, is_problem: bool, succeeded: bool) -> AnyEvent:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    data: ChangeFinished | ProblemDetected = (
        ProblemDetected(
            service="vpn",
            title=verbatim("x"),
            tickets=(),
            people=(),
            team="t",
            message=verbatim(""),
        )
        if is_problem
        else ChangeFinished(change=f"c{number}", kind=ChangeKind.RELEASE, succeeded=succeeded)
    )
    subject = f"p{number}" if is_problem else "vpn"
    return Event(f"{number}-{days}-{succeeded}", "/test", subject, at, data)


events = st.lists(
    st.builds(
        _event,
        st.integers(0, 5),
        st.integers(-800, 100),
        is_problem=st.booleans(),
        succeeded=st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(events, st.randoms(use_true_random=False))
def test_changes_in_any_order_and_told_twice_are_the_same(
    change_events: list[AnyEvent], chance: random.Random
) -> None:
    def reduce_all(some: list[AnyEvent]) -> Changes:
        state = Changes()
        for item in some:
            state = add_change(state, item)
        return state

    again = [*change_events, *change_events]
    chance.shuffle(again)
    assert reduce_all(again) == reduce_all(change_events)
