"""Contributions: all that a ticket, a repair or a warning adds to the measures.

A contribution belongs to one moment (`at`) and is known since another (`known_at`): what a later
fact takes back is one of its own with a negative weight. So the figures of any day, as they were
known at any moment, are sums. Whole numbers only: sums do not depend on their order.
"""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from desk_metrics.sla.worktime import instant

_DAY = 24 * 3600 * 1_000_000


@lru_cache(maxsize=8192)
def _day(number: int) -> str:
    return instant(number * _DAY).date().isoformat()


class Contribution(NamedTuple):
    """`weight` counts; `amount` (microseconds) is what a duration measured, else 0."""

    measure: str
    at: int
    known_at: int
    weight: int = 1
    amount: int = 0

    @property
    def day(self) -> str:
        """The UTC day that it belongs to."""
        return _day(self.at // _DAY)


class Slice(NamedTuple):
    """What figures can be broken down by, as it is known today; empty is unknown."""

    kind: str = ""
    service: str = ""
    team: str = ""
    site: str = ""
    person: str = ""
    device: str = ""


# So many documents share a day: few enough to read, enough that none grows large.
PARTS = 16


def part_of(source: str) -> str:
    """Which part of each day holds what this source posts to it."""
    return f"{hashlib.blake2b(source.encode(), digest_size=2).digest()[0] % PARTS:02d}"


def day_of(bucket: str) -> str:
    """The day that a bucket is a part of."""
    return bucket.partition(".")[0]


class ContributionSet(NamedTuple):
    """What one source posts to one bucket; an empty one takes back what was there."""

    bucket: str
    slice: Slice
    contributions: tuple[Contribution, ...]
    # Changes whenever what it says does.
    print: str


def make_contribution_set(
    bucket: str, by: Slice, contributions: tuple[Contribution, ...]
) -> ContributionSet:
    """The sheet with its print."""
    # An enum's member reads back as its plain value, and must print as that from the first.
    content = repr(
        (tuple(map(str, by)), [tuple(contribution) for contribution in contributions])
    ).encode()
    return ContributionSet(
        bucket, by, contributions, hashlib.blake2b(content, digest_size=8).hexdigest()
    )


Published = tuple[tuple[str, str], ...]


def find_changed_sets(
    source: str, by: Slice, contributions: Iterable[Contribution], published: Published
) -> Iterator[ContributionSet]:
    """The sheets that differ from what was posted before, those that are empty now included."""
    by_bucket: dict[str, list[Contribution]] = {bucket: [] for bucket, _ in published}
    part = part_of(source)
    for contribution in contributions:
        by_bucket.setdefault(f"{_day(contribution.at // _DAY)}.{part}", []).append(contribution)
    prints = dict(published)
    for bucket, changed in sorted(by_bucket.items()):
        contribution_set = make_contribution_set(
            bucket, by if changed else Slice(), tuple(sorted(changed))
        )
        if prints.get(bucket) != contribution_set.print:
            yield contribution_set


def keep_prints(published: Published, contribution_sets: Iterable[ContributionSet]) -> Published:
    """What is posted once these are."""
    return tuple(
        sorted(
            {**dict(published), **{item.bucket: item.print for item in contribution_sets}}.items()
        )
    )


class Where(NamedTuple):
    """Which tickets; an empty tuple means all."""

    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    def matches(self, by: Slice) -> bool:
        return all(
            not wanted or has in wanted
            for wanted, has in zip(self, (by.kind, by.service, by.team, by.site), strict=True)
        )
