"""A day's story, played on a running desk through its public interfaces only."""
