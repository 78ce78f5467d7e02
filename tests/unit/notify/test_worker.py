"""The worker at its store: what it takes, sends, writes down, and leaves alone."""

import asyncio
import gc
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from desk_contracts.errors import DependencyDown
from desk_contracts.message import message, verbatim
from desk_kernel import Decision
from desk_notify.deliveries.decide import Later, Outcome, Refused, Sent, claim_due
from desk_notify.deliveries.mail_limits import Mailbox, MailRules
from desk_notify.deliveries.model import DeliveryState, Dispatch
from desk_notify.deliveries.store import DELIVERIES, MAILBOXES, MailLimits, delivery_projection
from desk_notify.deliveries.worker import DeliveryWorker, ServedChannels, serve_all
from desk_platform.clock import FakeClock
from desk_platform.health import Health, State
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork, WorkItem
from desk_platform.supervision import Supervisor
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import RecordedTelemetry, record_telemetry

from tests.support.notify_channels import FakeChannel
from tests.support.notify_deliveries import LEASE, MAIL, dispatch
from tests.support.notify_desk import NOON, directory


async def nobody(_failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
    raise AssertionError("a worker reports by itself")


class Desk:
    """A worker with one line, its documents, and the time."""

    def __init__(self, *answers: Outcome) -> None:
        self.clock = FakeClock(NOON)
        self.health = Health(self.clock)
        self.health.expect("smtp", required=False)
        self.recorded: RecordedTelemetry = record_telemetry()
        self.documents = FakeDocuments(DELIVERIES, self.clock)
        projection = delivery_projection(self.documents, directory, ["mailto"])
        meters = self.recorded.telemetry.meters
        self.unit_of_work = UnitOfWork(projection, FakePublisher(), self.clock, meters, cached=0)
        self.line = FakeChannel(list(answers) or [Sent()])
        outcomes = self.recorded.telemetry.metrics.get_meter("t").create_counter("desk.deliveries")
        commands = CommandQueue(self.unit_of_work)
        boxes = FakeDocuments(MAILBOXES, self.clock)
        by_command: Projection[Mailbox] = Projection(boxes, lambda _: (), lambda _s, _e, _t: None)
        mailboxes = UnitOfWork(by_command, FakePublisher(), self.clock, meters, cached=0)
        rules = MailRules(("desk.example", "*.corp.example"), per_hour=3)
        limits = MailLimits(directory, CommandQueue(mailboxes), rules)
        self.worker = DeliveryWorker(
            commands,
            ServedChannels("mailto", "smtp", [self.line]),
            self.clock,
            self.health,
            outcomes,
            limits,
            telemetry=self.recorded.telemetry,
            most=3,
            lease=LEASE,
        )
        self.commands = commands

    async def keep(self, state: Dispatch) -> None:
        await self.commands.change(state.message, lambda _s, _t: Decision(state, due=NOON))

    async def on_timer(self) -> None:
        await self.worker.on_timer(
            [id for _, id in await self.documents.due(self.clock.now(), 10)], nobody
        )

    async def state(self) -> Dispatch:
        state = (await self.documents.load(["m-1"]))["m-1"].state
        assert state is not None
        return state

    async def is_waiting(self) -> bool:
        return bool(await self.documents.due(NOON + timedelta(days=9), 1))


async def test_what_is_due_is_sent_once_and_done() -> None:
    desk = Desk()
    await desk.keep(dispatch("log:", MAIL))
    await desk.on_timer()
    await desk.worker.on_timer(["m-1"], nobody)
    assert desk.line.sent == [f"m-1 {MAIL}"]
    assert [delivery.state for delivery in (await desk.state()).deliveries] == [
        DeliveryState.SENT
    ] * 2
    assert not await desk.is_waiting()
    assert desk.recorded.value("desk.deliveries", desk__channel="mailto", desk__state="sent") == 1


async def test_who_delivers_again_is_well_before_the_last_of_many_is_delivered() -> None:
    """After an absence hundreds wait; the first that goes out shows that all is well."""
    desk = Desk()
    await desk.keep(dispatch())
    await desk.keep(dispatch().model_copy(update={"message": "m-2"}))
    at_last, may_go_on, send = asyncio.Event(), asyncio.Event(), desk.line.send
    failures = [DependencyDown("the store is away")]

    async def slowly(state: Dispatch, channel: str) -> Outcome:
        if desk.line.sent:
            at_last.set()
            await may_go_on.wait()
        return await send(state, channel)

    async def serve() -> None:
        if failures:
            raise failures.pop()
        await desk.worker.on_timer(["m-1", "m-2"], nobody)
        await asyncio.Event().wait()

    desk.line.send = slowly  # type: ignore[method-assign, assignment]
    supervisor = Supervisor(desk.clock, desk.health, desk.recorded.telemetry.meters)
    running = asyncio.create_task(supervisor.keep("deliveries", serve))
    await at_last.wait()
    [loop] = [
        component for component in desk.health.components() if component.name == "loop deliveries"
    ]
    assert loop.state is State.READY
    running.cancel()


async def test_a_message_that_does_not_exist_stops_nobody() -> None:
    desk = Desk()
    await desk.keep(dispatch())
    await desk.worker.on_timer(["gone", "m-1"], nobody)
    assert desk.line.sent == [f"m-1 {MAIL}"]


async def test_a_refusal_for_now_is_tried_again_later() -> None:
    desk = Desk(Later(verbatim("450 busy")), Sent())
    await desk.keep(dispatch())
    await desk.on_timer()
    await desk.on_timer()
    assert len(desk.line.sent) == 1
    desk.clock.advance(timedelta(seconds=5))
    await desk.on_timer()
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state, delivery.attempts, delivery.reason) == (DeliveryState.SENT, 2, None)


