"""Where what triage remembers has an end: the last that is kept, and the first that is not."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangeStarted
from desk_contracts.events.signals import SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.changes.decide import find_suspicion, follow
from desk_triage.changes.model import Change, ServiceChanges, Symptom
from desk_triage.detection.fleet import find_facts
from desk_triage.escalation.model import EscalatedTicket
from desk_triage.learning.dataset import choose_names
from desk_triage.learning.features import make_features
from desk_triage.similar.decide import remember
from desk_triage.similar.model import PersonTickets

from tests.support.triage_desk import at, event, measured, opened

DAY = 24 * 60.0


def grow(state: ServiceChanges | None, *events: AnyEvent) -> ServiceChanges:
    for item in events:
        decision = follow(state, item)
        assert decision is not None
        state = decision.state
    assert state is not None
    return state


def begin(number: int) -> AnyEvent:
    data = ChangeStarted(change=f"c-{number}", kind=ChangeKind.RELEASE, title="x")
    return event("vpn", data, number)


def end(number: int) -> AnyEvent:
    data = ChangeFinished(change=f"c-{number}", kind=ChangeKind.RELEASE, succeeded=True)
    return event("vpn", data, number)


def crash(number: int, minutes: float = 0) -> AnyEvent:
    data = SignalRaised(
        episode=f"e-{number}", detector="d", signal="crashes", title="t", service="vpn",
        severity=Severity.WARNING, subject_kind=SubjectKind.DEVICE, measurement="m", value=1,
        threshold=1,
    )  # fmt: skip
    return event(f"laptop-{number}", data, minutes)


def test_the_newest_twenty_changes_and_ends_of_a_service_are_known() -> None:
    state = grow(None, *(begin(number) for number in reversed(range(21))))
    assert [change.change for change in state.changes] == [f"c-{n}" for n in range(1, 21)]
    early = grow(None, *(end(number) for number in range(21)))
    assert [item.change for item in early.early_ends] == [f"c-{n}" for n in range(1, 21)]


def test_symptoms_of_a_week_are_known_and_of_many_the_newest_three_hundred() -> None:
    many = grow(None, *(crash(number, number / 100) for number in range(301)))
    assert [item.episode for item in many.symptoms] == [f"e-{n}" for n in range(1, 301)]
    week = grow(None, crash(0), crash(1, 1), crash(2, 7 * DAY), crash(3, 7 * DAY + 1))
    assert [item.episode for item in week.symptoms] == ["e-1", "e-2", "e-3"]
    again = grow(week, crash(2, 7 * DAY + 2))
    assert [item.episode for item in again.symptoms] == ["e-3", "e-2"], "it began anew"


@pytest.mark.parametrize(
    ("devices", "is_of_service", "is_told"),
    [(2, False, False), (3, False, True), (1, True, True), (25, False, True)],
)
def test_three_devices_or_a_service_make_a_change_suspect(
    devices: int, *, is_of_service: bool, is_told: bool
) -> None:
    change = Change(
        change="c-1", kind=ChangeKind.RELEASE, title="x" * 301, started_at=at(0), source="/s"
    )
    symptoms = tuple(
        Symptom(
            signal="crashes", subject=f"d-{n}", episode=f"e-{n}", at=at(1 + n / 60),
            is_of_service=is_of_service,
        )
        for n in range(devices)
    )  # fmt: skip
    state = ServiceChanges(
        service="vpn", changes=(change,), symptoms=symptoms, heard_since=at(-30 * DAY)
    )
    suspicion = find_suspicion(state, change, "crashes")
    assert (suspicion is not None) is is_told
    if suspicion is not None:
        assert (suspicion.count, suspicion.title) == (devices, "x" * 300)
        assert suspicion.episodes == tuple(f"e-{n}" for n in range(devices))[-20:]
        # Half a signal in a week, in the minutes since the change began.
        since = symptoms[-1].at - at(0)
        assert suspicion.expected == pytest.approx(0.5 / 7 * (since / timedelta(days=1)))


def test_a_device_says_twelve_things_of_itself_and_each_in_a_hundred_signs() -> None:
    attributes = {f"{number:02}{'n' * 99}": "v" * 101 for number in range(11)}
    data = measured(1, 0, site="Kiel", service="vpn", attributes=attributes).data
    facts = find_facts(data)
    assert len(facts) == 12
    assert [name for name, _ in facts[:-1]] == [f"{number:02}{'n' * 98}" for number in range(11)]
    assert {value for _, value in facts[:-1]} == {"v" * 100}
    assert facts[-1] == ("service", "vpn"), "the site is one too many"


def test_two_hundred_levels_of_a_ticket_are_known_as_done() -> None:
    ticket = EscalatedTicket()
    for number in range(201):
        ticket = ticket.note_done(f"l-{number}")
    assert ticket.done == tuple(f"l-{number}" for number in range(1, 201))


@pytest.mark.parametrize(
    ("title", "minutes", "is_repeated"),
    [
        ("printer scanner broken", 7 * DAY, True),
        ("printer scanner broken", 7 * DAY + 1, False),
        ("printer scanner", 5, False),
    ],
)
def test_three_words_are_repeated_within_a_week(
    title: str, minutes: float, *, is_repeated: bool
) -> None:
    state: PersonTickets | None = None
    repetitions = []
    for item in (opened(title), opened(title, minutes)):
        decision = remember(state, item)
        assert decision is not None
        state, repetitions = decision.state, list(decision.events)
    assert bool(repetitions) is is_repeated


def test_a_name_that_is_learned_has_two_tickets_and_there_are_five_hundred() -> None:
    assert choose_names(["b", "a", "b", "c", "c", "", ""]) == {"": 0, "b": 1, "c": 2}
    many = [f"t{number:03}" for number in range(501)] * 2
    names = choose_names(many)
    assert (len(names), names["t499"]) == (501, 500)


def test_what_is_stated_in_sixty_signs_is_learned() -> None:
    def count(text: str) -> int:
        return make_features([], [], {"app": text}).kinds[2]

    stated = [count(text) for text in ("vpn", "x" * 60, "x" * 61, "unknown", "")]
    assert stated == [1, 1, 0, 0, 0]
