"""What triage learns offline from finished tickets, and predicts with it."""