@pytest.mark.parametrize(
    ("answer", "attempts", "end"),
    [
        (Later(verbatim("450 busy")), 3, DeliveryState.FAILED),
        (Later(verbatim("cut off"), is_unknown=True), 3, DeliveryState.UNKNOWN),
        (Refused(verbatim("550 nobody here")), 1, DeliveryState.FAILED),
    ],
)
async def test_it_gives_up_in_the_end_and_says_so(
    answer: Outcome, attempts: int, end: DeliveryState
) -> None:
    desk = Desk(answer)
    await desk.keep(dispatch())
    for _ in range(5):
        await desk.on_timer()
        desk.clock.advance(timedelta(hours=1))
    assert len(desk.line.sent) == attempts
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state, delivery.next_at) == (end, None)
    assert not await desk.is_waiting()
    assert desk.recorded.value("desk.deliveries", desk__state=end.value) >= 1


async def test_a_mail_server_that_is_away_costs_no_attempt() -> None:
    desk = Desk()
    desk.line.is_down = True
    await desk.keep(dispatch())
    for _ in range(20):
        await desk.on_timer()
        desk.clock.advance(timedelta(minutes=5))
    assert (await desk.state()).deliveries[0].attempts == 0
    [smtp] = [component for component in desk.health.components() if component.name == "smtp"]
    assert (smtp.state, smtp.is_required) == ("down", False)
    desk.line.is_down = False
    await desk.on_timer()
    assert len(desk.line.sent) == 1
    [smtp] = [component for component in desk.health.components() if component.name == "smtp"]
    assert smtp.state == "ready"


async def test_a_server_that_goes_away_between_claim_and_mail_leaves_no_doubt() -> None:
    desk = Desk(Refused(verbatim("550 nobody here")))
    await desk.keep(dispatch())
    desk.line.opens = 1
    await desk.on_timer()
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    assert "delivery.nothing-sent" in str(delivery.reason)
    assert desk.line.sent == []
    desk.line.opens = 9
    desk.clock.advance(timedelta(minutes=5))
    await desk.on_timer()
    assert (await desk.state()).deliveries[0].state is DeliveryState.FAILED


async def test_what_a_dead_worker_had_in_hand_is_sent_again_after_a_while() -> None:
    desk = Desk()
    in_hand, _ = claim_due(dispatch(), NOON, LEASE, "mailto")
    await desk.keep(in_hand)
    await desk.worker.on_timer(["m-1"], nobody)
    assert desk.line.sent == []
    desk.clock.advance(LEASE)
    await desk.worker.on_timer(["m-1"], nobody)
    assert desk.line.sent == [f"m-1 {MAIL}"]
    assert (await desk.state()).deliveries[0].attempts == 2


async def test_a_store_that_is_away_is_not_taken_for_the_mail_server() -> None:
    desk = Desk()
    await desk.keep(dispatch())
    desk.documents.is_down = True
    with pytest.raises(DependencyDown):
        await desk.worker.on_timer(["m-1"], nobody)
    assert desk.line.sent == []


class Bursting(FakeChannel):
    """A line on which one message makes whoever sends it raise."""

    async def send(self, dispatch: Dispatch, channel: str) -> Outcome:
        self.sent.append(f"{dispatch.message} {channel}")
        if dispatch.message == "m-1":
            raise UnicodeEncodeError("ascii", "ü", 0, 1, "an address nobody thought of")
        return Sent()


async def test_a_delivery_that_raises_is_counted_given_up_and_holds_up_no_other() -> None:
    desk = Desk()
    line = Bursting()
    desk.worker._connections = [line]
    await desk.keep(dispatch())
    for _ in range(6):
        await desk.keep(dispatch().model_copy(update={"message": "m-2"}))
        await desk.on_timer()
        desk.clock.advance(timedelta(hours=1))
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state, delivery.attempts) == (DeliveryState.UNKNOWN, 3)
    assert "UnicodeEncodeError" in str(delivery.reason)
    assert line.sent.count(f"m-2 {MAIL}") == 6
    assert line.sent.count(f"m-1 {MAIL}") == 3


