"""Orders a device's agent over Kafka, and awaits its answer, which any replica may have read.

The order is signed and expires when nobody waits for it any more. What a silent device did is
unknown; only its own journal can tell, under the same key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

from desk_charter.requests import DeviceRequest
from desk_contracts import Codec, Event
from desk_contracts.device_orders import (
    QUESTIONS,
    DeviceCommand,
    SignedDocument,
    expiry_of,
    sign_command,
)
from desk_contracts.errors import DependencyDown, DeskError
from desk_contracts.events.devices import CommandIssued, DeviceOutcome
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.names import AUTOMATION_SOURCE
from desk_contracts.signing import Signer, digest_of
from desk_platform.clock import Clock
from desk_platform.kafka import Publisher, Unpublished
from desk_platform.kafka.retry import attempt_async, attempt_value
from desk_platform.store import Documents
from pydantic import Field

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.template import PlanFailed, Values, fill
from desk_automation.adapters.executors.sending import explain
from desk_automation.conditions.expression import Inputs, Undecided, condition
from desk_automation.devices.decide import find_answer
from desk_automation.devices.model import CommandRecord, DeviceAnswer

_FIRST_LOOK, _LONGEST_PAUSE = timedelta(milliseconds=50), timedelta(seconds=1)
_MOST_TEXT = 1000
_RESULTS = {
    DeviceOutcome.DONE: Result.OK,
    DeviceOutcome.FAILED: Result.REFUSED,
    DeviceOutcome.NOT_TAKEN: Result.NOT_TAKEN,
    DeviceOutcome.REFUSED: Result.REFUSED,
    DeviceOutcome.IN_DOUBT: Result.UNKNOWN,
}


class DeviceAction(Action):
    """One order as it goes out."""

    device: str
    action: str
    parameters: dict[str, str] = Field(default_factory=dict)

    def summarize(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.action} on {self.device}" + (f" ({facts})" if facts else "")


def render_device(request: DeviceRequest, values: Values) -> DeviceAction:
    """The order with every parameter filled in."""
    parameters = {name: fill(text, values) for name, text in request.parameters.items()}
    for name, text in parameters.items():
        if len(text) > _MOST_TEXT:
            why = message("plan.too-long", most=_MOST_TEXT)
            raise PlanFailed(message("plan.does-not-fit", parameter=name, why=why))
    device = fill(request.device, values)
    return DeviceAction(device=device, action=request.action, parameters=parameters)


@dataclass(frozen=True, slots=True)
class Devices:
    """The way to agents: where orders are published, and where answers are found."""

    publisher: Publisher
    answers: Documents[CommandRecord]
    signer: Signer | None


class DeviceExecutor:
    """Sends once, looks for the answer until the call's timeout."""

    def __init__(self, devices: Devices | None, clock: Clock) -> None:
        self._devices, self._clock, self._codec = devices, clock, Codec()

    async def close(self) -> None:
        """Nothing is held open."""

    def slot_of(self, call: Call) -> str:
        """Orders to one device share a slot."""
        return str(call.action.get("device") or call.summary)

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        """What the agent says became of it."""
        devices = self._devices
        if devices is None or devices.signer is None:
            return Answer(Result.REFUSED, message("answer.no-signing-key"), is_sent=False)
        action, now = DeviceAction.model_validate(attempt.call.action), self._clock.now()
        command = DeviceCommand(
            key=attempt.key,
            device=action.device,
            action=action.action,
            parameters=action.parameters,
            run=run,
            token=token,
            issued_at=now,
            expires=expiry_of(now, attempt.call.timeout),
        )
        signed = sign_command(devices.signer, command)
        is_ours = await attempt_value(fence())
        if isinstance(is_ours, Exception):
            return explain(is_ours, attempt, is_sent=False)
        if not is_ours:
            return Answer(Result.NOT_TAKEN, message("answer.taken-over"), is_sent=False)
        failure = await self._publish(devices, command, signed)
        if failure is not None:
            return failure
        answer = await self._await_answer(devices, command, digest_of(signed.document))
        if answer is None:
            timeout = attempt.call.timeout.total_seconds()
            return Answer(Result.UNKNOWN, message("answer.device-silent", timeout=timeout))
        return _read_answer(answer, attempt, is_question=action.action in QUESTIONS)

    async def _publish(
        self, devices: Devices, command: DeviceCommand, signed: SignedDocument
    ) -> Answer | None:
        """Why it is not certain that it was sent; None if it was."""
        event = Event(
            id=derive_id(command.key, f"command/{command.run}", command.token),
            source=AUTOMATION_SOURCE,
            subject=command.device,
            time=command.issued_at,
            data=CommandIssued(
                document=signed.document, key_id=signed.key_id, signature=signed.signature
            ),
            correlation_id=command.run,
        )
        sending = devices.publisher.publish([self._codec.encode(event)])
        failure = await attempt_async(sending)
        if failure is None:
            return None
        cause: Exception = failure
        if isinstance(failure, Unpublished):
            cause = next(iter(failure.reasons.values()))
        # What the brokers refuse never comes to a device; what they did not answer may.
        is_unsent = isinstance(cause, DeskError) and not isinstance(cause, DependencyDown)
        reason = message("answer.not-published", why=str(cause)[:300])
        if is_unsent:
            return Answer(Result.NOT_TAKEN, reason, is_sent=False)
        return Answer(Result.UNKNOWN, reason)

    async def _await_answer(
        self, devices: Devices, command: DeviceCommand, digest: str
    ) -> DeviceAnswer | None:
        """The answer to this very sending, from the store: another replica may have read it.

        While the store is away there is none: the order has left, so nothing else may be said.
        """
        pause = _FIRST_LOOK
        while True:
            loaded = await attempt_value(devices.answers.load([command.key]))
            stored = None if isinstance(loaded, Exception) else loaded.get(command.key)
            record = None if stored is None else stored.state
            answer = find_answer(record, command.device, command.token, digest)
            if answer is not None or self._clock.now() >= command.expires:
                return answer
            left = max(command.expires - self._clock.now(), timedelta())
            await self._clock.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)


