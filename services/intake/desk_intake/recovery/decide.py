"""Who may ask how often, when a token is good, and what is known once it was used."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.accounts import Account, Effect
from desk_contracts.events.tickets import (
    Channel,
    How,
    Role,
    TicketAssigned,
    TicketCommented,
    TicketOpened,
    TicketResolved,
)
from desk_contracts.events.tickets import Kind as TicketKind
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_kernel import Decision

from desk_intake.recovery.model import (
    Ask,
    AskQueue,
    Kind,
    Phase,
    Recent,
    Recovery,
    digest_of,
    recovery_of,
)

WINDOW = timedelta(hours=1)
PER_ACCOUNT, PER_ADDRESS = 3, 20  # desk-skip: mutate one more or less bounds as well
# More wait in no queue and are counted in none; with 1024 queues that is a flood.
_MOST_WAITING, _MOST_RECENT = 50, 500
# So long one replica has for the asks of a queue, and for one use of a token. The directory and
# the mail server have 10 s each.
HELD, USING = timedelta(seconds=60), timedelta(seconds=60)
VALID = timedelta(minutes=30)
_MOST_TRIES = 5
# NIST SP 800-63B-4, section 3.1.1.2: 15 where the password stands alone; length is what counts.
SHORTEST, LONGEST = 15, 256
_LEAST_DIFFERENT = 5
DESK = "desk"
RECOVERED: Mapping[Kind, Message] = {
    "password": message("resolution.recovery-password"),
    "unlock": message("resolution.recovery-unlock"),
}
IN_DOUBT: Mapping[Kind, Message] = {
    "password": message("recovery.password-in-doubt"),
    "unlock": message("recovery.unlock-in-doubt"),
}
TITLES: Mapping[Kind, Message] = {
    "password": message("recovery.title-password"),
    "unlock": message("recovery.title-unlock"),
}
_DOUBT: Mapping[Kind, Message] = {
    "password": message("comment.recovery-password-in-doubt"),
    "unlock": message("comment.recovery-unlock-in-doubt"),
}


def count_call(queue: AskQueue | None, address: str, now: datetime) -> tuple[AskQueue, bool]:
    """One more call from an address, and whether it is one too many."""
    queue, digest = queue or AskQueue(), digest_of(address)
    recent = _lately(queue, now)
    is_too_many = sum(item.digest == digest for item in recent) >= PER_ADDRESS
    if not is_too_many:
        recent = (*recent, Recent(digest=digest, at=now))[-_MOST_RECENT:]
    update = {"recent": recent, "writes": queue.writes + 1}
    return queue.model_copy(update=update), is_too_many


def enqueue(queue: AskQueue | None, ask: Ask, now: datetime) -> Decision[AskQueue]:
    """The ask waits, unless its account was asked for too often; nobody learns which."""
    queue, digest = queue or AskQueue(), digest_of(ask.login)
    recent, waiting = _lately(queue, now), queue.waiting
    is_too_many = sum(item.digest == digest for item in recent) >= PER_ACCOUNT
    if not is_too_many and len(waiting) < _MOST_WAITING:
        recent = (*recent, Recent(digest=digest, at=now))[-_MOST_RECENT:]
        waiting = (*waiting, ask)
    update = {"recent": recent, "waiting": waiting, "writes": queue.writes + 1}
    due = max(now, queue.held_until or now) if waiting else None
    return Decision(queue.model_copy(update=update), due=due)


def _lately(queue: AskQueue, now: datetime) -> tuple[Recent, ...]:
    return tuple(item for item in queue.recent if item.at > now - WINDOW)


def hold(queue: AskQueue | None, holder: str, now: datetime) -> Decision[AskQueue] | None:
    """One replica looks at what waits; None if another does, or nothing waits."""
    if queue is None or not queue.waiting:
        return None
    if queue.held_until is not None and queue.held_until > now:
        return None
    until = now + HELD
    return Decision(queue.model_copy(update={"holder": holder, "held_until": until}), due=until)


def finish(
    queue: AskQueue | None, holder: str, done: frozenset[str], now: datetime
) -> Decision[AskQueue] | None:
    """What was looked at is forgotten; the rest is looked at again, by whoever comes first."""
    if queue is None or queue.holder != holder:
        return None
    waiting = tuple(ask for ask in queue.waiting if ask.id not in done)
    update = {"waiting": waiting, "holder": "", "held_until": None}
    # What could not be looked at now is tried again when its directory may be back.
    failed_at = now + timedelta(seconds=5) if waiting else None
    return Decision(queue.model_copy(update=update), due=failed_at)


def issue(
    recovery: Recovery | None, account: Account, ask: Ask, digest: str, now: datetime
) -> Decision[Recovery] | None:
    """A new token instead of any earlier one; none while one is being used or recorded."""
    if recovery is not None and (recovery.phase is Phase.USING or not recovery.is_recorded):
        return None
    if ask.at + VALID <= now:  # asked so long ago that nobody waits for it any more
        return None
    after = Recovery(
        id=recovery_of(account, ask.kind),
        account=account.id,
        person=account.person,
        mail=account.mail,
        login=account.login,
        kind=ask.kind,
        language=ask.language,
        digest=digest,
        number=recovery.number + 1 if recovery else 1,
        expires_at=now + VALID,
        at=now,
    )
    return Decision(after)


def why_no_password(password: str) -> Message | None:
    """What is wrong with a new password before any directory is asked; None if nothing is."""
    if len(password) < SHORTEST:
        return message("field.password-too-short", least=SHORTEST)
    if len(password) > LONGEST:
        return message("field.password-too-long", most=LONGEST)
    if len(set(password.casefold())) < _LEAST_DIFFERENT:
        return message("field.password-guessable")
    return None


def is_good(recovery: Recovery | None, secret: str, kind: Kind, now: datetime) -> bool:
    """Whether the token can be used now. Every reason why not is answered in the same way."""
    digest = recovery.digest if recovery else ""
    is_same = hmac.compare_digest(digest, digest_of(secret))
    return (
        recovery is not None
        and is_same
        and recovery.kind == kind
        and recovery.phase is Phase.ISSUED
        and recovery.tries < _MOST_TRIES
        and now < recovery.expires_at
    )


def claim(
    recovery: Recovery | None, secret: str, kind: Kind, holder: str, now: datetime
) -> Decision[Recovery] | None:
    """The token is in use, by one call only; None if it cannot be used."""
    if recovery is None or not is_good(recovery, secret, kind, now):
        return None
    update = {
        "phase": Phase.USING,
        "claim": holder,
        "tries": recovery.tries + 1,
        "at": now,
        "is_recorded": False,
    }
    return Decision(recovery.model_copy(update=update), due=now + USING)


def release(
    recovery: Recovery | None, holder: str, effect: Effect | None, now: datetime
) -> Decision[Recovery] | None:
    """What came of the use. `None` as effect: surely nothing, and it was not the directory's no."""
    if recovery is None or recovery.claim != holder:
        return None
    if recovery.phase not in (Phase.USING, Phase.IN_DOUBT):
        return None
    if effect is Effect.DONE:
        return _end(recovery, Phase.DONE, now)
    if recovery.phase is Phase.IN_DOUBT:
        return None
    if effect is Effect.UNKNOWN:
        return _end(recovery, Phase.IN_DOUBT, now)
    update = {"phase": Phase.ISSUED, "claim": "", "at": now, "is_recorded": True}
    return Decision(recovery.model_copy(update=update))


