"""What every kind of channel keeps, the fake of unit tests as well as the real one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from aiosmtpd.controller import Controller
from desk_contracts.errors import DependencyDown
from desk_contracts.message import message
from desk_local.ports import free_ports
from desk_notify.adapters.channels import CHANNELS
from desk_notify.adapters.channels.smtp import SmtpChannel, SmtpServer
from desk_notify.deliveries.channel import Channel
from desk_notify.deliveries.decide import Later, Refused, Sent
from desk_notify.deliveries.model import Dispatch
from desk_notify.settings import NotifySettings

from tests.support.notify_channels import Choosy, FakeChannel

CHANNEL, NOBODY = "mailto:net@desk.example", "mailto:nobody@desk.example"
DISPATCH = Dispatch(
    message="m-1",
    recipient="network",
    kind="ticket_changed",
    title="Title",
    body="Body",
    thread="t-1",
    happened_at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
    deliveries=(),
)
REASON = message("delivery.server-said", answer="no")


class FarSide(Protocol):
    """A channel and the other side of it, which can be made to behave."""

    channel: Channel
    # Nobody has this address there.
    nobody: str

    def refuse(self, *, for_good: bool) -> None: ...
    def break_after_text(self) -> None: ...
    async def go_away(self) -> None: ...
    def received(self) -> int: ...


class FakeFarSide:
    nobody = CHANNEL

    def __init__(self) -> None:
        self._fake = FakeChannel()
        self.channel: Channel = self._fake

    def refuse(self, *, for_good: bool) -> None:
        self._fake.answers = [Refused(REASON) if for_good else Later(REASON), Sent()]

    def break_after_text(self) -> None:
        self._fake.answers = [Later(REASON, is_unknown=True), Sent()]

    async def go_away(self) -> None:
        self._fake.is_down = True

    def received(self) -> int:
        return len(self._fake.sent)


class SmtpFarSide:
    nobody = NOBODY

    def __init__(self) -> None:
        port = free_ports(1)[0]
        self._box = Choosy()
        self.controller = Controller(self._box, hostname="127.0.0.1", port=port, ready_timeout=60)
        self.controller.start()
        server = SmtpServer(
            "127.0.0.1", port, "desk@desk.example", "Desk", timeout=timedelta(seconds=60)
        )
        self.channel: Channel = SmtpChannel(server)

    def refuse(self, *, for_good: bool) -> None:
        self._box.says = "550 no such user" if for_good else "450 mailbox is busy"

    def break_after_text(self) -> None:
        self._box.is_cut_off = True

    async def go_away(self) -> None:
        await self.channel.close()
        self.controller.stop()

    def received(self) -> int:
        return len(self._box.mails)


@asynccontextmanager
async def far_side(kind: str) -> AsyncIterator[FarSide]:
    if kind == "fake":
        yield FakeFarSide()
        return
    side = SmtpFarSide()
    try:
        yield side
    finally:
        await side.channel.close()
        if side.controller.server is not None:
            side.controller.stop()


@pytest.fixture(params=["fake", "smtp"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[FarSide]:
    async with far_side(request.param) as far:
        yield far


async def test_what_is_taken_is_sent_once(side: FarSide) -> None:
    await side.channel.open()
    assert isinstance(await side.channel.send(DISPATCH, CHANNEL), Sent)
    assert side.received() == 1


@pytest.mark.parametrize("for_good", [True, False])
async def test_a_no_for_ever_is_told_from_a_no_for_now(side: FarSide, *, for_good: bool) -> None:
    await side.channel.open()
    side.refuse(for_good=for_good)
    outcome = await side.channel.send(DISPATCH, side.nobody)
    assert isinstance(outcome, Refused if for_good else Later)
    if isinstance(outcome, Later):
        assert not outcome.is_unknown
    assert outcome.reason


async def test_the_connection_serves_on_after_a_no(side: FarSide) -> None:
    await side.channel.open()
    side.refuse(for_good=True)
    await side.channel.send(DISPATCH, side.nobody)
    assert isinstance(await side.channel.send(DISPATCH, CHANNEL), Sent)


async def test_what_may_have_arrived_is_unknown(side: FarSide) -> None:
    await side.channel.open()
    side.break_after_text()
    outcome = await side.channel.send(DISPATCH, CHANNEL)
    assert isinstance(outcome, Later)
    assert outcome.is_unknown


async def test_nothing_is_tried_while_the_other_side_is_away(side: FarSide) -> None:
    await side.go_away()
    with pytest.raises(DependencyDown) as away:
        await side.channel.open()
    assert away.value.fields["dependency"] == CHANNELS.kind("mailto").component
    assert side.received() == 0


async def test_closing_twice_is_closing(side: FarSide) -> None:
    await side.channel.open()
    await side.channel.close()
    await side.channel.close()


@pytest.mark.parametrize("scheme", sorted(CHANNELS.kinds))
def test_a_kind_that_is_not_configured_has_no_connections(scheme: str) -> None:
    settings = NotifySettings(environment="local")  # type: ignore[arg-type]  # as it is written
    assert not CHANNELS.kind(scheme).connect(settings)
