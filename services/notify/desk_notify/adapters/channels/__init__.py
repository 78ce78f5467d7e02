"""Channels besides Kafka and the log, by the schemes of their URLs."""

from collections.abc import Iterator

from desk_charter import Charter, Problem
from desk_platform.plugins import Registry

from desk_notify.adapters.channels.smtp import SMTP_KIND
from desk_notify.deliveries.channel import ChannelKind
from desk_notify.deliveries.decide import LOG, scheme_of

__all__ = ["CHANNELS", "find_unserved"]

CHANNELS: Registry[ChannelKind] = Registry("desk.channels", {"mailto": SMTP_KIND})


def find_unserved(charter: Charter) -> Iterator[Problem]:
    """Channels of teams that no installed kind serves: the charter is in force without them."""
    served = {scheme_of(LOG), *CHANNELS.kinds}
    for team in charter.teams:
        for index, channel in enumerate(team.channels):
            if scheme_of(channel) not in served:
                sentence = f"nothing serves {channel} yet; there are {', '.join(sorted(served))}"
                yield Problem.at("teams", team.name, "channels", index, sentence=sentence)
