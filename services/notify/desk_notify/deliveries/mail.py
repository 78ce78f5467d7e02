"""What a message looks like as mail (RFC 5322), threaded by its ticket and marked as automatic."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from desk_contracts.ids import derive_id
from desk_contracts.mail_addresses import MailAddress

from desk_notify.deliveries.decide import derive_mail_id
from desk_notify.deliveries.mail_headers import mailbox, write_unstructured
from desk_notify.deliveries.model import Dispatch

# Quoted-printable, so that servers without 8BITMIME take it too.
_POLICY = SMTP.clone(cte_type="7bit")

# RFC 3834 and what Exchange understands: no out-of-office reply to us, so no loop of machines.
_AUTOMATIC = b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")


def mail_of(
    dispatch: Dispatch, channel: str, to: MailAddress, sender: MailAddress, name: str
) -> bytes:
    """The mail; every attempt gives the same Message-ID, so a copy can be told from deferred."""
    thread = dispatch.thread
    if not _ID.fullmatch(thread):
        thread = derive_id(thread, "thread")
    root = f"<thread-{thread}@{sender.domain}>"
    head = [
        mailbox("From", name, str(sender)),
        mailbox("To", "", str(to)),
        write_unstructured("Subject", dispatch.title),
        write_unstructured("Message-ID", f"<{derive_mail_id(dispatch, channel)}@{sender.domain}>"),
        write_unstructured("Date", format_datetime(dispatch.happened_at)),
        write_unstructured("In-Reply-To", root),
        write_unstructured("References", root),
        _AUTOMATIC,
    ]
    # Half an emoji cannot be sent; all else of the text can.
    text = EmailMessage(policy=_POLICY)
    text.set_content(dispatch.body.encode(errors="replace").decode() + "\n")
    return b"".join(head) + text.as_bytes()
