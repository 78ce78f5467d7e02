"""What a service is, as one table: what it reads and who gets it, what it keeps and answers.

Nothing connects here; `desk_platform.builder.assemble` puts the table to work, documents list it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from desk_contracts.topics import RETRY, retry_topic
from fastapi import APIRouter

from desk_platform.clock import Clock
from desk_platform.http.body import Uploads
from desk_platform.organisation import OrganisationSource
from desk_platform.settings import ServiceSettings
from desk_platform.settings.loader import S
from desk_platform.store import Schema

if TYPE_CHECKING:  # the builder obeys the table
    from desk_platform.builder import ServiceBuilder

O = TypeVar("O", bound=OrganisationSource)  # noqa: E741 as S: the source of the organisation


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one consumer group reads, retry topics included, and to whom each event goes.

    `to` names the units of work, or one receiver of whole batches. A `group` is a consumer group of
    its own, so that nothing else waits behind it. `pattern` (a regular expression) stands for
    topics whose names are known only while running. For `linger` what nobody
    waits for is gathered into one batch.
    """

    topics: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    group: str = ""
    pattern: str = ""
    linger: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: what a subscription reads first, or what of it waits to be tried again."""

    name: str
    topics: tuple[str, ...]
    pattern: str
    subscription: Subscription
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Web:
    """What a service answers over HTTP."""

    routers: Sequence[APIRouter]
    uploads: Uploads | None = None


@dataclass(frozen=True)
class Service(Generic[S, O]):
    """One service. `compose` makes its units of work, jobs and routes from the builder's parts.

    `organisation` makes the source of what it obeys; it may refuse to start.
    """

    name: str
    settings: type[S]
    collections: tuple[Schema[Any], ...]
    subscriptions: tuple[Subscription, ...]
    organisation: Callable[[ServiceSettings, Clock], O]
    compose: "Callable[[ServiceBuilder[O], S], Web]"

    def groups(self) -> Iterator[Group]:
        """Two for each subscription."""
        for subscription in self.subscriptions:
            name = f"{self.name}.{subscription.group}" if subscription.group else self.name
            waiting = tuple(retry_topic(topic, self.name) for topic in subscription.topics)
            later = (
                retry_topic(subscription.pattern, re.escape(self.name))
                if subscription.pattern
                else ""
            )
            yield Group(name, subscription.topics, subscription.pattern, subscription)
            yield Group(name + RETRY, waiting, later, subscription, is_retry=True)
