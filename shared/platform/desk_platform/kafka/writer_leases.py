"""Whoever publishes for a silent replica of a writer holds its lease; who has none records nothing.

A replica that is cut off from the brokers, or frozen, says nothing and may live. In the store,
where it would record, it keeps a lease: while it does nobody publishes for it, and once it does
not any more it records nothing before it has published a watermark again.
"""

from datetime import timedelta

from desk_contracts.errors import DependencyDown
from desk_contracts.message import message

from desk_platform.clock import Clock
from desk_platform.kafka.open_moments import OpenMoments
from desk_platform.store.leases import Lease, Leases
from desk_platform.telemetry import get_logger

log = get_logger()

TERM = timedelta(seconds=10)
RENEWED_EVERY = timedelta(seconds=1)
# By how much the clocks of two replicas may differ: so much earlier the holder takes it for over.
SKEW = timedelta(seconds=2)


class WriterLeases:
    """The leases of the replicas that write one topic, as one of them sees them."""

    def __init__(
        self, topic: str, replica: str, leases: Leases, clock: Clock, moments: OpenMoments
    ) -> None:
        self._topic, self._replica = topic, replica
        self._leases, self._clock, self._moments = leases, clock, moments
        self._own: Lease | None = None

    async def take(self) -> None:
        """Take this replica's own lease; `DependencyDown` while another publishes for it."""
        self._own = await self._leases.acquire(self._name(self._replica), self._replica, TERM)
        if self._own is None:
            raise DependencyDown(
                message("request.not-recording"), dependency="store", code="not-recording"
            )
        self._moments.record_until(self._own.expires - SKEW)

    async def renew(self) -> bool:
        """Keep it for longer; False if somebody may have published for this replica meanwhile."""
        if self._own is None:
            return False
        self._own = await self._leases.renew(self._own, TERM)
        if self._own is None:
            log.warning("writer_lease_lost", replica=self._replica)
            return False
        self._moments.record_until(self._own.expires - SKEW)
        return True

    async def give_up(self) -> None:
        """Leave nothing behind: this replica has published its last watermark."""
        if self._own is not None:
            await self._leases.forget(self._own)
            self._own = None

    async def of_silent(self, replica: str) -> Lease | None:
        """The right to publish for another replica; None while that one lives, if only silently."""
        return await self._leases.acquire(self._name(replica), self._replica, TERM)

    async def forget(self, lease: Lease) -> None:
        """It was published for; one that lives after all takes a new one."""
        await self._leases.forget(lease)

    def _name(self, replica: str) -> str:
        return f"writer {self._topic} {replica}"
