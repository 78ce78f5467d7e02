"""Many targets at once: rings that double by verified cures, and one cause behind many faults."""
