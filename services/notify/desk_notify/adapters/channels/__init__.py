"""Channels besides Kafka and the log, by the schemes of their URLs."""

from desk_platform.plugins import Registry

from desk_notify.adapters.channels.smtp import SMTP_KIND
from desk_notify.deliveries.channel import ChannelKind

__all__ = ["CHANNELS"]

CHANNELS: Registry[ChannelKind] = Registry("desk.channels", {"mailto": SMTP_KIND})
