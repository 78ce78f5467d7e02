"""Who may be mailed, and how often: the desk carries strangers' words to nobody it does not know.

A request can name any address as its requester. Mail goes to whom the charter names and to the
domains that the settings list; to one person at most so many mails in an hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.frozen import Frozen
from desk_contracts.mail_addresses import MAILTO, BadAddress, MailAddress, address_in, read_address
from desk_contracts.message import Message, message

from desk_notify.deliveries.model import Dispatch
from desk_notify.subscriptions.model import Directory

SPAN = timedelta(hours=1)


class Mailed(Frozen):
    """One mail, by the id that all its attempts share."""

    id: str
    at: datetime


class Mailbox(Frozen):
    """What one person was mailed of late."""

    recent: tuple[Mailed, ...] = ()


@dataclass(frozen=True, slots=True)
class MailRules:
    """Domains whose people may be mailed, `*.` for all below one; and the most in an hour."""

    domains: tuple[str, ...]
    per_hour: int


def is_of_team(dispatch: Dispatch, channel: str, directory: Directory) -> bool:
    """Whether a reviewed file names this very channel for the recipient."""
    profile = directory.teams.get(dispatch.recipient)
    return profile is not None and channel in profile.channels


def refusal(channel: str, directory: Directory, rules: MailRules) -> Message | None:
    """Why nobody there is mailed; None if they may be."""
    try:
        address = read_address(address_in(channel))
    except BadAddress:
        return None  # the channel says what is wrong with it
    domains, profiles = rules.domains, directory.teams.values()
    channels = (channel for profile in profiles for channel in profile.channels)
    mails = [address_in(channel) for channel in channels if channel.startswith(MAILTO)]
    of_organisation = {name_mailbox(mail) for mail in (*mails, *directory.mails.values())}
    is_listed = any(
        address.domain.endswith(domain[1:]) if domain.startswith("*.") else address.domain == domain
        for domain in domains
    )
    if is_listed or _key(address) in of_organisation:
        return None
    return message("delivery.unknown-address", address=str(address), domain=address.domain)


def name_mailbox(channel: str) -> str:
    """The id of a person's mailbox, the same in all letter cases."""
    try:
        return _key(read_address(address_in(channel)))
    except BadAddress:
        return address_in(channel)[:200]


def count_mail(box: Mailbox | None, mail: str, per_hour: int, now: datetime) -> Mailbox | None:
    """The mailbox with one more mail; None if it is full. An attempt more is no mail more."""
    recent = tuple(item for item in (box or Mailbox()).recent if item.at > now - SPAN)
    if any(item.id == mail for item in recent):
        return Mailbox(recent=recent)
    if len(recent) >= per_hour:
        return None
    return Mailbox(recent=(*recent, Mailed(id=mail, at=now)))


def _key(address: MailAddress) -> str:
    return str(address).lower()
