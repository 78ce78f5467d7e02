"""How the subjects of telemetry are stored and found."""

from desk_platform.store import Schema

from desk_triage.detection.model import Subject

SUBJECTS = Schema(
    "subjects",
    Subject,
    lambda subject: {"open": True} if subject.episodes else {},
    searched=(("open",),),
    brief=Subject.only_episodes,
)