def _end(recovery: Recovery, phase: Phase, now: datetime) -> Decision[Recovery]:
    update = {"phase": phase, "at": now, "digest": "", "is_recorded": False}
    return Decision(recovery.model_copy(update=update), due=now)


def give_up(recovery: Recovery | None, now: datetime) -> Decision[Recovery] | None:
    """Who used the token never said what came of it: nobody knows."""
    if recovery is None or recovery.phase is not Phase.USING or now < recovery.at + USING:
        return None
    return _end(recovery, Phase.IN_DOUBT, now)


def mark_recorded(recovery: Recovery | None, phase: Phase) -> Decision[Recovery] | None:
    """Its ticket exists."""
    if recovery is None or recovery.phase is not phase or recovery.is_recorded:
        return None
    return Decision(recovery.model_copy(update={"is_recorded": True}))


def ticket_of(recovery: Recovery) -> str:
    """The one ticket for one use."""
    return derive_id(recovery.id, "ticket-of-recovery", recovery.number)


def record_outcome(recovery: Recovery, code: str, team: str, title: str) -> list[Payload]:
    """The ticket: resolved where it was done, with a team that looks where nobody knows."""
    opened = TicketOpened(
        code=code,
        kind=TicketKind.REQUEST,
        title=title,
        requester=recovery.person,
        channel=Channel.PORTAL,
        language=recovery.language,
    )
    if recovery.phase is Phase.DONE:
        done = RECOVERED[recovery.kind]
        return [opened, TicketResolved(by=DESK, how=How.SELF_SERVICE, resolution=done)]
    doubt = TicketCommented(
        by=DESK,
        role=Role.SYSTEM,
        message=_DOUBT[recovery.kind],
        automatic=True,
    )
    why = message("routing.recovery-in-doubt")
    return [opened, doubt, TicketAssigned(team=team, explanation=(why,))]


def correct_outcome(recovery: Recovery) -> list[Payload]:
    """The answer came after all: it was done."""
    done = RECOVERED[recovery.kind]
    return [TicketResolved(by=DESK, how=How.SELF_SERVICE, resolution=done)]
