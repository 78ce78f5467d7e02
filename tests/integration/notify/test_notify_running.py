"""Notify on a real broker, a real store and a real mail server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketStarted,
)
from desk_contracts.ids import ticket_code
from desk_contracts.message import verbatim
from desk_testing import eventually

from tests.support.notify_running import Bus, MailServer, Notify

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

ANA = "ana@desk.example"


def life(number: int, requester: str = ANA, team: str = "network") -> Iterator[AnyEvent]:
    """A ticket that is opened, assigned, started and solved."""
    id = f"ticket-{number}"
    code = ticket_code(id)
    payloads = (
        TicketOpened(
            code=code, kind=Kind.INCIDENT, title="VPN drops", requester=requester,
            channel=Channel.PORTAL,
        ),
        TicketAssigned(team=team),
        TicketStarted(by="network-1"),
        TicketResolved(by="network-1", resolution=verbatim("The gateway has a new certificate.")),
    )  # fmt: skip
    for sequence, payload in enumerate(payloads, 1):
        yield Event(
            id=str(uuid4()),
            source="/desk/intake",
            subject=id,
            time=datetime.now(UTC),
            data=payload,
            sequence=sequence,
        )


async def test_a_ticket_reaches_its_team_and_its_person(notify: Notify, bus: Bus) -> None:
    await notify.start()
    await bus.publish(life(1))
    code = ticket_code("ticket-1")

    assert await eventually(lambda: bus.titles("network")) == [f"{code} is yours: VPN drops"]
    await eventually(lambda: _count(bus, ANA, 4))
    assert await bus.titles(ANA) == [
        f"We have received your ticket {code}",
        f"Your ticket {code} is with Network and remote access",
        f"We are working on your ticket {code}",
        f"Your ticket {code} is solved",
    ]
    assert await eventually(lambda: notify.deliveries("network")) == [("log:", "sent")]
    await eventually(lambda: notify.lines("message_sent") == 1)
    smtp = await notify.component("smtp")
    assert (smtp["state"], smtp["required"]) == ("ready", False)
    assert smtp["reason"] == "not configured: nothing is sent"


async def test_mail_reaches_people_and_teams_in_one_thread(
    notify: Notify, bus: Bus, mail_server: MailServer, with_mail: dict[str, str]
) -> None:
    mail_server.start()
    await notify.start(**with_mail)
    await bus.publish(life(1))
    box = mail_server.mailbox

    await eventually(lambda: len(box.to(ANA)) == 4 and box.to("network@desk.example"))
    mails = box.to(ANA) + box.to("network@desk.example")
    assert len(mails) == 5
    assert len({mail["Message-ID"] for mail in mails}) == 5
    assert {mail["References"] for mail in mails} == {"<thread-ticket-1@desk.example>"}
    assert {mail["Auto-Submitted"] for mail in mails} == {"auto-generated"}
    assert f"Your ticket {ticket_code('ticket-1')} is solved" in [m["Subject"] for m in mails]
    sent = await eventually(lambda: _all_sent(notify, "network", 2))
    assert [channel for channel, _ in sent] == ["log:", "mailto:network@desk.example"]
    assert (await notify.component("smtp"))["reason"] == "the other side answers"


async def test_a_mail_server_that_is_away_delays_and_loses_nothing(
    notify: Notify, bus: Bus, mail_server: MailServer, with_mail: dict[str, str]
) -> None:
    """Down at first; then up but busy once; teams' topics never wait for it."""
    await notify.start(**with_mail)
    await bus.publish(life(1))
    await eventually(lambda: bus.titles("network"))
    await eventually(lambda: _states(notify, "network", {"sent", "pending"}))
    await eventually(lambda: _is_down(notify))
    assert (await notify.get("/health/ready")).status_code == 200

    mail_server.mailbox.refusals = ["451 busy, come again"]
    mail_server.start()
    await eventually(lambda: len(mail_server.mailbox.mails) == 5, timeout=120)
    await eventually(lambda: _all_sent(notify, ANA, 4))
    assert len(set(mail_server.mailbox.ids)) == 5


async def test_a_mailbox_that_does_not_exist_is_given_up_at_once(
    notify: Notify, bus: Bus, mail_server: MailServer, with_mail: dict[str, str]
) -> None:
    mail_server.start()
    mail_server.mailbox.refusals = ["550 no such user"] * 5
    await notify.start(**with_mail)
    await bus.publish(life(1, team="nobody-mails-them"))
    await eventually(lambda: _states(notify, ANA, {"failed"}))
    item = (await notify.get(f"/v1/deliveries?recipient={ANA}")).json()["items"][0]
    [delivery] = item["deliveries"]
    assert delivery["reason"] == "The mail server said 550 no such user"
    assert (delivery["attempts"], delivery["next_at"]) == (1, None)


async def test_killed_while_telling_and_while_mailing_it_tells_everybody_once(
    notify: Notify, bus: Bus, mail_server: MailServer, with_mail: dict[str, str]
) -> None:
    """Messages have no doubles but those with the same id, mails none but with the same id."""
    # A mail that was under way is taken for lost, and sent again, after five such times.
    with_mail |= {"NOTIFY_SMTP_TIMEOUT": "5"}
    mail_server.start()
    await notify.start(**with_mail)
    await bus.publish(event for number in range(40) for event in life(number))
    await eventually(lambda: _count(bus, "network", 1), interval=0.001)
    notify.kill()
    await notify.start(**with_mail)
    mailed = mail_server.mailbox.ids
    await eventually(lambda: len(mailed) >= 20, timeout=180, interval=0.001)
    notify.kill()
    assert len(mailed) < 200
    await notify.start(**with_mail)

    await eventually(lambda: _count(bus, "network", 40), timeout=90)
    await eventually(lambda: _count(bus, ANA, 160), timeout=90)
    assert len({bu.id for bu in bus.seen}) == 200
    await eventually(lambda: len(set(mailed)) == 200, timeout=180)
    # Each kill can leave one mail per line sent and not written down.
    assert len(mailed) <= 200 + 2 * 2


async def _all_sent(notify: Notify, recipient: str, wanted: int) -> list[tuple[str, str]]:
    deliveries = await notify.deliveries(recipient)
    return (
        deliveries
        if len(deliveries) == wanted and {state for _, state in deliveries} == {"sent"}
        else []
    )


async def _states(notify: Notify, recipient: str, wanted: set[str]) -> bool:
    return {state for _, state in await notify.deliveries(recipient)} == wanted


async def _is_down(notify: Notify) -> bool:
    return (await notify.component("smtp"))["state"] == "down"


async def _count(bus: Bus, recipient: str, wanted: int) -> bool:
    return len(await bus.messages_to(recipient)) >= wanted
