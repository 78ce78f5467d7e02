"""Asks automation over HTTP about one run, and stops it."""

import getpass

import httpx
from desk_cli.options import settings
from desk_contracts.errors import DependencyDown, NotFound, Rejected
from desk_contracts.ids import new_id
from desk_contracts.text import plain_line
from desk_platform.terminal import spoken_here
from pydantic import BaseModel, ValidationError

_TIMEOUT_S = 10.0


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


class RunsClient:
    """Signed in by DESKCLI_TOKEN; without it as the user of this machine, for the local desk."""

    def read(self, run: str) -> RunStory:
        """The run as the desk tells it."""
        return self._ask("GET", run, "", roles="operator")

    def stop(self, run: str) -> str:
        """Stop the run; the story so far."""
        return describe_story(self._ask("POST", run, "/stop", roles="member"))

    def _ask(self, method: str, run: str, route: str, *, roles: str) -> RunStory:
        chosen = settings()
        headers = {"Accept-Language": spoken_here().language, "Idempotency-Key": new_id()}
        if chosen.token is None:
            headers |= {"X-Desk-User": getpass.getuser(), "X-Desk-Roles": roles}
        else:
            headers["Authorization"] = f"Bearer {chosen.token.get_secret_value()}"
        url = f"{chosen.automation_url.rstrip('/')}/v1/runs/{run}{route}"
        try:
            with httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
                answer = client.request(method, url, json={} if method == "POST" else None)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DependencyDown(f"{url} does not answer ({error!r}). Is the desk up?") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound(f"There is no run '{run}', or you may not see it.")
        if answer.status_code != httpx.codes.OK:
            raise Rejected(f"{url} answered {answer.status_code}: {answer.text[:300]}")
        try:
            return RunStory.model_validate_json(answer.content)
        except ValidationError as error:
            raise Rejected(f"{url} did not answer as the desk does.") from error


def describe_story(run: RunStory) -> str:
    """The story in lines."""
    lines = [
        f"{run.title} ({run.runbook}) on {run.target}",
        f"run {run.id}, for the episode {run.episode}",
        f"{run.created_at}  matched",
        *(f"{line.at}  {line.text}" for line in run.journal),
        f"{run.ended_at or 'now':20}  {run.status}",
        f"chain: {run.transitions} transitions sealed" if run.transitions else "chain: none sealed",
    ]
    return "\n".join(map(plain_line, lines))
