"""What a message looks like as mail (RFC 5322), threaded by its ticket and marked as automatic."""

from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote

from desk_shared.errors import Invalid

from desk_notify.domain.deliveries import MAIL, mail_id
from desk_notify.domain.model import Dispatch

# Quoted-printable, so that servers without 8BITMIME take it too.
_POLICY = SMTP.clone(cte_type="7bit")

# RFC 3834 and what Exchange understands: no out-of-office reply to us, so no loop of machines.
_AUTOMATIC: Mapping[str, str] = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
}


def address_of(channel: str) -> str:
    """The mail address of a `mailto:` URL, without the query that such a URL may have."""
    return unquote(channel.removeprefix(MAIL).partition("?")[0])


def mail_of(dispatch: Dispatch, channel: str, sender: str, name: str) -> EmailMessage:
    """The mail; every attempt gives the same Message-ID, so a copy can be told from news."""
    domain = sender.rpartition("@")[2]
    root = f"<thread-{dispatch.thread}@{domain}>"
    mail = EmailMessage(policy=_POLICY)
    try:
        mail["From"] = Address(name, addr_spec=sender)
        mail["To"] = Address(addr_spec=address_of(channel))
        mail["Subject"] = dispatch.title
        mail["Message-ID"] = f"<{mail_id(dispatch, channel)}@{domain}>"
    except (ValueError, IndexError, MessageError) as error:  # all of them say "no address"
        raise Invalid(f"no mail can be written to {channel}: {error}") from error
    mail["Date"] = dispatch.happened_at
    mail["In-Reply-To"] = root
    mail["References"] = root
    for header, value in _AUTOMATIC.items():
        mail[header] = value
    mail.set_content(dispatch.body + "\n")
    return mail
