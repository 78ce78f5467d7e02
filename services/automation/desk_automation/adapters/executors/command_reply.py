"""What a command answered: its exit code, and as much of its output as is read."""

from dataclasses import dataclass, field

from desk_contracts.message import Param, message

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.command import CommandAction
from desk_automation.actions.model import Attempt
from desk_automation.actions.redaction import redact
from desk_automation.adapters.executors.http_reply import MAX_ANSWER, Reply, body_of
from desk_automation.adapters.executors.judgement import judge
from desk_automation.adapters.executors.sending import Hide
from desk_automation.conditions.expression import Undecided


@dataclass(slots=True)
class Output:
    """The beginning of what a stream shown; the rest is read and dropped."""

    raw: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def add(self, part: bytes) -> None:
        """Keep what there is room for."""
        room = MAX_ANSWER - len(self.raw)
        self.raw += part[:room]
        self.is_cut = self.is_cut or len(part) > room


@dataclass(slots=True)
class CommandReply:
    """How a command ended. `code` is None where a signal ended it, or nobody knows."""

    code: int | None = None
    signal: str = ""
    out: Output = field(default_factory=Output)
    errors: Output = field(default_factory=Output)


def answer_of(attempt: Attempt, action: CommandAction, reply: CommandReply, hide: Hide) -> Answer:
    """0 is done; a code that the runbook names had no effect; of any other nobody can tell."""
    body = body_of(Reply(reply.code or 0, raw=reply.out.raw, is_cut=reply.out.is_cut))
    errors = reply.errors.raw.decode(errors="replace")
    text = redact(hide("\n".join(part for part in (body.text.strip(), errors.strip()) if part)))
    if reply.code is None:
        ended = message("answer.ended-by-signal", signal=reply.signal[:40], body=text)
        return Answer(Result.UNKNOWN, ended)
    shown: dict[str, Param] = {"status": reply.code, "body": text}
    reason = message("answer.exit-code", **shown)
    if reply.code in action.later:
        return Answer(Result.NOT_TAKEN, reason)
    if attempt.expect:
        verdict = judge(attempt.expect, reply.code, body, body.trouble)
        if isinstance(verdict, Undecided):
            why = hide(body.trouble or redact(verdict.reason))
            return Answer(Result.UNKNOWN, message("answer.not-judged", trouble=why, **shown))
        return Answer(Result.OK, reason, is_met=verdict)
    if reply.code == 0:
        return Answer(Result.OK, reason)
    return Answer(Result.REFUSED if reply.code in action.no_effect else Result.UNKNOWN, reason)
