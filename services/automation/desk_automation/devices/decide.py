"""What agents' answers mean. Pure."""

from collections.abc import Iterable
from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.device_orders import DevicePolicy, sign_policy
from desk_contracts.envelope import derive
from desk_contracts.events.devices import (
    AgentConnected,
    CommandAnswered,
    PolicyIssued,
)
from desk_contracts.names import AUTOMATION_SOURCE
from desk_contracts.signing import Signer
from desk_kernel import Decision

from desk_automation.actions.redaction import redact, redact_message
from desk_automation.devices.model import CommandRecord, DeviceAnswer, DeviceRecord

# One for each sending, and some more that an agent repeated; more is a fault of its.
MOST_ANSWERS = 50


def record_answer(
    record: CommandRecord | None, device: str, data: CommandAnswered, now: datetime
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
    return CommandRecord(answers=(*record.answers, answer)[-MOST_ANSWERS:], noted_at=now)


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


def connect(
    record: DeviceRecord | None,
    event: Event[AgentConnected],
    policies: Iterable[DevicePolicy],
    signer: Signer | None,
    now: datetime,
) -> Decision[DeviceRecord]:
    """The agent is there: it gets the policies that it does not have yet, until it says it has."""
    data, at = event.data, min(event.time, now)
    is_same_journal = record is not None and record.journal == data.journal
    after = DeviceRecord(
        connected_at=at,
        agent_version=data.agent_version,
        journal=data.journal,
        journal_since=record.journal_since if record and is_same_journal else at,
        policies=data.policies,
        actions=data.actions,
    )
    issued = list[AnyEvent]()
    for policy in policies:
        kept = data.policies.get(policy.id, "")
        if signer is None or (kept.isdecimal() and int(kept) >= policy.version):
            continue
        signed = sign_policy(signer, policy)
        order = PolicyIssued(
            document=signed.document, key_id=signed.key_id, signature=signed.signature
        )
        rule = f"policy/{policy.id}/{policy.version}"
        issued.append(
            derive(event, order, source=AUTOMATION_SOURCE, subject=event.subject, rule=rule, at=now)
        )
    return Decision(after, tuple(issued))
