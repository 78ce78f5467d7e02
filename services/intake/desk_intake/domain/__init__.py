"""Pure rules of intake: same input, same output."""
