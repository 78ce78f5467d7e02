"""Who may be mailed, and how often: the desk carries strangers' words to nobody it does not know.

A request can name any address as its requester. Mail goes to whom the charter names and to the
domains that the settings list; to one person at most so many mails in an hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_shared.events.message import Message, message
from desk_shared.frozen import Frozen
from desk_shared.mail_addresses import MAILTO, BadAddress, MailAddress, address_in, read_address

from desk_notify.domain.directory import Directory
from desk_notify.domain.model import Dispatch

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
    card = directory.teams.get(dispatch.recipient)
    return card is not None and channel in card.channels


def refusal(channel: str, directory: Directory, rules: MailRules) -> Message | None:
    """Why nobody there is mailed; None if they may be."""
    try:
        address = read_address(address_in(channel))
    except BadAddress:
        return None  # the channel says what is wrong with it
    if _is_listed(address, rules) or _key(address) in _known(directory):
        return None
    return message("delivery.unknown-address", address=str(address), domain=address.domain)


def mailbox_of(channel: str) -> str:
    """The id of a person's mailbox, the same in all letter cases."""
    try:
        return _key(read_address(address_in(channel)))
    except BadAddress:
        return address_in(channel)[:200]


def counted(box: Mailbox | None, mail: str, per_hour: int, now: datetime) -> Mailbox | None:
    """The mailbox with one more mail; None if it is full. An attempt more is no mail more."""
    recent = tuple(one for one in (box or Mailbox()).recent if one.at > now - SPAN)
    if any(one.id == mail for one in recent):
        return Mailbox(recent=recent)
    if len(recent) >= per_hour:
        return None
    return Mailbox(recent=(*recent, Mailed(id=mail, at=now)))


def _is_listed(address: MailAddress, rules: MailRules) -> bool:
    return any(
        address.domain.endswith(one[1:]) if one.startswith("*.") else address.domain == one
        for one in rules.domains
    )


def _known(directory: Directory) -> frozenset[str]:
    channels = (one for card in directory.teams.values() for one in card.channels)
    written = [address_in(one) for one in channels if one.startswith(MAILTO)]
    return frozenset(mailbox_of(one) for one in (*written, *directory.mails.values()))


def _key(address: MailAddress) -> str:
    return str(address).lower()
