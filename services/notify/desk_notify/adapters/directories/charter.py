"""The directory of the charter: its teams and members, their languages, zones and channels."""

from zoneinfo import ZoneInfo

from desk_charter import Charter, CharterSource
from desk_charter.slas import SLAS
from desk_contracts.events.sla import ClockName
from desk_contracts.messages import Language
from desk_contracts.text import plain_words

from desk_notify.settings import NotifySettings
from desk_notify.subscriptions.model import Directory, TeamProfile


class CharterDirectory:
    """The directory of the charter in force, made anew only when the charter changes."""

    def __init__(self, source: CharterSource, settings: NotifySettings) -> None:
        self._settings = settings
        self._take(source.current)
        source.on_change(self._take)

    def __call__(self) -> Directory:
        """As it is now."""
        return self._current

    def _take(self, charter: Charter) -> None:
        settings = self._settings
        self._current = read_directory(charter, settings.portal or "", settings.team_language)


def read_directory(charter: Charter, portal: str, language: Language) -> Directory:
    """The charter as messages need it; made once per charter.

    Services are found by title and name, as they may be written; a name counts before a title.
    """
    services = charter.services
    titled = {plain_words(service.title): service.owner for service in services}
    named = {plain_words(service.name): service.owner for service in services}
    exact = {service.name: service.owner for service in services}
    return Directory(
        teams={
            team.name: TeamProfile(
                team.name, team.title, ZoneInfo(team.zone), language, team.channels
            )
            for team in charter.teams
        },
        default_team=charter.routing.default_team,
        owners=titled | named | exact,
        confidential=charter.sight_of("", sees_all=False).hidden_services,
        service_titles={service.name: service.title for service in services},
        mails={m.id: m.mail for team in charter.teams for m in team.members if m.mail},
        portal=portal.rstrip("/"),
        has_response_policy=any(p.clock is ClockName.RESPONSE for p in charter.of(SLAS)),
    )
