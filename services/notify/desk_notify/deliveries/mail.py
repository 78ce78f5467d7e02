"""What a message looks like as mail (RFC 5322), threaded by its ticket and marked as automatic."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from desk_contracts.ids import derive_id
from desk_contracts.mail_addresses import MailAddress
from desk_contracts.reply_tokens import write_reply_token
from pydantic import SecretStr

from desk_notify.deliveries.decide import derive_mail_id
from desk_notify.deliveries.mail_headers import mailbox, write_unstructured
from desk_notify.deliveries.model import Dispatch

# Quoted-printable, so that servers without 8BITMIME take it too.
_POLICY = SMTP.clone(cte_type="7bit")

# RFC 3834 and what Exchange understands: no out-of-office reply to us, so no loop of machines.
_AUTOMATIC = b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
# RFC 5321: what stands before an @.
_LONGEST_LOCAL = 64
_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The mailbox that answers go to, and what signs the tokens in them."""

    mailbox: MailAddress
    secret: SecretStr

    def headers(self, ticket: str) -> tuple[bytes, str]:
        """Where to answer, and a reference that names the ticket; mail programs keep both.

        The secret is asked for each time: one that lies in a file may have been replaced.
        """
        token = write_reply_token(self.secret.get_secret_value(), ticket)
        local, domain = self.mailbox.local, self.mailbox.domain
        has_room = token and len(local) + len(token) < _LONGEST_LOCAL
        address = f"{local}+{token}@{domain}" if has_room else str(self.mailbox)
        return mailbox("Reply-To", "", address), f" <{token}@{domain}>" if token else ""


def mail_of(
    dispatch: Dispatch,
    channel: str,
    to: MailAddress,
    sender: MailAddress,
    name: str,
    reply_to: ReplyTo | None = None,
) -> bytes:
    """The mail; every attempt gives the same Message-ID, so a copy can be told from deferred."""
    thread = dispatch.thread
    if not _ID.fullmatch(thread):
        thread = derive_id(thread, "thread")
    root = f"<thread-{thread}@{sender.domain}>"
    answers, token = reply_to.headers(dispatch.ticket) if reply_to else (b"", "")
    head = [
        mailbox("From", name, str(sender)),
        mailbox("To", "", str(to)),
        write_unstructured("Subject", dispatch.title),
        write_unstructured("Message-ID", f"<{derive_mail_id(dispatch, channel)}@{sender.domain}>"),
        write_unstructured("Date", format_datetime(dispatch.happened_at)),
        write_unstructured("In-Reply-To", root),
        write_unstructured("References", f"{root}{token}"),
        answers,
        _AUTOMATIC,
    ]
    # Half an emoji cannot be sent; all else of the text can.
    text = EmailMessage(policy=_POLICY)
    text.set_content(dispatch.body.encode(errors="replace").decode() + "\n")
    return b"".join(head) + text.as_bytes()
