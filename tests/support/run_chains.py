"""A log of a few runs, sealed as automation does, with the checkpoints that metrics takes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from desk_cli.run_log import RunFindings, RunLog
from desk_contracts import AnyEvent, Codec, Event, Payload
from desk_contracts.chain import ChainKey, Link, seal_of
from desk_contracts.chain_keys import ChainKeys, OlderKey
from desk_contracts.events.automation import (
    Outcome,
    RunEscalated,
    RunStarted,
    RunStepRecorded,
    StepStatus,
)
from desk_contracts.message import verbatim
from desk_metrics.checkpoints.decide import note_end, take_checkpoint
from desk_metrics.checkpoints.model import Chains
from desk_platform.kafka.records import KafkaRecord

KEY = ChainKey(b"0123456789abcdef0123456789abcdef")
NEWER = ChainKey(b"the newer key of thirty-two chars")
BOTH = ChainKeys(NEWER, [OlderKey(KEY)])
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IVY = "ivy@desk.example"
PLACES = 4


@dataclass
class Record:
    """As a consumer hands it out."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def transitions(run: str) -> list[Payload]:
    """What is told of one run."""
    return [
        RunStarted(run=run, runbook="clean", version="v1", title="Clean the disk", person=IVY),
        RunStepRecorded(run=run, runbook="clean", step="clean", status=StepStatus.INTENT),
        RunStepRecorded(
            run=run,
            runbook="clean",
            step="clean",
            status=StepStatus.DONE,
            message=verbatim(f"200 cleaned for {IVY}"),
        ),
        RunEscalated(
            run=run,
            runbook="clean",
            title="The disk stays full",
            outcome=Outcome.NOT_HEALED,
            team="workplace",
            reason=verbatim("no better"),
        ),
    ]


def sealed_log(
    runs: Sequence[str], changed_after: int | None = None, changed_back: Sequence[int] = ()
) -> list[Record]:
    """The runs' transitions in turn, one partition; the key is changed after so many records, but
    for a replica that still seals some with the one before."""
    codec, log, ends = Codec(), list[Record](), dict.fromkeys(runs, Link())
    for number in range(PLACES):
        for run in runs:
            event = Event(
                f"{run}-{number}", "/desk/automation", "laptop", AT, transitions(run)[number]
            )
            is_late = len(log) in changed_back
            is_changed = changed_after is not None and len(log) >= changed_after and not is_late
            key = NEWER if is_changed else KEY
            ends[run], message = key.seal(run, ends[run], codec.encode(event))
            log.append(
                Record(message.topic, 0, len(log), message.key, message.value, message.headers)
            )
    return log


def checkpoints(log: Sequence[Record], every: int = 5) -> list[AnyEvent]:
    """What metrics says of it, one checkpoint for so many records."""
    events, chains = list[AnyEvent](), Chains()
    for place, record in enumerate(log, start=1):
        if (seal := seal_of(record)) is not None:
            decision = note_end("0", chains, seal, AT)
            chains = decision.state
        if place % every == 0 or place == len(log):
            decision = take_checkpoint("0", chains, AT)
            chains = decision.state
            events += decision.events
    return events


def check(
    log: Sequence[KafkaRecord],
    seen: Sequence[AnyEvent] = (),
    pseudonyms: frozenset[str] | None = None,
    keys: ChainKeys | None = None,
) -> RunFindings:
    """What an audit finds."""
    run_log = RunLog(keys or ChainKeys(KEY), pseudonyms)
    for event in seen:
        run_log.add_checkpoint(event)
    for record in log:
        run_log.add(record)
    return run_log.findings()


def kinds(findings: RunFindings) -> list[str]:
    """What kinds of faults, each once."""
    return sorted({fault.kind for fault in findings.faults})


def rewrite(record: Record, old: bytes, new: bytes) -> Record:
    """With other words in its value."""
    assert record.value is not None
    assert old in record.value
    return replace(record, value=record.value.replace(old, new))
