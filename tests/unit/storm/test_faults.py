"""A storm's schedule: repeatable, complete, and on those who are there."""

from desk_shared.events.topics import SERVICES
from desk_storm.faults import ON_SERVICES, Kind, schedule, shown
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(), st.integers(0, 200), st.floats(1, 4000), st.integers(1, 5))
def test_a_seed_repeats_its_storm(seed: int, count: int, seconds: float, replicas: int) -> None:
    planned = schedule(seed, count, seconds, replicas)
    assert planned == schedule(seed, count, seconds, replicas)
    assert len(planned) == count
    assert planned == sorted(planned, key=lambda one: one.after)
    assert all(0 <= one.after <= seconds + 0.01 for one in planned)


@given(st.integers(), st.integers(len(Kind), 100))
def test_every_kind_falls_when_there_is_room_for_all(seed: int, count: int) -> None:
    assert {one.kind for one in schedule(seed, count, 60, 2)} == set(Kind)


def test_services_are_hit_in_every_replica_and_what_all_lean_on_by_its_own_kinds() -> None:
    planned = schedule(7, 2000, 60, 2)
    hit = {one.victim for one in planned if one.kind in ON_SERVICES}
    assert hit == {f"{name}-{number}" for name in SERVICES for number in (1, 2)}
    others = {one.victim for one in planned if one.kind not in (*ON_SERVICES, Kind.JOIN)}
    assert others == {"store", "broker", "charter"}
    joined = {one.victim for one in planned if one.kind is Kind.JOIN}
    assert joined == {f"{name}-3" for name in SERVICES}


def test_another_seed_is_another_storm() -> None:
    assert schedule(1, 50, 60, 2) != schedule(2, 50, 60, 2)


def test_the_line_that_tells_a_storm_counts_every_fault() -> None:
    planned = schedule(3, 40, 60, 2)
    counts = [int(part.split()[0]) for part in shown(planned).split(", ")]
    assert sum(counts) == 40
