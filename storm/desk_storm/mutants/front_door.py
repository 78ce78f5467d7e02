"""Lines of the catalogue, of mail and of recoveries, changed."""

from desk_storm.mutants.mutant import Mutant

_RECOVERY = "services/intake/desk_intake/recovery"
_APPROVALS = "services/intake/desk_intake/tickets/approvals.py"
_OPEN = ("--front-door",)
# What came of a token may be recorded a minute after its use.
_OPEN_LONGER = ("--front-door", "--settle", "110")

MUTANTS = (
    Mutant(
        "a token that is in use is used again",
        "token-is-used-once",
        f"{_RECOVERY}/decide.py",
        "        and recovery.phase is Phase.ISSUED\n",
        "        and recovery.phase is not Phase.IN_DOUBT\n",
        together="M",
        weather=_OPEN,
    ),
    Mutant(
        "a token is written to the log",
        "no-secret-is-kept",
        f"{_RECOVERY}/worker.py",
        "        secret = secrets.token_urlsafe(SECRET_BYTES)\n",
        "        secret = secrets.token_urlsafe(SECRET_BYTES)\n"
        # Under a name like `token` the log would hide it.
        '        log.warning("recovery_issued", given=secret)\n',
        together="M",
        weather=_OPEN,
    ),
    Mutant(
        "an answer by mail does not find the mail that it answers",
        "mail-is-one-ticket",
        "services/intake/desk_intake/mail/worker.py",
        "records = await self.mails.load([id_of(item) for item in claims.mails])",
        "records = await self.mails.load([item for item in claims.mails])",
        together="M",
        also=("answer-by-mail-is-one-comment",),
        weather=_OPEN,
    ),
    Mutant(
        "an order is somebody else's",
        "accepted-order-is-one-ticket",
        "services/intake/desk_intake/catalogue/decide.py",
        "        requester=asker.person,\n",
        '        requester=f"{asker.person}-2",\n',
        together="M",
        weather=_OPEN,
    ),
    Mutant(
        "a vote is recorded as that of who ordered",
        "vote-counts-once",
        _APPROVALS,
        "        by=by, digest=digest, is_granted=is_granted, reason=statement.reason\n",
        "        by=about.person, digest=digest, is_granted=is_granted, reason=statement.reason\n",
        together="M",
        also=("order-has-its-end",),
        weather=_OPEN,
    ),
    Mutant(
        "the work begins and nobody says that the approval is over",
        "approval-ends-once-and-before-the-work",
        _APPROVALS,
        "            TicketApprovalConcluded(outcome=ApprovalOutcome.APPROVED, digest=digest),\n",
        "",
        together="N",
        weather=_OPEN_LONGER,
    ),
    Mutant(
        "a runbook that has ended is told as begun",
        "end-of-an-order-is-said-once",
        "services/intake/desk_intake/tickets/fulfilment.py",
        "        status=status, runbook=fulfilment.runbook, run=run, explanation=why\n",
        "        status=FulfilmentStatus.STARTED, runbook=fulfilment.runbook, run=run,"
        " explanation=why\n",
        together="N",
        weather=_OPEN_LONGER,
    ),
    Mutant(
        "a new password is told as set and is not",
        "told-as-done-is-changed",
        f"{_RECOVERY}/worker.py",
        "effect = await self._around.directory.set_password(recovery.subject, password)",
        "effect = Effect.DONE",
        together="N",
        weather=_OPEN_LONGER,
    ),
    Mutant(
        "what came of a token is recorded for somebody else",
        "use-of-a-token-is-one-ticket",
        f"{_RECOVERY}/decide.py",
        "        requester=recovery.person,\n",
        '        requester=f"{recovery.person}-2",\n',
        together="N",
        weather=_OPEN_LONGER,
    ),
)
