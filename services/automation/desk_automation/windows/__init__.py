"""Times in which nothing is repaired: maintenance, freezes, planned changes."""
