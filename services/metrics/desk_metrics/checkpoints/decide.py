"""When a checkpoint is taken, and what it says. Pure; it has no key and judges no seal."""

from datetime import datetime, timedelta
from typing import Final

from desk_contracts import Event
from desk_contracts.chain import Seal, digest_checkpoint
from desk_contracts.events.checkpoints import ChainEnd, CheckpointTaken
from desk_contracts.ids import derive_id
from desk_contracts.names import METRICS_SOURCE
from desk_kernel import Decision

from desk_metrics.checkpoints.model import Chains

# As long can a transition be taken back unseen by who has the key; one event each minute at most.
EVERY: Final = timedelta(minutes=1)
# So many of the longest ends stay under an event's 64 KiB.
MOST: Final = 100


def note_end(id: str, chains: Chains | None, seal: Seal, now: datetime) -> Decision[Chains]:
    """A transition was read; a checkpoint follows at once if there are many, else in its time."""
    before = chains or Chains()
    earlier = before.ends.get(seal.chain)
    ends = before.ends
    if earlier is None or seal.number > earlier.number:
        end = ChainEnd(chain=seal.chain, number=seal.number, mac=seal.mac)
        ends = {**ends, seal.chain: end}
    since = before.since or now
    after = before.model_copy(update={"ends": ends, "since": since})
    return (
        take_checkpoint(id, after, now) if len(ends) >= MOST else Decision(after, (), since + EVERY)
    )


def take_checkpoint(id: str, chains: Chains, now: datetime) -> Decision[Chains]:
    """Publish the ends that were noted."""
    if not chains.ends:
        return Decision(chains)
    data = CheckpointTaken(
        number=chains.number + 1, previous=chains.previous, ends=tuple(chains.ends.values())
    )
    digest = digest_checkpoint(data)
    event = Event(derive_id(id, f"checkpoint/{digest}"), METRICS_SOURCE, id, now, data)
    return Decision(Chains(number=data.number, previous=digest), (event,))
