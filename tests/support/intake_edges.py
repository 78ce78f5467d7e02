"""Stories of what surrounds tickets in intake: what is decided at each of its bounds.

Run as a program it writes the expected files anew: read the difference before you keep it.
"""

from tests.support import intake_people, intake_shown, intake_ways_in
from tests.support.golden import Stories, write_stories
from tests.support.intake_decisions import EXPECTED

STORIES: Stories = {**intake_people.STORIES, **intake_shown.STORIES, **intake_ways_in.STORIES}

if __name__ == "__main__":
    write_stories(STORIES, EXPECTED)
