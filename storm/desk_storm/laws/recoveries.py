"""Recovery of accounts: what the directory says, against what people were told and tickets say."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta

from desk_contracts.events import tickets as life

from desk_storm.books import Redemption
from desk_storm.history import History
from desk_storm.laws.law import Finding, law

_DONE = "done"
# A use whose replica died is given up after a minute; then its ticket is written.
_RECORDED_WITHIN = timedelta(seconds=100)


@law
def token_is_used_once(history: History) -> Iterator[Finding]:
    """Of many uses of a token one is done, and a person's password changes once a token at most."""
    done: Counter[str] = Counter()
    tokens: dict[str, set[str]] = defaultdict(set)
    for use in history.books.redemptions:
        done[use.token] += use.outcome == _DONE
        tokens[use.person].add(use.token)
    for token, count in done.items():
        if count > 1:
            yield token, f"{count} uses of one token were told as done"
    for account in history.books.accounts:
        if account.changes > len(tokens[account.person]):
            count = len(tokens[account.person])
            yield account.person, f"{account.changes} changes by {count} tokens"


@law
def told_as_done_is_changed(history: History) -> Iterator[Finding]:
    """Done is said, to the person and on the ticket, only where the directory has it."""
    changed = {account.person for account in history.books.accounts if account.changes}
    for use in history.books.redemptions:
        if use.outcome == _DONE and use.person not in changed:
            yield use.person, f"was told at {use.answered_at} that it is done; nothing was changed"
    people = {account.person for account in history.books.accounts}
    owners = {it.event.subject: it.event.data.requester for it in history.of(life.TicketOpened)}
    for item in history.of(life.TicketResolved):
        person = owners.get(item.event.subject, "")
        is_told = item.event.data.how is life.How.SELF_SERVICE and person in people
        if is_told and person not in changed:
            yield person, f"{item.event.subject} says that it is done; nothing was changed"


@law
def use_of_a_token_is_one_ticket(history: History) -> Iterator[Finding]:
    """What came of a token stands on one ticket; one that is never used opens none."""
    opened = Counter(item.event.data.requester for item in history.of(life.TicketOpened))
    uses: dict[str, list[Redemption]] = defaultdict(list)
    for use in history.books.redemptions:
        uses[use.person].append(use)
    for account in history.books.accounts:
        mine, count = uses[account.person], opened[account.person]
        most = len({use.token for use in mine})
        is_settled = all(use.at < history.books.ended - _RECORDED_WITHIN for use in mine)
        has_outcome = account.changes > 0 or any(use.outcome for use in mine)
        if count > most or (has_outcome and is_settled and not count):
            yield account.person, f"used {most} tokens, {account.changes} changes, {count} tickets"


@law
def accepted_ask_is_mailed(history: History) -> Iterator[Finding]:
    """Who was told that a mail is on its way gets one, whichever replica dies over it."""
    for account in history.books.accounts:
        if account.mailed_at is None:
            yield account.person, "was told that a mail is on its way; none ever came"


@law
def no_secret_is_kept(history: History) -> Iterator[Finding]:
    """No password and no token is in an event, a dead letter, a log or a metric."""
    for leak in history.books.leaks:
        yield leak.secret, f"is in {leak.place}"


LAWS = (
    token_is_used_once,
    told_as_done_is_changed,
    use_of_a_token_is_one_ticket,
    accepted_ask_is_mailed,
    no_secret_is_kept,
)