def _read_answer(answer: DeviceAnswer, attempt: Attempt, *, is_question: bool) -> Answer:
    facts = ", ".join(f"{name}={text}" for name, text in sorted(answer.details.items()))
    reason = message("answer.device", reason=answer.reason, details=facts)
    is_done = answer.outcome is DeviceOutcome.DONE
    if not (is_question and is_done):
        # Of a question that was not answered nothing follows for what it asks about.
        is_unanswered = is_question and answer.outcome is DeviceOutcome.FAILED
        result = Result.UNKNOWN if is_unanswered else _RESULTS[answer.outcome]
        return Answer(result, reason, is_met=is_done)
    outcome = answer.details.get("outcome", DeviceOutcome.DONE.value)
    if outcome == DeviceOutcome.IN_DOUBT:
        return Answer(Result.UNKNOWN, reason)
    # As HTTP would say it, so that the expectation that every probe has by itself fits.
    status = 200 if outcome == DeviceOutcome.DONE else 404
    seen = {"response": {"status": status, "body": _numbers(answer.details)}}
    verdict = condition(attempt.expect or "response.status == 200").verdict(Inputs(seen))
    if isinstance(verdict, Undecided):
        return Answer(Result.UNKNOWN, reason)
    return Answer(Result.OK, reason, is_met=verdict)


def _numbers(details: Mapping[str, str]) -> dict[str, object]:
    """What is a number is one in conditions, too."""
    read: dict[str, object] = {}
    for name, text in details.items():
        try:
            number = float(text)
        except ValueError:
            read[name] = text
        else:
            read[name] = number if isfinite(number) else text
    return read
