"""What keeps repairs from doing harm: locks, limits, breakers."""
