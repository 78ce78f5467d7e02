"""What holds a runbook back: people who are asked first, rings, breakers, and what repeats."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from desk_charter.value_types import CharterModel, Duration, Slug, read_duration

Mode = Literal["observe", "suggest", "approve", "auto"]
# From the one that only looks to the one that asks nobody.
MODES: tuple[Mode, ...] = ("observe", "suggest", "approve", "auto")
ApproverRole = Literal["member", "owner", "operator"]
_DAY = timedelta(days=1)


class FleetGuard(CharterModel):
    """Many equal faults are one cause: then nothing is healed one by one."""

    more_than: int = Field(
        ge=1, le=1000, description="So many targets may show it within the time, and no more."
    )
    within: Duration = Field(description="Time in which they fell ill.")

    @model_validator(mode="after")
    def takes_time(self) -> Self:
        """Within no time there is nothing to count."""
        if self.within <= timedelta():
            raise ValueError("'within' is longer than nothing; write a time such as 15m")
        return self


class Rollout(CharterModel):
    """Many targets at once are met in rings. Each ring is twice as large as the one before, and
    opens when the cures of the one before are verified."""

    first: int = Field(default=1, ge=1, le=1000, description="How many targets the first ring has.")
    most: int = Field(default=64, ge=1, le=1000, description="No ring has more.")
    healed_percent: float = Field(
        default=100, gt=0, le=100, description="Share of a ring that must be healed to go on."
    )
    hold: Duration = Field(
        default=read_duration("10m"),
        description="So long the cures of a ring must last before the next one opens; the same "
        "trouble on one of its targets meanwhile counts as not healed.",
    )
    wait: Duration = Field(
        default=read_duration("24h"),
        description="Longest wait of a match for its ring; after it people get it.",
    )
    restart_after: Duration = Field(
        default=read_duration("24h"),
        description="After so long without a run it begins with the first ring again.",
    )

    @model_validator(mode="after")
    def grows(self) -> Self:
        """The first ring is the smallest."""
        if self.most < self.first:
            raise ValueError("'most' is the size of the largest ring, so not less than 'first'")
        return self


class Breaker(CharterModel):
    """Stops the runbook after cures that were none."""

    consecutive: int = Field(default=3, ge=1, description="Runs in a row that did not heal.")
    reopen_after: Duration = Field(
        default=read_duration("1h"), description="Then one run may try; healed closes the breaker."
    )


class Promotion(CharterModel):
    """Evidence under which people are asked to let the runbook act in its next mode, step by step.

    Shares are lower limits (Wilson, one-sided 95 %). Each step needs evidence of its own.
    """

    ceiling: Mode = Field(description="The highest mode; never beyond it.")
    matches: int = Field(default=20, ge=1, description="Least number of runs that it proposed.")
    runs: int = Field(
        default=20, ge=1, description="To approve and auto: least number of runs that acted."
    )
    healed_percent: float = Field(
        default=80, gt=0, lt=100, description="Of these at least so many healed, and stayed well."
    )
    approved_percent: float = Field(
        default=80, gt=0, lt=100, description="To auto: at least so many got a yes; silence is no."
    )
    age: Duration = Field(
        default=read_duration("14d"), description="Least time in the mode, by its events."
    )
    relapsed_percent: float = Field(
        default=20,
        gt=0,
        lt=100,
        description="It is demoted where, at 95 %, more of its cures did not last.",
    )

    @model_validator(mode="after")
    def takes_time(self) -> Self:
        """What happened within no time shows nothing that lasts."""
        if self.age <= timedelta():
            raise ValueError("'age' is longer than nothing; write a time such as 14d")
        return self


class Repeats(CharterModel):
    """How often a fix may be needed in how many days."""

    times: int = Field(ge=2, le=1000, description="With so many cures it is too often.")
    within: Duration = Field(description="In how many days: whole ones, 1d to 90d.")

    @model_validator(mode="after")
    def has_whole_days(self) -> Self:
        """Cures are counted by day."""
        if self.within % _DAY or not _DAY <= self.within <= 90 * _DAY:
            raise ValueError("write 'within' in whole days, from 1d to 90d")
        return self


class Debt(CharterModel):
    """A fix that is needed again and again does not mend the cause: its owner gets a problem."""

    per_target: Repeats | None = Field(default=None, description="Cures of one target.")
    per_cause: Repeats | None = Field(
        default=None, description="Cures of all targets: the runbook is for one cause."
    )

    @model_validator(mode="after")
    def counts_something(self) -> Self:
        """Without a number there is nothing to declare."""
        if self.per_target is None and self.per_cause is None:
            raise ValueError("write 'per_target', 'per_cause' or both")
        return self


class HoldBack(CharterModel):
    """Some matches wait before the act, so that it is known how many heal by themselves."""

    percent: float = Field(gt=0, le=50, description="Share of the matches that wait.")
    wait: Duration = Field(description="How long they wait; what heals meanwhile healed by itself.")
    least: int = Field(
        default=30, ge=10, description="With fewer of each kind nothing is said of the difference."
    )


class Approval(CharterModel):
    """Whose yes a run of mode approve needs. Silence is no, and so is one no."""

    team: Slug | None = Field(
        default=None, description="Members of this team may say yes; else of the owner team."
    )
    role: ApproverRole | None = Field(
        default=None, description="Instead of a team: whoever has this role may say yes."
    )
    needed: int = Field(default=1, ge=1, le=10, description="How many different people must.")
    within: Duration = Field(
        default=read_duration("1h"), description="After it people get the run: silence is no."
    )

    @model_validator(mode="after")
    def has_one_kind_of_approver(self) -> Self:
        """A team or a role, never both."""
        if self.team is not None and self.role is not None:
            raise ValueError("write 'team' or 'role', not both")
        return self


class Consent(CharterModel):
    """The person at the device is asked before it is touched: now, later, or no."""

    within: Duration = Field(
        default=read_duration("4h"), description="Silence is no consent: nothing is done then."
    )
    defer: Duration = Field(
        default=read_duration("8h"),
        description="How far they may put it off, counted from when they were asked.",
    )
    again_after: Duration = Field(
        default=read_duration("1d"), description="So long after a no they are not asked again."
    )
    otherwise: Literal["escalate", "skip"] = Field(
        default="escalate",
        description="What becomes of it without consent. escalate: people get it; skip: it ends.",
    )

    @model_validator(mode="after")
    def leaves_time(self) -> Self:
        """Somebody can answer, and defer."""
        if not self.within or not self.defer:
            raise ValueError("'within' and 'defer' leave no time; write for example 4h")
        return self
