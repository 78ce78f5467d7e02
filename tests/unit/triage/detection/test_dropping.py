"""A signal whose detector left the charter is dropped: neither open for ever nor taken as over."""

from datetime import timedelta
from typing import Any

from desk_charter import Charter
from desk_charter.detectors import ThresholdDetector
from desk_contracts import AnyEvent
from desk_contracts.events.signals import SignalDropped
from desk_contracts.events.trouble import EvidenceChanged
from desk_contracts.value_types import SubjectKind
from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.detection.dropping import LOOK_EVERY
from desk_triage.detection.fleet import FEWEST
from desk_triage.detection.store import find_population

from tests.support.triage_desk import CHARTER, TriageDesk, at, cleared, measured, raised

SUBJECT = "laptop-1"


def watching(*detectors: ThresholdDetector) -> Charter:
    routing = CHARTER.routing.model_copy(update={"detectors": detectors})
    return CHARTER.model_copy(update={"routing": routing})


def hot(measurement: str = "cpu", **more: Any) -> ThresholdDetector:
    given: dict[str, Any] = {
        "kind": "threshold",
        "id": f"{measurement}-hot",
        "measurement": f"{measurement}.temperature",
        "above": 90,
        "clear_at": 80,
        "signal": "device-hot",
        "title": "{subject} is hot",
        "severity": "warning",
    }
    return ThresholdDetector.model_validate(given | more)


def dropped(desk: TriageDesk) -> list[SignalDropped]:
    datas = [event.data for event in desk.emitted(SignalDropped)]
    return [data for data in datas if isinstance(data, SignalDropped)]


async def pass_hour(desk: TriageDesk, subject: str = SUBJECT) -> None:
    """Until the subject's timer fires, if it has one, and what follows from it."""
    document = (await desk.subjects.load([subject]))[subject]
    if document.due is not None:
        desk.clock.advance(document.due - desk.clock.now())
        await desk.on_timer(desk.subjects_unit_of_work, subject)


async def open_signals(desk: TriageDesk) -> int:
    states = [each.state for each in await desk.subjects.find({}, limit=100)]
    return sum(len(state.episodes) for state in states if state is not None)


async def test_a_signal_without_a_detector_is_dropped_once_and_not_cleared() -> None:
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(96, 5, "cpu.temperature"))
    desk.in_force.current = watching()
    for _ in range(2):
        await pass_hour(desk)
    (signal,), (drop,) = raised(desk, "device-hot"), dropped(desk)
    assert (drop.episode, drop.signal, drop.detector) == (signal.episode, "device-hot", "cpu-hot")
    assert drop.seen_at == at(5)
    assert cleared(desk, "device-hot") == []
    assert await open_signals(desk) == 0
    assert (await desk.subjects.load([SUBJECT]))[SUBJECT].due is None


async def test_what_is_watched_stays_open_and_is_looked_at_each_hour() -> None:
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(measured(95, 0, "cpu.temperature"))
    for _ in range(3):
        await pass_hour(desk)
    assert desk.clock.now() == at(0) + 3 * LOOK_EVERY
    assert dropped(desk) == []
    assert await open_signals(desk) == 1


async def test_measurements_do_not_put_the_look_off() -> None:
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(*(measured(95, minute, "cpu.temperature") for minute in range(50)))
    document = (await desk.subjects.load([SUBJECT]))[SUBJECT]
    assert document.due is not None
    assert document.due <= at(49) + LOOK_EVERY
    await desk.feed(*(measured(95, minute, "cpu.temperature") for minute in range(50, 59)))
    assert (await desk.subjects.load([SUBJECT]))[SUBJECT].due == document.due


async def test_a_healthy_subject_has_no_timer() -> None:
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(60, 1, "cpu.temperature"))
    assert (await desk.subjects.load([SUBJECT]))[SUBJECT].due is None


async def test_a_detector_that_watches_another_measurement_does_not_clear_it() -> None:
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(measured(95, 0, "cpu.temperature"))
    desk.in_force.current = watching(hot(measurement="gpu", id="cpu-hot"))
    await desk.feed(measured(50, 1, "gpu.temperature"))
    assert len(dropped(desk)) == 1
    assert cleared(desk, "device-hot") == []
    await desk.feed(measured(95, 2, "gpu.temperature"))
    assert len(raised(desk, "device-hot")) == 2


