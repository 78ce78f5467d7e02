"""All stories of intake: what is decided about tickets and around them, at each bound.

Run as a program it writes the expected files anew: read the difference before you keep it.
"""

from tests.support import (
    intake_decisions,
    intake_people,
    intake_shown,
    intake_views,
    intake_ways_in,
)
from tests.support.golden import Stories, write_stories
from tests.support.intake_decisions import EXPECTED

STORIES: Stories = {
    **intake_decisions.STORIES,
    **intake_views.STORIES,
    **intake_people.STORIES,
    **intake_shown.STORIES,
    **intake_ways_in.STORIES,
}

if __name__ == "__main__":
    write_stories(STORIES, EXPECTED)
