"""How notify reaches the world."""