async def test_a_joint_signal_goes_on_while_a_watched_one_sees_trouble() -> None:
    cpu, gpu = hot("cpu", join="heat", together=2), hot("gpu", join="heat", together=2)
    desk = TriageDesk(charter=watching(cpu, gpu))
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(95, 1, "gpu.temperature"))
    desk.in_force.current = watching(cpu)
    await pass_hour(desk)
    assert dropped(desk) == []
    await desk.feed(measured(60, 70, "cpu.temperature"))
    assert len(cleared(desk, "device-hot")) == 1


async def test_a_joint_signal_that_rests_on_the_removed_alone_is_dropped() -> None:
    cpu, gpu = hot("cpu", join="heat", together=2), hot("gpu", join="heat", together=2)
    desk = TriageDesk(charter=watching(cpu, gpu))
    await desk.feed(measured(95, 0, "cpu.temperature"), measured(95, 1, "gpu.temperature"))
    await desk.feed(measured(60, 2, "cpu.temperature"))
    desk.in_force.current = watching(cpu)
    await pass_hour(desk)
    (drop,) = dropped(desk)
    assert drop.seen_at == at(1)
    assert cleared(desk, "device-hot") == []
    assert await open_signals(desk) == 0


async def test_a_dropped_signal_of_a_service_is_no_evidence_any_more() -> None:
    desk = TriageDesk(charter=watching(hot(service="vpn")))
    hot_gateway = measured(95, 0, "cpu.temperature", "vpn-gw", SubjectKind.SERVICE, service="vpn")
    await desk.feed(hot_gateway)
    desk.in_force.current = watching()
    await pass_hour(desk, "vpn-gw")
    evidence = [event.data for event in desk.emitted(EvidenceChanged)]
    shown = [(it.is_open, it.is_unknown) for it in evidence if isinstance(it, EvidenceChanged)]
    assert shown == [(True, False), (False, True)]


def of_fleet(number: int, value: float, minutes: float) -> AnyEvent:
    version = "14.2" if number % 10 == 0 else "14.1"
    return measured(
        value,
        minutes,
        "cpu.temperature",
        f"laptop-{number:03}",
        service="laptop",
        attributes={"os.version": version},
    )


async def test_a_fleet_signal_whose_devices_nobody_watches_is_dropped_not_over() -> None:
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(*(of_fleet(number, 50, number / 100) for number in range(100)))
    desk.seen_snapshot.current = ContextSnapshot(population=await find_population(desk.subjects))
    ill = range(0, 10 * FEWEST, 10)
    await desk.feed(*(of_fleet(number, 95, 10 + number / 100) for number in ill))
    (signal,) = raised(desk, "fleet-device-hot")
    desk.in_force.current = watching()
    desk.clock.advance(2 * LOOK_EVERY)
    for number in ill:
        await desk.on_timer(desk.subjects_unit_of_work, f"laptop-{number:03}")
    # What the timers told comes back with the next batch.
    await desk.feed()
    fleets = [drop for drop in dropped(desk) if drop.detector == "fleet"]
    assert [drop.episode for drop in fleets] == [signal.episode]
    assert cleared(desk, "fleet-device-hot") == []


async def test_a_dropped_device_that_is_seen_well_later_counts_as_well() -> None:
    """Where a detector comes back, its devices are watched again."""
    desk = TriageDesk(charter=watching(hot()))
    await desk.feed(measured(95, 0, "cpu.temperature"))
    desk.in_force.current = watching()
    await pass_hour(desk)
    desk.in_force.current = watching(hot())
    later = timedelta(hours=2) / timedelta(minutes=1)
    await desk.feed(measured(95, later, "cpu.temperature"))
    await desk.feed(measured(60, later + 1, "cpu.temperature"))
    assert len(raised(desk, "device-hot")) == 2
    (end,) = cleared(desk, "device-hot")
    assert end.episode == raised(desk, "device-hot")[1].episode
