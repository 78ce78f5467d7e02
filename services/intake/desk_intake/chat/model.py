"""What somebody said in chat, whichever program carried it."""

from enum import StrEnum

from desk_contracts.frozen import Frozen


class ChatLine(Frozen):
    """One line to the desk: `id` is the call's own, the same when it is sent again.

    `can_answer` is False where nobody reads what is answered to the call.
    """

    id: str
    user: str
    text: str
    can_answer: bool = True


class Challenge(Frozen):
    """Slack asks whether somebody is there, and wants its word back."""

    word: str


class ChatAction(StrEnum):
    """What a line wants."""

    OPEN = "open"
    STATE = "state"
    COMMENT = "comment"
    HELP = "help"


class ChatCommand(Frozen):
    """A line as the desk understands it."""

    action: ChatAction
    ticket: str = ""
    text: str = ""
