"""Pure rules of metrics: same input, same output."""
