"""What agents' answers mean. Pure."""

from desk_contracts.events.devices import CommandAnswered

from desk_automation.actions.redaction import redact, redact_message
from desk_automation.devices.model import CommandRecord, DeviceAnswer

# One for each sending, and some more that an agent repeated; more is a fault of its.
MOST_ANSWERS = 50


def record_answer(
    record: CommandRecord | None, device: str, data: CommandAnswered
) -> CommandRecord | None:
    """The answer beside the others; None if it says nothing new. Secrets of a program's output
    are left out before anything is kept."""
    record = record or CommandRecord()
    answer = DeviceAnswer(
        device=device,
        token=data.token,
        digest=data.digest,
        outcome=data.outcome,
        reason=redact_message(data.reason),
        details={name: redact(text)[:1000] for name, text in list(data.details.items())[:20]},
    )
    if answer in record.answers:
        return None
    return CommandRecord(answers=(*record.answers, answer)[-MOST_ANSWERS:])


def find_answer(
    record: CommandRecord | None, device: str, token: int, digest: str
) -> DeviceAnswer | None:
    """The answer to this sending: of this device, and to this very text. What another device
    says, or what was said of another text, is none."""
    if record is None:
        return None
    fitting = (
        answer
        for answer in reversed(record.answers)
        if (answer.device, answer.token, answer.digest) == (device, token, digest)
    )
    return next(fitting, None)
