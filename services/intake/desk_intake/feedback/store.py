"""How what people say of the desk is kept: it changes by their calls alone."""

from desk_platform.store import Schema

from desk_intake.feedback.decide import Feedback

FEEDBACK = Schema(
    collection="feedback",
    model=Feedback,
    kept="one for each matter that was judged, always: the last word counts",
)
