"""Comments and files are found by those who may read them; a hit tells nobody of the others."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts.events.sla import ClockName, SlaStarted
from desk_contracts.events.tickets import Role, TicketAttached, TicketCommented
from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_intake.tickets.registration import proactive_ticket
from desk_intake.tickets.store import MAX_WORDS, SearchedTicket, follow_searched
from desk_kernel.likeness import list_terms
from desk_platform.erasure.records import forget
from desk_platform.similar import Audience

from tests.support.confidential import SERVICE
from tests.support.intake_facts import escalated
from tests.support.intake_world import ERASURE_KEY, Caller, Desk, attach, list_titles, make_desk
from tests.support.triage_desk import event, opened

TITLE = "The wyvern is away"
# Where a word stands, and the text that has it. The last stand in two places at once.
OPEN = ("wyvern", "basilisk", "griffin", "basilisks griffin", "wyvern bassilisk")
FOR_STAFF = ("kraken", "manticore", "krakens", "krakn", "basilisk kraken", "manticore wyvern")
# Who reads: their role, their team, and whether what is written for staff is for them.
READERS = {
    "ana": ("employee", "", False),  # she asked
    "mia": ("member", "business-apps", True),
    "olga": ("owner", "", True),
    "otto": ("operator", "", True),
}


async def written(asking: Caller, staff: Caller) -> str:
    ticket = await asking.open(TITLE, service="Customer records")
    where = f"/tickets/{ticket}"
    await asking.post(f"{where}/comments", text="A basilisk sat on it.")
    await attach(asking, ticket, "griffin_2.txt", b"a picture")
    await staff.post(f"{where}/comments", text="It is a kraken, say nothing.", public=False)
    await attach(staff, ticket, "manticore.txt", b"for staff", public="false")
    return ticket


async def hits(who: Caller, text: str, more: str = "") -> list[str]:
    answer = await who.get(f"/tickets?q={text}{more}")
    assert answer.status_code == 200, answer.text
    return list_titles(answer)


@pytest.fixture
def secret() -> Desk:
    """Where the service that is asked about is confidential."""
    return make_desk(SERVICE)


@pytest.mark.parametrize("who", READERS)
async def test_who_may_read_it_finds_it_and_nobody_else(secret: Desk, who: str) -> None:
    role, team, is_for_staff = READERS[who]
    await written(secret.ana, secret.client("mia", "member", "business-apps"))
    await secret.search()
    reader = secret.client(who, role, team)
    for text in OPEN:
        assert await hits(reader, text) == [TITLE], text
    for text in FOR_STAFF:
        assert await hits(reader, text) == ([TITLE] if is_for_staff else []), text


@pytest.mark.parametrize(
    ("who", "role", "team"), [("ben", "employee", ""), ("max", "member", "network")]
)
async def test_strangers_find_nothing_at_all(secret: Desk, who: str, role: str, team: str) -> None:
    await written(secret.ana, secret.client("mia", "member", "business-apps"))
    await secret.search()
    for text in (*OPEN, *FOR_STAFF):
        assert await hits(secret.client(who, role, team), text) == []


async def test_staff_who_only_watch_or_asked_themselves_find_what_is_said_to_all(
    secret: Desk,
) -> None:
    mia = secret.client("mia", "member", "business-apps")
    ticket = await written(secret.max, mia)
    await secret.max.post(f"/tickets/{ticket}/watch", person="ned")
    target = timedelta(hours=1)
    started = SlaStarted(
        policy="p", policy_version="1", clock=ClockName.RESOLUTION, target=target,
        due=secret.clock.now() + target,
    )  # fmt: skip
    await secret.hear(started, ticket)
    await secret.search()
    for order in ("", "&order=due"):
        for reader in (secret.max, secret.client("ned", "member", "workplace")):
            for text in OPEN:
                assert await hits(reader, text, order) == [TITLE], text
            for text in FOR_STAFF:
                assert await hits(reader, text, order) == [], text
        assert await hits(mia, "kraken", order) == [TITLE]


async def test_of_what_repairs_report_the_person_finds_what_is_said_to_her(desk: Desk) -> None:
    await desk.hear(escalated(person="ana", tell="We look at your disk."), "lt-7")
    where = f"/tickets/{proactive_ticket('run-1')}"
    await desk.max.post(f"{where}/comments", text="Bring the griffin along.")
    await desk.max.post(f"{where}/comments", text="A kraken ate it.", public=False)
    await desk.search()
    assert len(await hits(desk.ana, "griffin")) == len(await hits(desk.max, "kraken")) == 1
    assert await hits(desk.ana, "kraken") == []


def test_words_are_bounded_and_the_newest_stay() -> None:
    first = opened("Printer")
    ticket = follow_searched(None, first)
    for number in range(2, 14):
        text = " ".join(f"w{number}x{word}" for word in range(400))
        comment = TicketCommented(by="ana", role=Role.EMPLOYEE, text=text)
        ticket = follow_searched(ticket, event(first.subject, comment, sequence=number)) or ticket
    assert ticket is not None
    assert len(ticket.public_words) == MAX_WORDS
    assert "w13x0" in ticket.public_words
    assert "w2x0" not in ticket.public_words
    assert follow_searched(ticket, event(first.subject, comment, sequence=13)) is None


@pytest.mark.parametrize("text", ["[erased]", "", "!!!"])
def test_what_is_erased_or_holds_no_word_changes_nothing(text: str) -> None:
    first = opened("Printer")
    comment = TicketCommented(by="ana", role=Role.EMPLOYEE, text=text)
    ticket = follow_searched(None, first)
    assert follow_searched(ticket, event(first.subject, comment, sequence=2)) is None
    assert follow_searched(None, event(first.subject, comment, sequence=2)) is None


def words_for_all(ticket: SearchedTicket) -> tuple[str, ...]:
    terms = [list_terms(written.title, written.text) for written in ticket.texts]
    return ticket.choose_searched(terms)[Audience.ALL].words


def test_what_it_is_compared_by_stays_what_was_asked() -> None:
    first = opened("Printer", description="Paper")
    ticket = follow_searched(None, first)
    file = TicketAttached(
        attachment="a-1", name="griffin.txt", media_type="text/plain", size=1, sha256="0" * 64,
        dataref="/v1", by="ana", role=Role.EMPLOYEE,
    )  # fmt: skip
    after = follow_searched(ticket, event(first.subject, file, sequence=2))
    assert isinstance(ticket, SearchedTicket)
    assert after is not None
    assert after.texts == ticket.texts
    assert "griffin" in words_for_all(after)


def test_what_an_erased_person_wrote_in_a_ticket_of_others_is_not_indexed_again() -> None:
    first = opened("Printer", person="ben")
    file = TicketAttached(
        attachment="a-1", name="quagga.txt", media_type="text/plain", size=1, sha256="0" * 64,
        dataref="/v1", by="ivy", role=Role.EMPLOYEE,
    )  # fmt: skip
    comment = TicketCommented(by="ivy", role=Role.EMPLOYEE, text="My quagga saw it")
    log = [first, event(first.subject, comment, sequence=2), event(first.subject, file, sequence=3)]

    def index(erased_at: datetime) -> tuple[str, ...]:
        erasure = Erasure("e-1", erased_at, hash_person(ERASURE_KEY, "ivy"), "nobody")
        redactor, ticket = Redactor(ERASURE_KEY, [erasure]), None
        for item in log:
            ticket = follow_searched(ticket, forget(redactor, item)) or ticket
        assert ticket is not None
        return words_for_all(ticket)

    later, before = datetime(9999, 1, 1, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)
    assert index(later) == ("printer",)
    # What she wrote after her erasure is hers again.
    assert "quagga" in index(before)
