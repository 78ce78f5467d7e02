"""Ways to bring a secret to its person."""
