"""Each team has a topic: one that the charter adds gets it here, or health says what makes it."""

from datetime import timedelta

from aiokafka.errors import KafkaError
from desk_charter import CharterSource
from desk_contracts.topics import LOCAL_PARTITIONS, notification_topics, side_topics
from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.heartbeat import beat
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.topic_reader import list_topic_names
from desk_platform.settings import Environment, ServiceSettings
from desk_platform.telemetry import get_logger

# So soon after a change of the charter its teams are looked at, and so often while topics miss.
_LOOK = timedelta(seconds=2)

log = get_logger()


class TeamTopics:
    """Watches over the topics of the charter's teams."""

    def __init__(
        self, charter: CharterSource, settings: ServiceSettings, health: Health, clock: Clock
    ) -> None:
        self._charter, self._settings = charter, settings
        self._health, self._clock = health, clock
        self._complete_for = ""

    async def run(self) -> None:
        """Look until cancelled; brokers are asked only while something may be missing."""
        while True:
            if self._charter.current.version != self._complete_for:
                await self.look()
            beat()
            await self._clock.sleep(_LOOK)

    async def look(self) -> None:
        """On one's own machine make what is missing; elsewhere that is an operator's to do."""
        charter = self._charter.current
        teams = sorted(team.name for team in charter.teams)
        try:
            there = await list_topic_names(self._settings.kafka)
            prefix, own = self._settings.topic_prefix, notification_topics(teams)
            every = (*own, *(side for topic in own for side in side_topics(topic)))
            missing = [topic for topic in every if prefix + topic.name not in there]
            if missing and self._settings.environment is Environment.LOCAL:
                await apply_topics(
                    self._settings.kafka, missing, prefix=prefix, partitions=LOCAL_PARTITIONS
                )
                log.info("team_topics_made", topics=[topic.name for topic in missing])
                missing = []
        except (KafkaError, OSError, RuntimeError) as error:
            # That the brokers are away is told by what needs them; here nothing is known.
            self._health.mark("team topics", State.DEGRADED, f"not known: {error!r}")
            return
        if missing:
            names = ", ".join(topic.name for topic in missing)
            reason = f"missing: {names}; make them with `desk topics apply`"
            self._health.mark("team topics", State.DEGRADED, reason)
            return
        self._complete_for = charter.version
        self._health.mark("team topics", State.READY, f"all {len(teams)} teams have theirs")
