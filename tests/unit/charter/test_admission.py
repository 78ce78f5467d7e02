"""Who may say what: the decision alone, and that a new charter counts at once."""

from datetime import UTC, datetime

import pytest
from desk_charter.admission import MOST_REMEMBERED, Admission
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.sources import OutsideSystem
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.changes import ChangeKind, ChangeStarted
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import AlertFired, Measured
from desk_contracts.events.tickets import TicketClosed
from desk_contracts.value_types import Severity, SubjectKind

from tests.support.charter_folder import CharterFolder

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WIDE = OutsideSystem(
    name="wide",
    title="Wide",
    source="/monitor/wide",
    types=(AlertFired.TYPE, Measured.TYPE, TicketRequested.TYPE),
    kafka_user="wide",
)
NARROW = OutsideSystem(
    name="narrow",
    title="Narrow",
    source="/monitor/narrow",
    types=(AlertFired.TYPE, Measured.TYPE, TicketRequested.TYPE, ChangeStarted.TYPE),
    services=("vpn", "erp-*"),
    subjects=("gateway-*", "vpn", "ann@desk.example", "payroll"),
    kafka_user="narrow",
)
GONE = WIDE.model_copy(update={"name": "gone", "source": "/monitor/gone", "revoked": True})


class Current:
    """A charter that can be exchanged."""

    def __init__(self, charter: Charter, *sources: OutsideSystem) -> None:
        self._charter = charter
        self.take(*sources)

    def take(self, *sources: OutsideSystem) -> None:
        self._charter = self._charter.model_copy(update={"sources": sources})

    def __call__(self) -> Charter:
        return self._charter


@pytest.fixture
def current(folder: CharterFolder) -> Current:
    return Current(load_charter(folder.path), WIDE, NARROW, GONE)


@pytest.fixture
def admission(current: Current) -> Admission:
    return Admission(current)


def event(source: str, data: Payload, subject: str = "gateway-7") -> AnyEvent:
    return Event(id="1", source=source, subject=subject, time=NOW, data=data)


def alert(service: str = "", kind: SubjectKind = SubjectKind.DEVICE) -> AlertFired:
    return AlertFired(
        subject_kind=kind,
        name="gateway",
        fingerprint="f",
        severity=Severity.WARNING,
        summary="Slow",
        service=service,
    )


def code(admission: Admission, incoming: AnyEvent) -> str | None:
    refused = admission(incoming)
    return None if refused is None else refused.kind


@pytest.mark.parametrize("source", ["/monitor/wide", "/monitor/wide/eu", "/monitor/wide#h1"])
def test_a_known_system_says_what_it_may(admission: Admission, source: str) -> None:
    assert admission(event(source, alert())) is None


@pytest.mark.parametrize(
    "source",
    ["/monitor/wide-evil", "/monitor", "/monitor/wide/../narrow", "monitor/wide", "/Monitor/wide"],
)
def test_a_source_of_nobody_is_unknown(admission: Admission, source: str) -> None:
    refused = admission(event(source, alert()))
    assert refused is not None
    assert refused.kind == "unknown-source"
    assert source in refused.message
    assert "sources.yaml" in refused.message


def test_a_type_that_is_not_listed_is_refused_with_those_that_are(admission: Admission) -> None:
    started = ChangeStarted(change="c", kind=ChangeKind.RELEASE, title="Release")
    refused = admission(event("/monitor/wide", started))
    assert refused is not None
    assert refused.kind == "not-allowed-for-source"
    assert all(type in refused.message for type in (*WIDE.types, ChangeStarted.TYPE))


SERVICE = SubjectKind.SERVICE


@pytest.mark.parametrize(
    ("data", "subject", "expected"),
    [
        (alert("vpn"), "gateway-7", None),
        (alert("erp-orders"), "gateway-7", None),
        (alert("payroll"), "gateway-7", "is about 'payroll'"),
        (alert(""), "gateway-7", "names no service"),
        (alert("vpn"), "laptop-7", "not of 'laptop-7'"),
        (alert("vpn", SERVICE), "vpn", None),
        (alert("", SERVICE), "vpn", None),
        (alert("vpn", SERVICE), "payroll", "is about 'payroll'"),
        (ChangeStarted(change="c", kind=ChangeKind.RELEASE, title="R"), "vpn", None),
        (ChangeStarted(change="c", kind=ChangeKind.RELEASE, title="R"), "payroll", "is about"),
        (TicketRequested(requester="ann", title="T", service="vpn"), "ann@desk.example", None),
        (TicketRequested(requester="ann", title="T"), "ann@desk.example", "names no service"),
    ],
)
def test_services_and_subjects_bound_what_is_said(
    admission: Admission, data: Payload, subject: str, expected: str | None
) -> None:
    refused = admission(event("/monitor/narrow", data, subject))
    if expected is None:
        assert refused is None
    else:
        assert refused is not None
        assert refused.kind == "not-allowed-for-source"
        assert expected in refused.message


def test_a_revoked_system_says_nothing(admission: Admission) -> None:
    assert code(admission, event("/monitor/gone", alert())) == "source-revoked"


def test_what_the_charter_says_now_counts_from_the_next_event_on(
    admission: Admission, current: Current
) -> None:
    incoming = event("/monitor/wide", alert())
    assert code(admission, incoming) is None
    current.take(WIDE.model_copy(update={"revoked": True}))
    assert code(admission, incoming) == "source-revoked"
    current.take()
    assert code(admission, incoming) == "unknown-source"
    current.take(WIDE)
    assert code(admission, incoming) is None


def test_on_ones_own_machine_unknown_sources_come_in_and_entries_still_count(
    current: Current,
) -> None:
    admission = Admission(current, accepts_unknown=True)
    assert code(admission, event("/nobody", alert())) is None
    assert code(admission, event("/monitor/gone", alert())) == "source-revoked"
    assert code(admission, event("/monitor/narrow", alert())) == "not-allowed-for-source"


def test_the_desks_own_topics_are_not_its_business(admission: Admission) -> None:
    assert admission(event("/desk/intake", TicketClosed(by="desk"), "t-1")) is None


def test_endless_new_sources_are_not_remembered_for_ever(admission: Admission) -> None:
    for number in range(MOST_REMEMBERED + 10):
        admission.system_of(f"/monitor/wide/{number}")
    assert len(admission._systems) <= MOST_REMEMBERED
    assert len(admission._free) <= MOST_REMEMBERED


def test_a_long_source_is_not_repeated_whole(admission: Admission) -> None:
    refused = admission(event("/nobody/" + "x" * 5_000, alert()))
    assert refused is not None
    assert len(refused.message) < 600
