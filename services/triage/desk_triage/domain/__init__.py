"""Pure rules of triage: same input, same output."""
