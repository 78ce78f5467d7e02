"""Plays the scenes at their time, or as soon as what they wait for was seen."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from desk_demo.desk import Desk
from desk_demo.story import (
    Action,
    Measure,
    Request,
    ResolveProblem,
    Story,
    StoryStep,
    Ticket,
    Tickets,
    Until,
    Work,
)
from desk_demo.watching import Watched

# What does not come within this time will not come; the summary says what is missing.
TIMEOUT_SECONDS = 60.0


@dataclass
class Player:
    """The state of the play: who got which ticket, what was said last."""

    desk: Desk
    watched: Watched
    story: Story
    caption: str = ""
    tagged: dict[str, list[str]] = field(default_factory=dict)
    requesters: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """All scenes; measurements go on in the background."""
        started = monotonic()
        async with asyncio.TaskGroup() as group:
            for step in self.story.scenes:
                await asyncio.sleep(max(0.0, step.at - (monotonic() - started)))
                if step.until is not None:
                    await self._await(step, step.until)
                self.caption = step.say
                await self._do(step.do, group)

    async def _do(self, action: Action, group: asyncio.TaskGroup) -> None:  # noqa: C901 (one case each)
        match action:
            case Action(measure=Measure() as measure):
                group.create_task(self._measure(measure))
            case Action(ticket=Ticket() as ticket):
                self._tag(ticket.tag, await self.desk.ask(ticket))
            case Action(tickets=Tickets() as tickets):
                await self._many(tickets)
            case Action(request=Request() as request):
                self.requesters[request.tag] = request.requester
                await self.desk.request(request)
            case Action(work=Work() as work):
                for id in self.tagged.get(work.tag, []):
                    await self.desk.work(id, work)
            case Action(resolve_problem=ResolveProblem() as over):
                for problem in self.watched.open_problems():
                    await self.desk.resolve_problem(problem, over)

    def _tag(self, tag: str, ticket: str) -> None:
        self.tagged.setdefault(tag, []).append(ticket)

    async def _measure(self, measure: Measure) -> None:
        for _ in range(measure.seconds):
            await self.desk.measure(measure)
            await asyncio.sleep(1)

    async def _many(self, tickets: Tickets) -> None:
        for number in range(tickets.count):
            title = tickets.titles[number % len(tickets.titles)]
            requester = tickets.requester.format(number=f"{number:02}")
            self._tag(tickets.tag, await self.desk.ask_shortly(requester, title))
            await asyncio.sleep(0.2)

    async def _await(self, step: StoryStep, until: Until) -> None:
        if not await self.eventually(lambda: self._was_seen(until)):
            self.missing.append(f"{until.event} was not seen before: {step.say}")

    async def eventually(self, is_true: Callable[[], bool]) -> bool:
        """Wait for something to be seen, with patience but not for ever."""
        deadline = monotonic() + TIMEOUT_SECONDS
        while not is_true():
            if monotonic() > deadline:
                return False
            await asyncio.sleep(0.1)
        return True

    def _was_seen(self, until: Until) -> bool:
        if not until.tag:
            return any(kind == until.event for kind, _ in self.watched.kinds)
        tickets = self.tagged.get(until.tag, [])
        return all((until.event, ticket) in self.watched.kinds for ticket in tickets)
