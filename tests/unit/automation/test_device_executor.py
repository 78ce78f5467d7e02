"""Which answers count for an order to a device, and what they mean for its run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_automation.actions.answer import Result
from desk_automation.actions.model import Attempt, Call
from desk_automation.adapters.executors.device import (
    DeviceAction,
    DeviceExecutor,
    Devices,
    render_device,
)
from desk_automation.devices.decide import record_answer
from desk_automation.devices.model import CommandRecord
from desk_automation.devices.store import COMMANDS
from desk_charter.requests import DeviceRequest
from desk_contracts import Codec
from desk_contracts.codec import Message
from desk_contracts.device_orders import DeviceCommand
from desk_contracts.errors import DependencyDown, Transient
from desk_contracts.events.devices import CommandAnswered, CommandIssued, DeviceOutcome
from desk_contracts.message import message
from desk_contracts.signing import digest_of, is_signed
from desk_platform.clock import FakeClock
from desk_platform.kafka import Unpublished
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments

from tests.support.agent_device import SIGNER

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANSWER = CommandAnswered(
    command="key",
    run="run",
    token=1,
    digest="as-asked",
    action="restart-service",
    outcome=DeviceOutcome.DONE,
    reason=message("device.program-ran"),
)


@dataclass
class Agent:
    """Answers each order with what the test wants, or with nothing."""

    answers: FakeDocuments[CommandRecord]
    answer: CommandAnswered | None = ANSWER
    device: str = "laptop-7"
    error: Exception | None = None
    orders: list[CommandIssued] = field(default_factory=list)

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.error is not None:
            raise self.error
        for sent in messages:
            event = Codec().decode(sent.key, sent.value, sent.headers)
            assert isinstance(event.data, CommandIssued)
            self.orders.append(event.data)
            if self.answer is not None:
                wanted = digest_of(event.data.document)
                is_right = self.answer.digest == ANSWER.digest
                digest = wanted if is_right else self.answer.digest
                await self.write(self.answer.model_copy(update={"digest": digest}))

    async def write(self, answer: CommandAnswered) -> None:
        before = (await self.answers.load(["key"])).get("key") or Stored("key")
        record = record_answer(before.state, self.device, answer, START)
        if record is not None:
            await self.answers.write([replace(before, state=record)])


@dataclass
class Side:
    clock: FakeClock
    agent: Agent
    executor: DeviceExecutor


@pytest.fixture
def side() -> Side:
    clock = FakeClock(START)
    agent = Agent(FakeDocuments(COMMANDS, clock))
    return Side(clock, agent, DeviceExecutor(Devices(agent, agent.answers, SIGNER), clock))


def attempt(action: str = "restart-service", expect: str = "") -> Attempt:
    planned = render_device(
        DeviceRequest(action=action, parameters={"name": "${data.printer}"}),
        {"target": "laptop-7", "data": {"printer": "p1"}},
    )
    call = Call(
        executor="device",
        action=planned.model_dump(mode="json"),
        summary=planned.summarize(),
        timeout=timedelta(seconds=10),
        attempts=3,
        base=timedelta(seconds=1),
        cap=timedelta(seconds=1),
    )
    return Attempt("confirm" if expect else "act", "step", call, "key", 1, expect)


async def is_open() -> bool:
    return True


async def ask(side: Side, token: int = 1, action: str = "restart-service", expect: str = "") -> str:
    answer = await side.executor.execute(attempt(action, expect), "run", token, is_open)
    if expect and answer.result is Result.OK:
        return "met" if answer.is_met else "not met"
    return answer.result.value


async def test_the_order_is_signed_names_all_and_ends_with_the_timeout(side: Side) -> None:
    assert await ask(side) == Result.OK
    [issued] = side.agent.orders
    command = DeviceCommand.model_validate_json(issued.document)
    assert command == DeviceCommand(
        key="key",
        device="laptop-7",
        action="restart-service",
        parameters={"name": "p1"},
        run="run",
        token=1,
        issued_at=START,
        expires=START + timedelta(seconds=10),
    )
    key = SIGNER.public_key
    signed = (issued.document, issued.signature)
    assert is_signed(key, "desk-device-command-v1", *signed)
    assert not is_signed(key, "desk-device-policy-v1", *signed)


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (DeviceOutcome.DONE, Result.OK),
        (DeviceOutcome.FAILED, Result.REFUSED),
        (DeviceOutcome.REFUSED, Result.REFUSED),
        (DeviceOutcome.NOT_TAKEN, Result.NOT_TAKEN),
        (DeviceOutcome.IN_DOUBT, Result.UNKNOWN),
    ],
)
async def test_outcomes_decide_about_a_retry(
    side: Side, outcome: DeviceOutcome, result: Result
) -> None:
    side.agent.answer = ANSWER.model_copy(update={"outcome": outcome})
    assert await ask(side) == result


async def test_a_silent_device_may_have_done_it(side: Side) -> None:
    side.agent.answer = None
    assert await ask(side) == Result.UNKNOWN
    assert side.clock.now() == START + timedelta(seconds=10)


async def test_while_the_store_is_away_it_is_not_known_what_the_device_did(side: Side) -> None:
    side.agent.answer, side.agent.answers.is_down = None, True
    answer = await side.executor.execute(attempt(), "run", 1, is_open)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)
    assert len(side.agent.orders) == 1


@pytest.mark.parametrize("text", ["inf", "nan", "-Infinity"])
async def test_what_is_no_quantity_is_compared_with_none(side: Side, text: str) -> None:
    side.agent.answer = ANSWER.model_copy(update={"details": {"value": text}})
    assert await ask(side, action="measure", expect="response.body.value > 10.0") == "unknown"


@pytest.mark.parametrize("changes", [{"digest": "of another text"}, {"token": 7}])
async def test_an_old_answer_that_is_replayed_is_none(
    side: Side, changes: dict[str, object]
) -> None:
    side.agent.answer = ANSWER.model_copy(update=changes)
    assert await ask(side) == Result.UNKNOWN


async def test_another_devices_word_is_none(side: Side) -> None:
    side.agent.device = "laptop-8"
    assert await ask(side) == Result.UNKNOWN


async def test_each_sending_waits_for_its_own_answer(side: Side) -> None:
    assert await ask(side) == Result.OK
    side.agent.answer = None
    assert await ask(side, token=2) == Result.UNKNOWN
    side.agent.answer = ANSWER.model_copy(update={"token": 3})
    assert await ask(side, token=3) == Result.OK
    assert len({issued.document for issued in side.agent.orders}) == 3


@pytest.mark.parametrize(
    ("outcome", "reported", "verdict"),
    [
        (DeviceOutcome.DONE, "done", "met"),
        (DeviceOutcome.DONE, "not_taken", "not met"),
        (DeviceOutcome.DONE, "failed", "not met"),
        (DeviceOutcome.DONE, "refused", "not met"),
        (DeviceOutcome.DONE, "in_doubt", Result.UNKNOWN),
        (DeviceOutcome.NOT_TAKEN, "", Result.NOT_TAKEN),
        (DeviceOutcome.REFUSED, "", Result.REFUSED),
        (DeviceOutcome.FAILED, "", Result.UNKNOWN),
    ],
)
async def test_a_question_that_is_not_answered_says_nothing_of_the_act(
    side: Side, outcome: DeviceOutcome, reported: str, verdict: str
) -> None:
    side.agent.answer = ANSWER.model_copy(
        update={"outcome": outcome, "details": {"outcome": reported} if reported else {}}
    )
    expect = "response.status >= 200 && response.status < 300"
    assert await ask(side, action="report-outcome", expect=expect) == verdict


async def test_a_measurement_is_a_number_in_conditions(side: Side) -> None:
    side.agent.answer = ANSWER.model_copy(update={"details": {"value": "4.5"}})
    assert await ask(side, action="measure", expect="response.body.value < 10.0") == "met"
    assert await ask(side, action="measure", expect="response.body.value > 10.0") == "not met"
    assert await ask(side, action="measure", expect="response.body.volume > 1.0") == "unknown"


async def test_what_the_brokers_refused_was_not_sent_and_what_they_did_not_answer_may_be(
    side: Side,
) -> None:
    side.agent.error = Unpublished({0: Transient("no topic", code="topic-missing")})
    answer = await side.executor.execute(attempt(), "run", 1, is_open)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    side.agent.error = Unpublished({0: DependencyDown("away", dependency="kafka")})
    answer = await side.executor.execute(attempt(), "run", 1, is_open)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)


async def test_without_a_key_nothing_is_ordered(side: Side) -> None:
    executor = DeviceExecutor(Devices(side.agent, side.agent.answers, None), side.clock)
    answer = await executor.execute(attempt(), "run", 1, is_open)
    assert (answer.result, answer.is_sent, side.agent.orders) == (Result.REFUSED, False, [])


def test_people_read_what_an_order_does() -> None:
    action = DeviceAction(device="laptop-7", action="clean-disk", parameters={"folder": "caches"})
    assert action.summarize() == "clean-disk on laptop-7 (folder=caches)"
