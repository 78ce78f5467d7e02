"""The ledger of solutions from the log alone, and what in it does not agree."""

from datetime import UTC, datetime, timedelta

from desk_cli.solution_log import GRACE, LASTS, SolutionFindings, SolutionLog
from desk_contracts import Event, Payload
from desk_contracts.events.solutions import ReturnReason, SolutionLasted, SolutionReturned
from desk_contracts.events.tickets import (
    How,
    Role,
    TicketCommented,
    TicketConfirmed,
    TicketReopened,
    TicketResolved,
)
from desk_contracts.message import verbatim

RESOLVED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = RESOLVED + LASTS + GRACE + timedelta(minutes=1)
DONE = TicketResolved(by="bo", resolution=verbatim("Done."))


def read(*events: tuple[Payload, timedelta], now: datetime = LATER) -> SolutionFindings:
    """What the log says of one ticket; the first event is the second of its life."""
    log = SolutionLog()
    for number, (data, after) in enumerate(events, start=2):
        log.add(Event(f"e-{number}", "/desk/intake", "t-1", RESOLVED + after, data, number))
    return log.findings(now)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


LASTED = (SolutionLasted(resolution=2, resolved_at=RESOLVED), LASTS)


def test_every_fact_has_its_event() -> None:
    verified = DONE.model_copy(update={"verified_by": "run-1"})
    confirmed = TicketConfirmed(by="ana", resolution=2)
    findings = read((verified, hours(0)), (confirmed, hours(1)), LASTED)
    assert findings.wrong == []
    assert list(findings.lines()) == [
        "1 of 1 tickets answered",
        "1 solutions done, 0 more were reopened",
        "1 confirmed by the person",
        "1 verified by fresh telemetry",
        "1 lasted seven days, 0 did not, 0 are younger",
    ]


def test_silence_is_no_fact() -> None:
    findings = read((DONE, hours(0)), now=RESOLVED + hours(1))
    assert (findings.confirmed, findings.verified, findings.lasted) == (0, 0, 0)
    assert (findings.young, findings.wrong) == (1, [])
    private = TicketCommented(by="bo", role=Role.MEMBER, text="Look at this.", public=False)
    withdrawn = DONE.model_copy(update={"how": How.WITHDRAWN})
    findings = read((private, hours(0)), (withdrawn, hours(1)))
    assert (findings.answered, findings.resolutions, findings.wrong) == (0, 0, [])


def test_a_reopening_takes_back_what_was_confirmed() -> None:
    confirmed = TicketConfirmed(by="ana", resolution=2)
    back = SolutionReturned(resolution=2, resolved_at=RESOLVED, reason=ReturnReason.REOPENED)
    findings = read(
        (DONE, hours(0)),
        (confirmed, hours(1)),
        (TicketReopened(by="ana", reason="Again."), hours(2)),
        (back, hours(2)),
    )
    assert (findings.confirmed, findings.reopened, findings.returned) == (0, 1, 1)
    assert findings.wrong == []


def test_what_does_not_agree_is_named() -> None:
    assert read((DONE, hours(0))).wrong == [
        ("t-1", "resolution 2 is older than seven days, and nobody told whether it lasted")
    ]
    early = (LASTED[0], LASTS - hours(1))
    assert "before seven days were over" in read((DONE, hours(0)), early).wrong[0][1]
    reopened = (TicketReopened(by="ana", reason="Again."), hours(2))
    assert "nobody told" in read((DONE, hours(0)), reopened, LASTED).wrong[0][1]
    back = SolutionReturned(resolution=2, resolved_at=RESOLVED, reason=ReturnReason.REOPENED)
    assert "and was not" in read((DONE, hours(0)), (back, hours(2))).wrong[0][1]
    strange = TicketConfirmed(by="ana", resolution=9)
    assert read((strange, hours(0))).wrong == [("t-1", "there is no resolution with sequence 9")]
