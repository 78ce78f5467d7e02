"""Mail to the desk: a taken one is one ticket or one comment on its ticket, and never two."""

from collections import Counter
from collections.abc import Iterator

from desk_contracts.events import tickets as life

from desk_storm.history import History
from desk_storm.laws.law import Finding, law


@law
def mail_is_one_ticket(history: History) -> Iterator[Finding]:
    """A person's conversation is one ticket, however often and where its mails were handed over."""
    opened = Counter(item.event.data.requester for item in history.of(life.TicketOpened))
    for letter in history.books.letters:
        if letter.follows:
            continue
        least, count = int(letter.is_taken), opened[letter.sender]
        if not least <= count <= 1:
            word = "was taken" if letter.is_taken else "was not taken"
            yield letter.sender, f"'{letter.subject}' {word} and is {count} tickets"


@law
def answer_by_mail_is_one_comment(history: History) -> Iterator[Finding]:
    """It stands on the ticket of the mail that it answers, once."""
    owners = {
        item.event.subject: item.event.data.requester for item in history.of(life.TicketOpened)
    }
    comments = Counter(
        (owners.get(item.event.subject, ""), item.event.data.text.strip())
        for item in history.of(life.TicketCommented)
    )
    for letter in history.books.letters:
        if not letter.follows:
            continue
        least, count = int(letter.is_taken), comments[letter.sender, letter.text]
        if not least <= count <= 1:
            word = "was taken" if letter.is_taken else "was not taken"
            yield letter.sender, f"'{letter.text}' {word} and stands {count} times on its ticket"


LAWS = (mail_is_one_ticket, answer_by_mail_is_one_comment)
