"""Reads the seals of transitions as they come by; one document changes for a whole batch."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, names
from desk_contracts.chain import read_seal
from desk_contracts.topics import PARTITIONS
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection
from desk_platform.kafka.producer import hash_key
from desk_platform.store import Documents

from desk_metrics.checkpoints.decide import note_end, take_checkpoint
from desk_metrics.checkpoints.model import Chains


def chains_projection(documents: Documents[Chains]) -> Projection[Chains]:
    """By partition, so that each document has one writer; where a topic has fewer partitions than
    twelve, several documents belong to one. A repeat only says again what was true."""

    def keys(event: AnyEvent) -> Iterable[str]:
        if event.topic == names.AUTOMATION and event.seal:
            yield str(hash_key(event.subject.encode()) % PARTITIONS)

    def react(chains: Chains | None, event: AnyEvent, context: Context) -> Decision[Chains] | None:
        seal = read_seal(event.seal)
        return None if seal is None else note_end(context.id, chains, seal, context.now)

    def fire(chains: Chains | None, context: Context) -> Decision[Chains] | None:
        return None if chains is None else take_checkpoint(context.id, chains, context.now)

    return Projection(documents, keys, react, fire, is_exact=True)
