"""The ways to the world that intake has besides HTTP and the bus."""
