"""Moments and days as every route takes them: far enough from both ends of the calendar that what
is reckoned from them exists.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
FIRST_DAY, LAST_DAY = FIRST.date(), LAST.date()

AsOf = Annotated[AwareDatetime | None, Query(ge=FIRST, le=LAST, description="Default: now.")]
FromDay = Annotated[
    date | None,
    Query(alias="from", ge=FIRST_DAY, le=LAST_DAY, description="First day, UTC."),
]
ToDay = Annotated[
    date | None,
    Query(alias="to", ge=FIRST_DAY, le=LAST_DAY, description="Last day, included."),
]
