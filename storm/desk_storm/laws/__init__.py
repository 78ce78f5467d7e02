"""The laws of a storm: what must be true of the books, whatever was done to the desk meanwhile."""

from desk_storm.books import Books
from desk_storm.history import History
from desk_storm.laws import (
    acts,
    letters,
    mails,
    messages,
    orders,
    outcomes,
    recoveries,
    resting,
    services,
    slas,
    tickets,
    topics,
    verdicts,
)
from desk_storm.laws.law import Broken, Law

LAWS: tuple[Law, ...] = (
    *topics.LAWS,
    *tickets.LAWS,
    *acts.LAWS,
    *outcomes.LAWS,
    *slas.LAWS,
    *verdicts.LAWS,
    *mails.LAWS,
    *messages.LAWS,
    *orders.LAWS,
    *letters.LAWS,
    *recoveries.LAWS,
    *services.LAWS,
    *resting.LAWS,
)

__all__ = ["LAWS", "Broken", "Law", "judge"]


def judge(books: Books) -> list[Broken]:
    """All that is broken in these books, by all laws."""
    history = History(books)
    return [broken for law in LAWS for broken in law(history)]
