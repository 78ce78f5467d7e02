"""One symptom on many devices that share something is one signal that names what they share."""

from datetime import timedelta
from math import comb

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.changes.snapshot import ContextSnapshot, Facts
from desk_triage.detection.fleet import (
    FEWEST,
    LOOK_AGAIN,
    MAX_MEMBERS,
    TOGETHER,
    FleetSymptom,
    drop_member,
    find_chance,
    find_shared,
)
from desk_triage.detection.store import find_population

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER, TriageDesk, at, cleared, measured, raised

OLD, NEW = "14.1", "14.2"


def disk(number: int, free: float, minutes: float) -> AnyEvent:
    """Every tenth device has the new version, every second one is in Berlin."""
    version, site = NEW if number % 10 == 0 else OLD, "Berlin" if number % 2 else "Kiel"
    return measured(
        free,
        minutes,
        subject=f"laptop-{number:03}",
        service="laptop",
        site=site,
        attributes={"os.version": version, "serial": f"s-{number}"},
    )


async def make_fleet() -> TriageDesk:
    desk = TriageDesk()
    await desk.feed(*(disk(number, 60, number / 100) for number in range(100)))
    await count_devices(desk)
    return desk


async def test_devices_with_one_version_are_one_signal_that_names_it() -> None:
    desk = await make_fleet()
    ill = range(0, 100, 10)
    await desk.feed(*(disk(number, 5, 10 + number / 100) for number in ill))
    (signal,) = raised(desk, "fleet-disk-filling")
    assert signal.attributes == {"os.version": NEW}
    assert signal.severity is Severity.CRITICAL
    assert not signal.is_measured
    assert signal.subject_kind is SubjectKind.SERVICE
    assert english(signal.explanation[0]) == (
        f"{FEWEST} of {FEWEST} devices with this symptom have os.version 14.2;"
        " of all 100 devices 10.0% have it."
    )
    assert len(raised(desk, "disk-filling")) == 10
    await desk.feed(*(disk(number, 60, 20 + number / 100) for number in range(0, 70, 10)))
    assert cleared(desk, "fleet-disk-filling") == []
    await desk.feed(disk(70, 60, 22))
    assert len(cleared(desk, "fleet-disk-filling")) == 1


async def test_of_devices_without_a_service_the_subject_is_the_fleet_and_no_device() -> None:
    detectors = [
        each.model_copy(update={"service": None})
        for each in CHARTER.routing.detectors
        if each.id == "disk-nearly-full"
    ]
    routing = CHARTER.routing.model_copy(update={"detectors": tuple(detectors)})
    desk = TriageDesk(CHARTER.model_copy(update={"routing": routing}))

    def bare(number: int, free: float, minutes: float) -> AnyEvent:
        version = NEW if number % 10 == 0 else "14.1"
        attributes = {"os.version": version}
        subject = f"laptop-{number:03}"
        return measured(free, minutes, subject=subject, attributes=attributes)

    await desk.feed(*(bare(number, 60, number / 100) for number in range(100)))
    await count_devices(desk)
    ill = range(0, 100, 10)
    await desk.feed(*(bare(number, 5, 10 + number / 100) for number in ill))
    await desk.feed(*(bare(number, 60, 20 + number / 100) for number in ill))
    both = [*desk.emitted(SignalRaised), *desk.emitted(SignalCleared)]
    ours = [event for event in both if getattr(event.data, "detector", "") == "fleet"]
    assert [event.subject for event in ours] == ["fleet/disk-filling"] * 2
    assert {getattr(event.data, "subject_kind", None) for event in ours} == {SubjectKind.FLEET}
    assert {getattr(event.data, "service", None) for event in ours} == {""}


async def test_a_fleet_signal_ends_where_it_was_raised() -> None:
    """Outages and runs are kept by their subject: under another name they would never end."""
    desk = await make_fleet()
    ill = range(0, 100, 10)
    await desk.feed(*(disk(number, 5, 10 + number / 100) for number in ill))
    await desk.feed(*(disk(number, 60, 20 + number / 100) for number in ill))
    both = [*desk.emitted(SignalRaised), *desk.emitted(SignalCleared)]
    ours = [event for event in both if getattr(event.data, "detector", "") == "fleet"]
    assert [(type(event.data), event.subject) for event in ours] == [
        (SignalRaised, "laptop"),
        (SignalCleared, "laptop"),
    ]


async def test_a_fleet_signal_is_open_while_devices_are_ill_that_are_not_kept() -> None:
    desk = await make_fleet()
    everybody = dict(desk.seen_snapshot.current.population)
    everybody |= {f"well-{number}": (("os.version", OLD),) for number in range(2_000)}
    desk.seen_snapshot.current = ContextSnapshot(population=everybody)
    ill = range(1_000, 1_000 + 10 * (MAX_MEMBERS + 5), 10)
    await desk.feed(*(disk(number, 5, 10 + number / 10_000) for number in ill))
    assert len(raised(desk, "fleet-disk-filling")) == 1
    await desk.feed(*(disk(number, 60, 20) for number in ill[5:]))
    assert cleared(desk, "fleet-disk-filling") == []
    await desk.feed(*(disk(number, 60, 20) for number in ill[:5]))
    assert len(cleared(desk, "fleet-disk-filling")) == 1


