"""Where a consumer puts records that it cannot handle: a retry topic, or dead letters."""

from collections.abc import Sequence

from desk_contracts import Message
from desk_contracts.errors import Rejected
from desk_contracts.topics import RETRY

from desk_platform.clock import Clock
from desk_platform.kafka.consumer_meters import ConsumerMeters
from desk_platform.kafka.dead_letter_budget import Budget
from desk_platform.kafka.producer import Publisher, Unpublished
from desk_platform.kafka.records import Failure, reroute, shorten
from desk_platform.telemetry import get_logger

log = get_logger()


class SideTopics:
    """Those of one owner. Raises what the budget raises before anything is put there."""

    def __init__(
        self,
        owner: str,
        prefix: str,
        publisher: Publisher,
        budget: Budget,
        meters: ConsumerMeters,
        clock: Clock,
    ) -> None:
        self._owner, self._prefix, self._publisher = owner, prefix, publisher
        self._budget, self._meters, self._clock = budget, meters, clock

    async def take(self, failures: Sequence[Failure]) -> None:
        """Retry topic or dead letter; a refusal by the business is an outcome, not a failure."""
        now, letters = self._clock.now(), []
        for failure in failures:
            if isinstance(failure.error, Rejected):
                log.info("event_rejected", group=self._owner, reason=str(failure.error))
            else:
                letters.append((failure, reroute(failure, self._owner, now, self._prefix)))
        self._budget.spend((failure.about, failure.error) for failure, _ in letters)
        await self._publish([message for _, message in letters])
        for failure, message in letters:
            self._report(failure, message.topic)

    async def _publish(self, messages: Sequence[Message]) -> None:
        """A record that its side topic finds too large is truncated further: something is kept."""
        try:
            await self._publisher.publish(messages)
        except Unpublished as error:
            reasons = error.reasons
            large = [n for n, reason in reasons.items() if reason.kind == "message-too-large"]
            if len(large) < len(reasons):
                raise
            await self._publisher.publish([shorten(messages[n]) for n in large])

    def _report(self, failure: Failure, target: str) -> None:
        code = getattr(failure.error, "kind", "bug")
        where = f"{failure.raw.topic}/{failure.raw.partition}/{failure.raw.offset}"
        self._meters.count_failure(target, code)
        if target.endswith(RETRY):
            log.warning("record_parked", to=target, record=where, reason=str(failure.error))
            return
        bug = failure.error if code == "bug" else None
        log.error("record_dead", to=target, record=where, reason=str(failure.error), exc_info=bug)
