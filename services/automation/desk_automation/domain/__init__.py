"""Pure rules of automation: same input, same output."""