async def test_a_delivery_of_which_every_worker_dies_is_given_up() -> None:
    desk = Desk()
    await desk.keep(dispatch())
    for _ in range(3):
        state, taken = claim_due(await desk.state(), desk.clock.now(), LEASE, "mailto")
        assert taken
        await desk.keep(state)
        desk.clock.advance(LEASE)
    await desk.worker.on_timer(["m-1"], nobody)
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state, delivery.next_at) == (DeliveryState.UNKNOWN, None)
    assert delivery.reason == message("delivery.sender-lost", tries=3)
    assert desk.line.sent == []


class Tripping(FakeChannel):
    """The store goes away just after a mail is sent, for a while."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    async def send(self, dispatch: Dispatch, channel: str) -> Outcome:
        self.desk.documents.is_down = True
        asyncio.get_running_loop().call_later(0.05, self.come_back)
        return await super().send(dispatch, channel)

    def come_back(self) -> None:
        self.desk.documents.is_down = False


async def test_what_was_sent_is_written_down_once_the_store_is_back() -> None:
    desk = Desk()
    line = Tripping(desk)
    desk.worker._connections = [line]
    await desk.keep(dispatch())
    await desk.worker.on_timer(["m-1"], nobody)
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 1)
    assert line.sent == [f"m-1 {MAIL}"]


async def test_a_document_that_cannot_be_read_is_reported_and_the_next_one_sent() -> None:
    desk = Desk()
    reported: list[str] = []

    async def report(failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
        reported.extend(task.id for task, _ in failures)

    await desk.keep(dispatch())
    await desk.keep(dispatch().model_copy(update={"message": "bad"}))
    desk.documents.damage("bad")
    await desk.worker.on_timer(["bad", "m-1"], report)
    assert reported == ["bad"]
    assert desk.line.sent == [f"m-1 {MAIL}"]


async def test_it_hangs_up_when_it_stops() -> None:
    desk = Desk()
    await desk.worker.close()
    assert desk.line.is_closed


def to(address: str, id: str = "m-1") -> Dispatch:
    """A message to one person."""
    mine = dispatch(f"mailto:{address}")
    return mine.model_copy(update={"message": id, "recipient": address})


@pytest.mark.parametrize(
    ("address", "is_mailed"),
    [
        ("ana@desk.example", True),
        ("ANA@Desk.Example", True),
        ("ana@berlin.corp.example", True),
        ("nina@desk.example", True),
        ("ana@corp.example", False),
        ("ana@evil-desk.example", False),
        ("ana@desk.example.evil.example", False),
        ("ana@d\u0435sk.example", False),
        ("stranger@elsewhere.example", False),
    ],
)
async def test_only_people_somebody_knows_are_mailed(address: str, is_mailed: bool) -> None:
    desk = Desk()
    await desk.keep(to(address))
    await desk.on_timer()
    [delivery] = (await desk.state()).deliveries
    assert (delivery.state is DeliveryState.SENT) is is_mailed
    assert len(desk.line.sent) == int(is_mailed)
    if not is_mailed:
        assert delivery.state is DeliveryState.HELD_BACK
        assert "delivery.unknown-address" in str(delivery.reason)
        assert desk.recorded.value("desk.deliveries", desk__state="held_back") == 1
        assert not await desk.is_waiting()


async def test_nobody_is_flooded_and_what_is_held_back_is_told() -> None:
    desk = Desk()
    for number in range(5):
        # Capital letters make no other mailbox.
        await desk.keep(to("ana@desk.example" if number % 2 else "Ana@desk.example", f"m-{number}"))
    await desk.keep(to("ben@desk.example", "m-9"))
    await desk.on_timer()
    assert len(desk.line.sent) == 4
    assert desk.recorded.value("desk.deliveries", desk__state="held_back") == 2
    desk.clock.advance(timedelta(hours=1, seconds=1))
    await desk.keep(to("ana@desk.example", "m-7"))
    await desk.on_timer()
    assert len(desk.line.sent) == 5


async def test_an_attempt_more_is_no_mail_more() -> None:
    desk = Desk(Later(verbatim("450 busy")), Later(verbatim("450 busy")), Sent())
    await desk.keep(to("ana@desk.example"))
    for _ in range(3):
        await desk.on_timer()
        desk.clock.advance(timedelta(minutes=1))
    for number in (2, 3):
        await desk.keep(to("ana@desk.example", f"m-{number}"))
    await desk.on_timer()
    assert desk.recorded.value("desk.deliveries", desk__state="sent") == 3


async def test_a_channel_of_the_charter_is_never_held_back() -> None:
    desk = Desk()
    for number in range(5):
        await desk.keep(dispatch().model_copy(update={"message": f"m-{number}"}))
    await desk.on_timer()
    assert len(desk.line.sent) == 5


@pytest.mark.parametrize("is_one", [True, False])
async def test_who_ends_before_a_line_has_begun_leaves_nothing_that_was_never_awaited(
    *, is_one: bool
) -> None:
    """Python says so on the error stream, and here it is an error."""
    desk = Desk()
    serve = desk.worker.on_timer if is_one else serve_all([desk.worker])
    serving = asyncio.ensure_future(serve(["d-1"], nobody))
    # After its first step, before those of its lines.
    asyncio.get_running_loop().call_soon(serving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await serving
    gc.collect()
    assert not desk.line.sent
