"""What became of each mail: one document each, under what it is known by."""

from desk_platform.store import Schema

from desk_intake.mail.model import MailRecord

MAILS = Schema(
    collection="mails",
    model=MailRecord,
    facets=lambda mail: {"outcome": mail.outcome.value, "newest": -int(mail.at.timestamp() * 1000)},
    searched=(("outcome", "newest"),),
    kept="one for each mail, always: a copy that comes late makes no second ticket",
)
