"""Mail: what is said of each delivery, against the mail server's own book."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from desk_storm.books import Mail
from desk_storm.history import History
from desk_storm.laws.law import Finding, law

# Who takes a mail and dies before it is written down leaves it to others; they wait so long.
_LEASE = timedelta(seconds=30)


def _by_id(history: History) -> dict[str, list[Mail]]:
    mails: dict[str, list[Mail]] = defaultdict(list)
    for mail in sorted(history.books.mails, key=lambda entry: entry.at):
        mails[mail.id].append(mail)
    return mails


@law
def mail_is_taken_once(history: History) -> Iterator[Finding]:
    """A mail that was answered with yes is not sent again, unless who sent it was struck down."""
    for id, mails in _by_id(history).items():
        answered = [mail for mail in mails if mail.whole and mail.answer == "250"]
        again = [mail for mail in mails if mail.whole and answered and mail.at > answered[0].at]
        if again and not history.was_disturbed("", answered[0].at - _LEASE, again[0].at):
            text = f"{answered[0].recipient} got it at {answered[0].at} and again at {again[0].at}"
            yield id, text


@law
def sent_means_taken_whole(history: History) -> Iterator[Finding]:
    """A delivery that is told as sent is in the server's book as a whole message."""
    mails = _by_id(history)
    for delivery in history.books.deliveries:
        if (
            delivery.mail
            and delivery.state == "sent"
            and not any(m.whole for m in mails.get(delivery.mail, []))
        ):
            yield (
                delivery.mail,
                f"{delivery.channel} is told as sent; the server never took it whole",
            )


@law
def taken_whole_is_not_failed(history: History) -> Iterator[Finding]:
    """What the server took is never told as failed, nor as never tried."""
    mails = _by_id(history)
    for delivery in history.books.deliveries:
        taken = [mail for mail in mails.get(delivery.mail, []) if mail.whole]
        if delivery.mail and taken and delivery.state in ("failed", "held_back"):
            yield (
                delivery.mail,
                f"{delivery.channel} is told as {delivery.state}; it was taken at {taken[0].at}",
            )


@law
def unknown_means_the_line_broke(history: History) -> Iterator[Finding]:
    """Unknown is said only where a text was on its way, or who carried it was struck down."""
    mails = _by_id(history)
    for delivery in history.books.deliveries:
        if not delivery.mail or delivery.state != "unknown" or delivery.changed_at is None:
            continue
        seen = mails.get(delivery.mail, [])
        # A full answer, yes or no, leaves nothing unknown.
        is_doubtful = any(not mail.answer.isdigit() for mail in seen)
        if not is_doubtful and not history.was_disturbed(
            "", history.books.began, delivery.changed_at
        ):
            yield (
                delivery.mail,
                f"{delivery.channel} is told as unknown; the server answered all or saw none",
            )


@law
def mail_has_a_delivery(history: History) -> Iterator[Finding]:
    """Every mail that the server has is one that the desk knows of."""
    ids = {delivery.mail for delivery in history.books.deliveries}
    for id, mails in _by_id(history).items():
        if ids and id not in ids and mails[0].at < history.closing:
            yield id, f"{mails[0].recipient} was mailed; no delivery is told of it"


LAWS = (
    mail_is_taken_once,
    sent_means_taken_whole,
    taken_whole_is_not_failed,
    unknown_means_the_line_broke,
    mail_has_a_delivery,
)
