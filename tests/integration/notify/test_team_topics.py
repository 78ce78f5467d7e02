"""A team that the charter adds: its topic is made here, and elsewhere health names the command."""

import shutil
from pathlib import Path

import pytest
from desk_charter import CharterSource
from desk_contracts.topics import team_topic
from desk_notify.subscriptions.worker import TeamTopics
from desk_platform.clock import SystemClock
from desk_platform.health import Health, State
from desk_platform.kafka.topic_reader import list_topic_names
from desk_platform.settings import Environment, KafkaSettings, ServiceSettings

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]
NEW = (
    "  - {name: printing, title: P, zone: Europe/Berlin, members: [{id: printing-1, name: Pia}]}\n"
)


async def test_a_new_teams_topic_is_made_here_and_asked_for_elsewhere(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    folder = tmp_path / "charter"
    shutil.copytree(ROOT / "charter", folder)
    brokers, health = KafkaSettings(bootstrap=kafka), Health(SystemClock())
    charter = CharterSource(folder, SystemClock())

    def watch(environment: Environment) -> TeamTopics:
        settings = ServiceSettings(environment=environment, kafka=brokers, topic_prefix=prefix)
        return TeamTopics(charter, settings, health, SystemClock())

    def state() -> tuple[State, str]:
        (component,) = (item for item in health.components() if item.name == "team topics")
        return component.state, component.reason

    health.expect("team topics", required=False)
    await watch(Environment.LOCAL).look()
    assert state() == (State.READY, "all 7 teams have theirs")
    with (folder / "teams.yaml").open("a", encoding="utf-8") as teams:
        teams.write(NEW)
    assert await charter.refresh()
    await watch(Environment.PROD).look()
    assert state()[0] is State.DEGRADED
    assert "desk.notifications.printing" in state()[1]
    assert "`desk topics apply`" in state()[1]
    assert prefix + team_topic("printing") not in await list_topic_names(brokers)
    await watch(Environment.LOCAL).look()
    assert state() == (State.READY, "all 8 teams have theirs")
    assert prefix + team_topic("printing") in await list_topic_names(brokers)
