"""Asks automation over HTTP: one run, how a runbook stands; starts, stops and takes over runs."""

import getpass
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import httpx
from desk_cli.options import settings
from desk_contracts.errors import DependencyDown, NotFound, Rejected
from desk_contracts.ids import new_id
from desk_contracts.text import plain_line
from desk_platform.terminal import spoken_here
from pydantic import BaseModel, ValidationError

_TIMEOUT_S = 10.0
Answer = TypeVar("Answer", bound=BaseModel)


class JournalLine(BaseModel):
    """One line of a run's journal."""

    at: str
    step: str
    text: str


class RunStory(BaseModel):
    """A run as the desk tells it, as far as it is shown."""

    id: str
    runbook: str
    title: str
    target: str
    episode: str
    status: str
    created_at: str
    ended_at: str | None = None
    journal: tuple[JournalLine, ...] = ()
    transitions: int = 0


class RolloutUse(BaseModel):
    """How far a runbook's rings are, and whether it is stopped, by the desk that runs."""

    ring: int
    waiting: int
    stopped_since: str | None
    status: str


class NaturalRecovery(BaseModel):
    """What a runbook heals beyond what heals by itself, as a sentence."""

    text: str


class Debt(BaseModel):
    """How often a runbook was needed of late."""

    days: int
    cures: int
    problems: int


class Requirement(BaseModel):
    """What the next mode asks for, as it stands."""

    is_met: bool
    text: str


class PromotionUse(BaseModel):
    """In which mode a runbook acts, and what evidence says of the next."""

    mode: str
    next: str | None
    is_ready: bool
    fault: str
    requirements: tuple[Requirement, ...]

    def describe(self) -> str:
        """One line: the mode, and how far it is from the next."""
        if self.next is None:
            return f"mode {self.mode}, the highest that it may have"
        ready = "ready for" if self.is_ready else "not ready for"
        texts = "; ".join(f"{'yes' if r.is_met else 'no'}: {r.text}" for r in self.requirements)
        fault = f" Counted anew since: {self.fault}" if self.fault else ""
        return f"mode {self.mode}, {ready} {self.next} ({texts}){fault}"


class RunbookUse(BaseModel):
    """How much of a runbook's limits is used, by the desk that runs."""

    id: str
    version: str
    mode: str
    per_hour: int
    started_within_hour: int
    breaker: str
    withheld: int = 0
    failures_in_a_row: int
    rollout: RolloutUse | None = None
    natural_recovery: NaturalRecovery | None = None
    debt: Debt | None = None
    promotion: PromotionUse | None = None


class _Runbooks(BaseModel):
    items: tuple[RunbookUse, ...]


class RunsClient:
    """Signed in by DESKCLI_TOKEN; without it as the user of this machine, for the local desk."""

    def read(self, run: str) -> RunStory:
        """The run as the desk tells it."""
        return self._ask_run("GET", run, "", roles="operator")

    def stop(self, run: str, comment: str = "") -> str:
        """Stop the run; the story so far."""
        body = {"comment": comment}
        return describe_story(self._ask_run("POST", run, "/stop", body, roles="member"))

    def take(self, run: str, comment: str = "") -> str:
        """Take the run over, to go on by hand; the story so far."""
        body = {"comment": comment}
        return describe_story(self._ask_run("POST", run, "/take", body, roles="member"))

    def start(self, runbook: str, target: str, reason: str, attributes: Mapping[str, str]) -> str:
        """Ask for a run; its story so far."""
        body = {"target": target, "reason": reason, "attributes": dict(attributes)}
        path = f"/v1/runbooks/{quote(runbook, safe='')}/runs"
        return describe_story(self._ask("POST", path, RunStory, body, roles="operator"))

    def resume(self, runbook: str, reason: str) -> str:
        """Let a stopped runbook go on, with its first ring; how it stands then."""
        path = f"/v1/runbooks/{quote(runbook, safe='')}/resume"
        body = {"reason": reason}
        return plain_line(self._ask("POST", path, RolloutUse, body, roles="operator").status)

    def promote(self, runbook: str, mode: str, reason: str) -> str:
        """Let a runbook act in its next mode; how it stands then."""
        path = f"/v1/runbooks/{quote(runbook, safe='')}/promote"
        body = {"mode": mode, "reason": reason}
        return plain_line(self._ask("POST", path, PromotionUse, body, roles="operator").describe())

    def demote(self, runbook: str, reason: str) -> str:
        """Take its promotion back; how it stands then."""
        path = f"/v1/runbooks/{quote(runbook, safe='')}/demote"
        body = {"reason": reason}
        return plain_line(self._ask("POST", path, PromotionUse, body, roles="operator").describe())

    def list_uses(self) -> tuple[RunbookUse, ...]:
        """All runbooks of that desk."""
        return self._ask("GET", "/v1/runbooks", _Runbooks, roles="operator").items

    def find_use(self, runbook: str) -> RunbookUse | None:
        """How a runbook stands there; None if that desk has no such runbook."""
        return next((item for item in self.list_uses() if item.id == runbook), None)

    def _ask_run(
        self,
        method: str,
        run: str,
        route: str,
        body: Mapping[str, object] | None = None,
        *,
        roles: str,
    ) -> RunStory:
        missing = (
            f"There is no run '{run}', or you may not see it, or its record was removed some time"
            " after its end; 'desk runbook show RUN --verify' says what the log has of it."
        )
        path = f"/v1/runs/{quote(run, safe='')}{route}"
        return self._ask(method, path, RunStory, body, roles=roles, missing=missing)

    def _ask(
        self,
        method: str,
        path: str,
        shape: type[Answer],
        body: Mapping[str, object] | None = None,
        *,
        roles: str,
        missing: str = "",
    ) -> Answer:
        chosen = settings()
        headers = {"Accept-Language": spoken_here().language, "Idempotency-Key": new_id()}
        if chosen.token is None:
            headers |= {"X-Desk-User": getpass.getuser(), "X-Desk-Roles": roles}
        else:
            headers["Authorization"] = f"Bearer {chosen.token.get_secret_value()}"
        url = f"{chosen.automation_url.rstrip('/')}{path}"
        try:
            with httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
                answer = client.request(method, url, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DependencyDown(f"{url} does not answer ({error!r}). Is the desk up?") from error
        if answer.status_code == httpx.codes.NOT_FOUND and missing:
            raise NotFound(missing)
        if not answer.is_success:
            raise Rejected(plain_line(f"{url} answered {_describe_refusal(answer)}"))
        try:
            return shape.model_validate_json(answer.content)
        except ValidationError as error:
            raise Rejected(f"{url} did not answer as the desk does.") from error


def _describe_refusal(answer: httpx.Response) -> str:
    """The desk's own sentence where there is one."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return f"{answer.status_code}: {str(detail or answer.text)[:500]}"


def describe_story(run: RunStory, use: RunbookUse | None = None) -> str:
    """The story in lines, and how far the runbook's rings are if it has some."""
    lines = [
        f"{run.title} ({run.runbook}) on {run.target}",
        f"run {run.id}, for the episode {run.episode}",
        f"{run.created_at}  matched",
        *(f"{line.at}  {line.text}" for line in run.journal),
        f"{run.ended_at or 'now':20}  {run.status}",
        f"chain: {run.transitions} transitions sealed" if run.transitions else "chain: none sealed",
    ]
    if use is not None and use.rollout is not None:
        lines.append(f"rings of {use.id} now: {use.rollout.status}")
    if use is not None and use.promotion is not None:
        lines.append(f"{use.id} now: {use.promotion.describe()}")
    return "\n".join(map(plain_line, lines))