def test_of_those_that_are_not_kept_one_less_is_ill_where_nobody_watches_it() -> None:
    data = SignalDropped(
        episode="other",
        detector="disk-nearly-full",
        signal="disk-filling",
        title="A disk fills",
        seen_at=at(1),
        subject_kind=SubjectKind.DEVICE,
    )
    drop = Event(id="drop", source="/desk/triage", subject="laptop", time=at(2), data=data)
    assert drop_member(FleetSymptom(), drop) is None
    after = drop_member(FleetSymptom(unlisted=2), drop)
    assert after is not None
    assert (after.state.unlisted, after.state.unwatched) == (1, 0)


async def test_devices_of_all_kinds_share_nothing() -> None:
    desk = await make_fleet()
    await desk.feed(*(disk(number, 5, 10 + number / 100) for number in range(0, 100, 7)))
    assert raised(desk, "fleet-disk-filling") == []


async def test_without_devices_that_are_well_nothing_can_be_shared_beyond_chance() -> None:
    desk = TriageDesk()
    await desk.feed(*(disk(number, 5, number / 100) for number in range(0, 100, 10)))
    assert raised(desk, "fleet-disk-filling") == []


async def count_devices(desk: TriageDesk) -> None:
    desk.seen_snapshot.current = ContextSnapshot(population=await find_population(desk.subjects))


async def look_again(desk: TriageDesk) -> bool:
    """What the document's timer does; false if it has none."""
    document = (await desk.fleets.load(["disk-filling"]))["disk-filling"]
    if document.due is None:
        return False
    desk.clock.advance(document.due - desk.clock.now())
    await desk.on_timer(desk.fleets_unit_of_work, "disk-filling")
    return True


async def test_what_a_later_count_shows_is_told_though_nobody_more_falls_ill() -> None:
    desk = await make_fleet()
    everybody, desk.seen_snapshot.current = desk.seen_snapshot.current, ContextSnapshot()
    await desk.feed(*(disk(number, 5, 10 + number / 100) for number in range(0, 100, 10)))
    assert await look_again(desk)
    assert raised(desk, "fleet-disk-filling") == []
    desk.seen_snapshot.current = everybody
    assert await look_again(desk)
    (signal,) = raised(desk, "fleet-disk-filling")
    assert signal.attributes == {"os.version": NEW}
    assert signal.service == "laptop"
    assert not await look_again(desk)


async def test_after_a_day_nobody_looks_for_what_is_shared() -> None:
    desk = TriageDesk()
    await desk.feed(*(disk(number, 5, number / 100) for number in range(0, 100, 10)))
    began, looks = desk.clock.now(), 0
    while await look_again(desk):
        looks += 1
    assert timedelta(hours=23) < desk.clock.now() - began <= TOGETHER
    assert looks == (desk.clock.now() - began) // LOOK_AGAIN


async def test_too_few_are_not_looked_at_again() -> None:
    desk = TriageDesk()
    await desk.feed(*(disk(number, 5, number / 100) for number in range(0, 40, 10)))
    assert not await look_again(desk)


def test_the_chance_is_exact() -> None:
    assert find_chance(0, 5, 3, 20) == 1.0
    assert find_chance(3, 3, 3, 20) == pytest.approx(1 / comb(20, 3))
    assert find_chance(2, 3, 3, 20) == pytest.approx((3 * 17 + 1) / comb(20, 3))


@pytest.mark.parametrize(
    ("with_it", "ill", "is_cause"),
    [(4, 4, False), (5, 5, True), (5, 10, True), (5, 11, False), (6, 11, True), (6, 12, True)],
)
def test_a_cause_is_shared_by_five_and_by_half_of_the_ill(
    with_it: int, ill: int, *, is_cause: bool
) -> None:
    """However unlikely it is that so many have it: nobody else does."""
    population: dict[str, Facts] = {f"well-{number}": () for number in range(2_000)}
    rare: Facts = (("model", "x"),)
    affected = {f"ill-{number}": rare if number < with_it else () for number in range(ill)}
    shared = find_shared(affected, population)
    assert (shared is not None) is is_cause
    if shared is not None:
        chance = find_chance(with_it, ill, with_it, 2_000 + ill)
        assert shared.chance == pytest.approx(chance)
        counts = (shared.ill_with, shared.ill, shared.all_with, shared.all)
        assert counts == (with_it, ill, with_it, 2_000 + ill)


def test_each_fact_that_was_tried_makes_chance_likelier() -> None:
    """The two facts are as rare; of equals the first by name is told."""
    population: dict[str, Facts] = {f"well-{number}": () for number in range(200)}
    by_model = {f"ill-{number}": (("model", "x"),) for number in range(5)}
    by_both = {name: (("site", "y"), *facts) for name, facts in by_model.items()}
    alone, both = find_shared(by_model, population), find_shared(by_both, population)
    assert alone is not None
    assert both is not None
    assert (alone.cause.name, both.cause.name) == ("model", "model")
    assert both.chance == pytest.approx(2 * alone.chance)


def test_what_everybody_has_explains_nothing_and_the_rarest_is_named() -> None:
    population: dict[str, Facts] = {
        f"d-{number}": (("model", "x"), ("site", "Kiel" if number < 20 else "Berlin"))
        for number in range(200)
    }
    ill: dict[str, Facts] = {name: population[name] for name in list(population)[:8]}
    shared = find_shared(ill, population)
    assert shared is not None
    assert (shared.cause.name, shared.cause.value) == ("site", "Kiel")
    assert (shared.ill_with, shared.ill, shared.all_with, shared.all) == (8, 8, 20, 200)
